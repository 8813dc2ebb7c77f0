"""Refunds at a gateway, by workers: asked for once, and those that were made there noted here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.billing.money import format_minor
from portal.billing.period import local_date
from portal.books.actions.cards.recording import LOOK_AGAIN
from portal.books.actions.cards.working import CLAIMED_FOR, KEY_LASTS, trouble
from portal.books.actions.money import payments, refunds
from portal.books.forms.payments import NewRefund, UnallocateForm
from portal.books.queries.cards import accounts
from portal.books.queries.money import payments as stored
from portal.db import Transaction, atomic
from portal.kit.actions.locks import lock_sums
from portal.kit.actions.rows import update
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import CardGateway, Cards
from portal.values.cards import GatewayFailed, NoAnswer, Outcome, Refunded
from portal.words import _

log = structlog.get_logger()
WATCHED_FOR: Final = timedelta(days=30)
"""A refund that was made may fail for so long: it is looked at once a day."""
_CLAIM: Final = """
update card_refund g set look_at = $2, looks = g.looks + 1, asked_at = coalesce(g.asked_at, $1)
from refund f, card_charge c, cloud l
where g.id = $3 and g.look_at <= $1
  and f.cloud = g.cloud and f.id = g.refund and c.cloud = g.cloud and c.id = g.card_charge
  and l.id = g.cloud
returning g.id, g.cloud, g.refund, g.gateway_refund, g.asked_at, g.looks, f.amount, f.currency,
  f.state, c.intent, c.gateway, l.slug, f.reference
"""


async def work_on_refund(refund: int, *, cards: Cards, now: datetime, wall: datetime) -> bool:
    """Go on with a refund at a gateway that is due. Twice is once."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_CLAIM, wall, wall + CLAIMED_FOR, refund)
    if row is None:
        return False
    cloud = await tenancy.get_by_id(SYSTEM, row["cloud"])
    try:
        found = await _asked(row, cards, wall)
    except NoAnswer as error:
        log.warning("A refund has no answer yet", refund=row["refund"], why=error.message)
        again = timedelta(minutes=1) if row["looks"] < 3 else LOOK_AGAIN
        async with atomic(SYSTEM) as tx:
            await update(tx, tables.CardRefund, row["id"], {"look_at": wall + again})
        await trouble(row["cloud"], row["gateway"], str(error))
        return True
    except GatewayFailed as error:
        log.warning("A refund was refused", refund=row["refund"], why=error.message)
        found = _failed(row)
    await record(cloud, row["id"], found, now=now, wall=wall)
    return True


async def _asked(row: Record, cards: Cards, wall: datetime) -> Refunded:
    secrets = await accounts.secrets(row["cloud"], row["gateway"], cards.vault)
    if secrets is None:
        raise NoAnswer(_("No card gateway is set up."))
    wanted = {
        "installation": cards.installation,
        "cloud": row["slug"],
        "refund": str(row["id"]),
    }
    async with cards.open[row["gateway"]](secrets) as gateway:
        if row["gateway_refund"] is not None:
            return await gateway.read_refund(row["gateway_refund"])
        if wall - row["asked_at"] < KEY_LASTS:
            key = f"clk-{cards.installation}-refund-{row['id']}"
            return await gateway.refund(key, row["intent"], row["amount"], row["currency"], wanted)
        return await _looked_for(row, wanted, gateway)


async def _looked_for(row: Record, wanted: dict[str, str], gateway: CardGateway) -> Refunded:
    for one in await gateway.refunds(row["intent"]):
        if wanted.items() <= one.metadata.items():
            return one
    return _failed(row)


def _failed(row: Record) -> Refunded:
    """One that was refused, or of which the gateway knows nothing: no money has gone."""
    known = row["gateway_refund"] or ""
    return Refunded(refund=known, outcome=Outcome.FAILED, amount=row["amount"])


