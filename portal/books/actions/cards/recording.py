"""What a gateway says of a charge, written into the books: in any order, however often, once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.billing.cards.trying import next_try
from portal.billing.money import format_minor
from portal.billing.period import local_date
from portal.books.actions.money import payments
from portal.books.forms.payments import Allocation, NewPayment
from portal.books.queries.money import customers
from portal.db import Transaction, atomic
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_sums
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.values.cards import Charged, Outcome

LOOK_AGAIN: Final = timedelta(minutes=15)
NO_TRACE: Final = "no_trace"
"""The code of a charge of which the gateway knows nothing: it was never made."""
_CHARGE: Final = """
select c.id, c.cloud, c.invoice, c.attempt, c.currency, c.amount, c.gateway, c.by_hand, c.state,
       c.intent, c.payment, i.number, s.number as subscriber
from card_charge c join invoice i on i.cloud = c.cloud and i.id = c.invoice
join subscriber s on s.cloud = c.cloud and s.id = c.subscriber
where c.cloud = $1 and c.id = $2 for update of c
"""


async def record(
    cloud: CloudFacts, charge: int, found: Charged, *, now: datetime, wall: datetime
) -> None:
    """Store what a charge is now at the gateway: a payment with its fee, or a failure.

    Under the lock on what the cloud's customers owe; what was recorded before changes nothing.
    """
    async with atomic(SYSTEM) as tx:
        await lock_sums(tx, cloud.id)
        row = await tx.fetchrow(_CHARGE, cloud.id, charge)
        assert row is not None, "a charge is never deleted"
        today = local_date(now, cloud.timezone)
        if found.outcome is Outcome.SUCCEEDED:
            await _succeeded(tx, cloud, row, found, today=today, now=now, wall=wall)
        elif row["state"] == "succeeded":
            return  # an answer from before
        elif found.outcome is Outcome.PENDING:
            await _pending(tx, row, found, wall)
        elif row["state"] != "failed":
            await _failed(tx, cloud, row, found, today)


async def _pending(tx: Transaction, row: Record, found: Charged, wall: datetime) -> None:
    if row["state"] == "failed":
        return
    columns = {
        "state": "pending",
        "intent": found.intent,
        "url": found.url,
        "look_at": wall + LOOK_AGAIN,
    }
    await update(tx, tables.CardCharge, row["id"], columns)


async def _failed(
    tx: Transaction, cloud: CloudFacts, row: Record, found: Charged, today: date
) -> None:
    retry = today if found.code == NO_TRACE else next_try(row["attempt"], found.code, today)
    columns: dict[str, Any] = {
        "state": "failed",
        "code": found.code or "declined",
        "message": found.message,
        "url": "",
        "look_at": None,
        "ended_on": today,
        "retry_on": retry,
    }
    if found.intent and row["intent"] is None:
        columns["intent"] = found.intent
    await update(tx, tables.CardCharge, row["id"], columns)
    told = {"code": columns["code"], "attempt": row["attempt"], "retry_on": retry}
    about = f"document {row['number']}"
    await audit.record(tx, SYSTEM, "document.charge-failed", about, cloud=cloud.id, after=told)


async def _succeeded(
    tx: Transaction,
    cloud: CloudFacts,
    row: Record,
    found: Charged,
    *,
    today: date,
    now: datetime,
    wall: datetime,
) -> None:
    payment = row["payment"]
    if row["state"] != "succeeded":
        payment = await pay(tx, cloud, row, found.intent, found.amount, today=today, now=now)
    columns: dict[str, Any] = {"look_at": None if found.fee is not None else wall + LOOK_AGAIN}
    if row["state"] != "succeeded":
        columns |= {
            "state": "succeeded",
            "intent": found.intent,
            "payment": payment,
            "code": "",
            "message": "",
            "url": "",
            "ended_on": today,
            "retry_on": None,
        }
    await update(tx, tables.CardCharge, row["id"], columns)
    if found.fee is not None:
        fee = {
            "issuer": cloud.id,
            "cloud": cloud.id,
            "subscriber": await tx.fetchval(
                "select subscriber from payment where cloud = $1 and id = $2", cloud.id, payment
            ),
            "payment": payment,
            "amount": found.fee,
            "day": today,
        }
        await insert(tx, tables.PaymentFee, fee, unless_there=True)


async def pay(
    tx: Transaction,
    cloud: CloudFacts,
    row: Record,
    reference: str,
    amount: int,
    *,
    today: date,
    now: datetime,
) -> int:
    """A payment by the card of a charge's row, on its invoice as far as something is left of it.

    Somebody may have paid that by bank while the card was charged: the rest is then credit of the
    subscriber's. Its row id; the lock on what is owed is the caller's.
    """
    documents = await customers.by_id(tx, cloud.id, [row["invoice"]])
    balance = documents[row["invoice"]].claim.balance
    on_it = min(amount, balance.left + balance.written_off)
    currency = row["currency"]
    put = (Allocation(invoice=row["number"], amount=format_minor(on_it, currency)),)
    new = NewPayment(
        amount=format_minor(amount, currency),
        paid_on=today,
        reference=reference,
        method="card",
        subscriber=row["subscriber"],
        allocations=put if on_it else None,
    )
    made, _before = await payments.receive(
        SYSTEM, cloud, new, now=now, spread=False, gateway=row["gateway"]
    )
    return made.id
