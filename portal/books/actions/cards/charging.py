"""Asking for a charge: a row that says what is to be charged. Workers ask the gateway."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from portal import jobs, tables
from portal.access import SYSTEM, Actor, Permission
from portal.billing.cards.trying import to_charge
from portal.billing.cards.units import to_units
from portal.billing.period import Period, local_date
from portal.books.actions.cards.saving import permission_of
from portal.books.actions.money.claims import Claimed, claimed, document_of
from portal.books.queries.cards import accounts, around, charges, methods, worklist
from portal.books.queries.cards.charges import Charge
from portal.books.queries.cards.methods import Method
from portal.books.queries.money.customers import PLATFORM
from portal.db import Transaction, atomic
from portal.errors import Conflict, PortalError
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_sums
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert, update
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.words import _

log = structlog.get_logger()
_LAST: Final = "select coalesce(max(attempt), 0) from card_charge where cloud = $1 and invoice = $2"


async def ask(
    actor: Actor,
    cloud: CloudFacts,
    number: str,
    *,
    by_hand: bool = False,
    wall: datetime,
    queue: Queue,
) -> tuple[Charge, bool]:
    """Ask that what is left of an invoice is charged; and whether it was asked for before.

    `by_hand`: its holder is there, and can be sent to their bank. One charge of an invoice at most
    is not finished: while there is one, it is answered. Raises `NotFound`, and `Conflict` where
    nothing can be charged.
    """
    async with atomic(actor) as tx:
        one = await claimed(tx, actor, cloud, number, permission_of(actor))
        if one.customer.issuer == PLATFORM or one.customer.subscriber is None:
            raise Conflict(_("Only subscribers' invoices are charged to cards."))
        account = await accounts.needed(tx, cloud.id)
        await lock_sums(tx, cloud.id)
        running = await charges.unfinished(tx, cloud.id, one.id)
        if running is not None:
            return running, True
        amount = await _amount(tx, one)
        method = await _card(tx, cloud, one.customer.subscriber)
        row = {
            "cloud": cloud.id,
            "subscriber": one.customer.subscriber,
            "invoice": one.id,
            "attempt": 1 + await tx.fetchval(_LAST, cloud.id, one.id),
            "currency": one.customer.currency,
            "amount": amount,
            "gateway": account.gateway,
            "payment_method": method.id,
            "by_hand": by_hand,
            "created_at": wall,
            "look_at": wall,
        }
        made = await insert(tx, tables.CardCharge, row)
        told = {"amount": amount, "attempt": row["attempt"], "card": method.last4}
        await audit.record(
            tx, actor, "document.charge", f"document {number}", cloud=cloud.id, after=told
        )
        enqueue_after_commit(queue, jobs.CHARGE_CARD, made)
        return await charges.find(tx, cloud.id, made), False


async def _amount(tx: Transaction, one: Claimed) -> int:
    """What may be charged of an invoice. Raises `Conflict` where that is nothing."""
    document = await document_of(tx, one)
    balance = document.claim.balance
    disputed = await tx.fetchval(
        "select exists (select from dispute where cloud = $1 and invoice = $2"
        " and closed_at is null)",
        one.customer.cloud,
        one.id,
    )
    if disputed:
        raise Conflict(_("The invoice is disputed."))
    if balance.left == 0:
        raise Conflict(_("Nothing is left to pay of the invoice."))
    before = await charges.charged(tx, one.customer.cloud, one.id)
    amount = to_charge(balance.left, balance.total, before)
    if amount == 0:
        raise Conflict(_("The invoice was charged before: its money is in the credit balance."))
    to_units(amount, one.customer.currency)
    return amount


async def _card(tx: Transaction, cloud: CloudFacts, subscriber: int) -> Method:
    found = await methods.of_subscriber(tx, cloud.id, subscriber)
    if not found or not found[0].preferred:
        raise Conflict(_("The subscriber has not saved a card."))
    return found[0]


async def ask_due(*, now: datetime, wall: datetime, queue: Queue) -> int:
    """Ask for the charges that are due by themselves, in all clouds; how many. For the sweep."""
    asked = 0
    for account in await worklist.charging(now):
        cloud = await tenancy.get_by_id(SYSTEM, account.cloud)
        today = local_date(now, cloud.timezone)
        for number in await worklist.to_charge(cloud.id, today, account.charge_on):
            asked += await _ask_one(SYSTEM, cloud, number, wall=wall, queue=queue)
        async with atomic(SYSTEM) as tx:
            await update(tx, tables.CardAccount, account.id, {"looked_at": now})
    return asked


async def ask_month(
    actor: Actor, cloud: CloudFacts, period: Period, *, wall: datetime, queue: Queue
) -> int:
    """Ask for the charges of a month's invoices, at most `around.AT_ONCE`; how many were asked.

    Each is asked for by itself: what cannot be charged is left as it is. Again is the rest.
    """
    require(actor, Permission.PAYMENTS_WRITE)
    found = await around.of_month(actor, cloud, period)
    asked = 0
    for number in found.numbers:
        asked += await _ask_one(actor, cloud, number, wall=wall, queue=queue)
    return asked


async def _ask_one(
    actor: Actor, cloud: CloudFacts, number: str, *, wall: datetime, queue: Queue
) -> bool:
    """One of them; what cannot be charged any more, or not in this currency, is left alone."""
    try:
        await ask(actor, cloud, number, wall=wall, queue=queue)
    except PortalError as error:
        log.info("An invoice is not charged", cloud=cloud.slug, invoice=number, why=error.message)
        return False
    return True
