"""Charges that their holders' banks took back, and payouts: as a gateway tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.billing.money import format_minor
from portal.billing.period import local_date
from portal.books.actions.cards.recording import pay
from portal.books.actions.money import claims, payments
from portal.books.forms.payments import DisputeForm, NewPayment, ReturnForm, SettleForm
from portal.books.queries.money import payments as stored
from portal.db import Transaction, atomic
from portal.kit.actions.locks import lock_sums
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.values.cards import Disputed, PaidOut

_CHARGE: Final = """
select c.id, c.cloud, c.subscriber as customer, c.payment, c.invoice, c.currency, c.gateway,
       i.number, s.number as subscriber
from card_charge c join invoice i on i.cloud = c.cloud and i.id = c.invoice
join subscriber s on s.cloud = c.cloud and s.id = c.subscriber
where c.cloud = $1 and c.intent = $2 and c.payment is not null
"""


async def note(cloud: CloudFacts, found: Disputed, *, now: datetime) -> None:
    """Apply a dispute as it is now: the payment is returned, and paid anew once it is won.

    Until it is won the invoice is disputed: no card is charged for it and nobody is reminded. One
    of a charge that is not ours is ignored.
    """
    async with atomic(SYSTEM) as tx:
        await lock_sums(tx, cloud.id)
        charge = await tx.fetchrow(_CHARGE, cloud.id, found.intent)
        if charge is None:
            return
        row = {
            "cloud": cloud.id,
            "subscriber": charge["customer"],
            "card_charge": charge["id"],
            "dispute": found.dispute,
            "amount": found.amount,
        }
        if await insert(tx, tables.CardDispute, row, unless_there=True) is not None:
            await _returned(tx, cloud, charge, found, now)
        known = await tx.fetchrow(
            "select id, state from card_dispute where cloud = $1 and dispute = $2",
            cloud.id,
            found.dispute,
        )
        assert known is not None, "it is there now"
        if known["state"] != "open" or found.state == "open":
            return
        await update(tx, tables.CardDispute, known["id"], {"state": found.state})
        if found.state == "won":
            await _won(tx, cloud, charge, found, now)


async def _returned(
    tx: Transaction, cloud: CloudFacts, charge: Record, found: Disputed, now: datetime
) -> None:
    payment = await stored.find(tx, cloud.id, charge["payment"])
    today, currency = local_date(now, cloud.timezone), charge["currency"]
    form = ReturnForm(
        returned_on=max(today, payment.paid_on),
        reason=found.reason,
        fee=format_minor(found.fee, currency),
    )
    await payments.take_back(SYSTEM, cloud, payment.id, form, now=now)
    kept = payment.amount - found.amount
    if kept > 0:  # a part of it had been given back, or only a part is disputed
        rest = NewPayment(
            amount=format_minor(kept, currency),
            paid_on=today,
            reference=f"{found.dispute} rest",
            method="card",
            subscriber=charge["subscriber"],
        )
        await payments.receive(SYSTEM, cloud, rest, now=now, gateway=charge["gateway"])
    why = DisputeForm(reason=found.reason or found.dispute)
    await claims.dispute(SYSTEM, cloud, charge["number"], why, now=now)


async def _won(
    tx: Transaction, cloud: CloudFacts, charge: Record, found: Disputed, now: datetime
) -> None:
    today = local_date(now, cloud.timezone)
    await pay(tx, cloud, charge, f"{found.dispute} won", found.amount, today=today, now=now)
    reason = SettleForm(reason=found.dispute)
    await claims.settle(SYSTEM, cloud, charge["number"], reason, now=now)


async def note_payout(cloud: CloudFacts, gateway: str, found: PaidOut) -> None:
    """Money has come from a gateway to the cloud's bank: it is at the gateway no more, once."""
    if not found.is_paid or found.currency != cloud.currency or not found.amount:
        return
    async with atomic(SYSTEM) as tx:
        row = {
            "cloud": cloud.id,
            "gateway": gateway,
            "payout": found.payout,
            "currency": found.currency,
            "amount": found.amount,
            "paid_on": local_date(found.at, cloud.timezone),
        }
        await insert(tx, tables.CardPayout, row, unless_there=True)