async def record(
    cloud: CloudFacts, card_refund: int, found: Refunded, *, now: datetime, wall: datetime
) -> None:
    """Store how far a refund is: one that failed leaves its money in the credit balance."""
    async with atomic(SYSTEM) as tx:
        await lock_sums(tx, cloud.id)
        row = await tx.fetchrow(
            "select g.refund, g.gateway_refund, g.asked_at, f.state, f.reference from card_refund g"
            " join refund f on f.cloud = g.cloud and f.id = g.refund"
            " where g.cloud = $1 and g.id = $2 for update of g, f",
            cloud.id,
            card_refund,
        )
        assert row is not None, "a refund is never deleted"
        columns: dict[str, Any] = {"look_at": _next(row, found, wall)}
        if row["gateway_refund"] is None and found.refund:
            columns["gateway_refund"] = found.refund
        await update(tx, tables.CardRefund, card_refund, columns)
        if found.outcome is Outcome.PENDING or row["state"] in {"failed", str(found.outcome)}:
            return
        after: dict[str, Any] = {"state": str(found.outcome)}
        if row["state"] == "succeeded":
            after["failed_on"] = local_date(now, cloud.timezone)
        await update(tx, tables.Refund, row["refund"], after)
        if found.outcome is Outcome.SUCCEEDED:
            refunds.note_made(tx, cloud.id, row["reference"])


def _next(row: Record, found: Refunded, wall: datetime) -> datetime | None:
    """When it is looked at again: soon while it is pending, then daily while it may fail."""
    if found.outcome is Outcome.FAILED:
        return None
    if found.outcome is Outcome.PENDING:
        return wall + LOOK_AGAIN
    since = row["asked_at"] or wall
    return wall + timedelta(days=1) if wall - since < WATCHED_FOR else None


async def note(
    cloud: CloudFacts, found: Refunded, *, cards: Cards, now: datetime, wall: datetime
) -> None:
    """Apply a refund that a gateway tells of: ours, or one that was made there by hand.

    One of a charge that is not ours is ignored. What was given back by hand comes off the invoice
    first: it is to be paid again, until somebody credits it.
    """
    async with atomic(SYSTEM) as tx:
        own = await _own(tx, cloud, found, cards)
        charge = await tx.fetchrow(
            "select c.payment, i.number, c.currency, s.number as subscriber from card_charge c"
            " join invoice i on i.cloud = c.cloud and i.id = c.invoice"
            " join subscriber s on s.cloud = c.cloud and s.id = c.subscriber"
            " where c.cloud = $1 and c.intent = $2 and c.payment is not null",
            cloud.id,
            found.intent,
        )
    if own is not None:
        await record(cloud, own, found, now=now, wall=wall)
    elif charge is not None and found.outcome is Outcome.SUCCEEDED:
        await _by_hand(cloud, charge, found, now)


async def _own(tx: Transaction, cloud: CloudFacts, found: Refunded, cards: Cards) -> int | None:
    """The row of a refund that is known: by the gateway's name, or by what we said with it."""
    said = found.metadata
    ours = said.get("installation") == cards.installation and said.get("cloud") == cloud.slug
    number = said.get("refund", "") if ours else ""
    own: int | None = await tx.fetchval(
        "select id from card_refund where cloud = $1 and (gateway_refund = $2 or id::text = $3)",
        cloud.id,
        found.refund,
        number,
    )
    return own


async def _by_hand(cloud: CloudFacts, charge: Record, found: Refunded, now: datetime) -> None:
    async with atomic(SYSTEM) as tx:
        await lock_sums(tx, cloud.id)
        payment = await stored.find(tx, cloud.id, charge["payment"])
        if payment.state == "returned":
            return
        for put in payment.allocations:
            short = found.amount - (await stored.find(tx, cloud.id, payment.id)).unallocated
            if short <= 0:
                break
            off = format_minor(min(short, put.amount), charge["currency"])
            form = UnallocateForm(invoice=put.invoice, amount=off, reason=found.refund)
            await payments.unallocate(SYSTEM, cloud, payment.id, form, now=now)
        new = NewRefund(
            subscriber=charge["subscriber"],
            amount=format_minor(found.amount, charge["currency"]),
            refunded_on=local_date(now, cloud.timezone),
            reference=found.refund,
            method="card",
            payment=payment.id,
        )
        await refunds.refund(SYSTEM, cloud, new, now=now, made_as=found.refund)
