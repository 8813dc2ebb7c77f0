"""What gateways tell by themselves: kept if it is theirs, and then read anew at the gateway.

So it does not matter in which order events come, how often, or that one never does: a sweep asks
for what was not told.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from asyncpg import Record

from portal import jobs, tables
from portal.access import DOORKEEPER, SYSTEM
from portal.books.actions.cards import disputing, recording, refunding, saving
from portal.books.actions.cards.recording import LOOK_AGAIN
from portal.books.actions.cards.working import CLAIMED_FOR, trouble
from portal.books.queries.cards import accounts
from portal.books.queries.cards.worklist import READ_EVERY
from portal.db import atomic
from portal.errors import Invalid, NotFound, PortalError
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert, update
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import CardGateway, Cards, Queue
from portal.values.cards import GatewayRefused, Refunded
from portal.words import _

log = structlog.get_logger()
NUMBER_MAX: Final = 19
KEPT: Final = timedelta(days=90)
LOOKS_MAX: Final = 100
"""A day of quarters of an hour: then the sweep of the account has found all of it by itself."""
_CLOUD: Final = "select id from cloud where slug = $1"
_CLAIM: Final = """
update gateway_event set look_at = $2, looks = looks + 1 where id = $3 and look_at <= $1
returning id, cloud, gateway, kind, object, looks
"""
_SESSION: Final = """
select exists (select from card_set_up where cloud = $1 and gateway = $2 and session = $3)
"""
_PAGE: Final = """
update card_set_up set look_at = $2 where id = $3 and look_at <= $1
returning cloud, gateway, session
"""
_KNOWN: Final = "select id from card_charge where cloud = $1 and id = $2 and currency = $3"
_ACCOUNT: Final = """
update card_account set read_at = $1
where cloud = $3 and (read_at is null or read_at <= $2) returning gateway
"""
_REFUSED: Final = _("is not what the gateway has signed")


async def receive(
    slug: str,
    gateway: str,
    content: bytes,
    signature: str,
    *,
    cards: Cards,
    wall: datetime,
    queue: Queue,
) -> bool:
    """Keep an event that a cloud's gateway has signed; whether it is new. Workers read the rest.

    Raises `Invalid` where no secret of the cloud vouches for these bytes; nothing is kept then.
    """
    async with atomic(DOORKEEPER) as tx:
        cloud = await tx.fetchval(_CLOUD, slug)
    secrets = None if cloud is None else await accounts.secrets(cloud, gateway, cards.vault)
    if secrets is None:
        raise NotFound(_("No card gateway is set up."))
    event = cards.read_event[gateway](content, signature, secrets.webhook_secrets)
    if event is None:
        raise Invalid({"body": _REFUSED})
    async with atomic(DOORKEEPER) as tx:
        row = {
            "cloud": cloud,
            "gateway": gateway,
            "event": event.id,
            "kind": event.kind,
            "object": event.object,
            "received_at": wall,
            "look_at": wall,
        }
        made = await insert(tx, tables.GatewayEvent, row, unless_there=True)
        if made is not None:
            enqueue_after_commit(queue, jobs.READ_GATEWAY, made)
    return made is not None


@dataclass(frozen=True, slots=True)
class Hands:
    """What a worker reads gateways with: `now` is the books' time, `wall` the machine's."""

    cards: Cards
    now: datetime
    wall: datetime


async def work_on_event(event: int, hands: Hands) -> bool:
    """Read what an event is about, as it is now, and apply it. Twice is once."""
    wall = hands.wall
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_CLAIM, wall, wall + CLAIMED_FOR, event)
    if row is None:
        return False
    cloud = await tenancy.get_by_id(SYSTEM, row["cloud"])
    again: datetime | None = None
    try:
        await _apply(cloud, row, hands)
    except PortalError as error:
        log.warning("An event was not read", row=event, kind=row["kind"], why=error.message)
        # What the gateway does not know, it will not know later.
        over = isinstance(error, GatewayRefused) or row["looks"] >= LOOKS_MAX
        again = None if over else wall + LOOK_AGAIN
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.GatewayEvent, event, {"look_at": again})
    return True


async def _apply(cloud: CloudFacts, row: Record, hands: Hands) -> None:
    name, kind, about = row["gateway"], row["kind"], row["object"]
    if kind == "checkout.session.completed":
        await _page(cloud, name, about, hands)
        return
    async with await _opened(cloud, name, hands) as gateway:
        if kind.startswith("payment_intent."):
            await _charge(cloud, gateway, about, hands)
        elif kind.startswith("charge.dispute."):
            for disputed in await gateway.disputes(about):
                await disputing.note(cloud, disputed, now=hands.now)
        elif kind.startswith(("charge.refund", "refund.")):
            for refunded in await gateway.refunds(about):
                await _refunded(cloud, refunded, hands)
        elif kind.startswith("payout."):
            await disputing.note_payout(cloud, name, await gateway.read_payout(about))


async def _opened(
    cloud: CloudFacts, name: str, hands: Hands
) -> AbstractAsyncContextManager[CardGateway]:
    secrets = await accounts.secrets(cloud.id, name, hands.cards.vault)
    if secrets is None:
        raise NotFound(_("No card gateway is set up."))
    return hands.cards.open[name](secrets)


async def _refunded(cloud: CloudFacts, found: Refunded, hands: Hands) -> None:
    await refunding.note(cloud, found, cards=hands.cards, now=hands.now, wall=hands.wall)


async def _page(cloud: CloudFacts, gateway: str, session: str, hands: Hands) -> None:
    """Keep the card of a page that is ours."""
    async with atomic(SYSTEM) as tx:
        ours = await tx.fetchval(_SESSION, cloud.id, gateway, session)
    if ours:
        await saving.finish(SYSTEM, cloud, session, cards=hands.cards, wall=hands.wall)


async def read_page(page: int, hands: Hands) -> bool:
    """Look whether a card was saved on a page to which nobody came back. Twice is once."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_PAGE, hands.wall, hands.wall + CLAIMED_FOR, page)
    if row is None:
        return False
    cloud = await tenancy.get_by_id(SYSTEM, row["cloud"])
    try:
        await saving.finish(SYSTEM, cloud, row["session"], cards=hands.cards, wall=hands.wall)
    except PortalError as error:
        log.warning("A page of a gateway was not read", page=page, why=error.message)
        await trouble(cloud.id, row["gateway"], str(error))
    return True


async def _charge(cloud: CloudFacts, gateway: CardGateway, intent: str, hands: Hands) -> None:
    """Apply a charge as it is now; one that was not made with our words is not ours."""
    found = await gateway.read_charge(intent)
    said = found.metadata
    ours = said.get("installation") == hands.cards.installation
    number = said.get("charge", "") if ours and said.get("cloud") == cloud.slug else ""
    if not (number.isascii() and number.isdigit() and len(number) < NUMBER_MAX):
        return
    async with atomic(SYSTEM) as tx:
        known = await tx.fetchval(_KNOWN, cloud.id, int(number), found.currency)
    if known is not None:
        await recording.record(cloud, known, found, now=hands.now, wall=hands.wall)


async def read_account(cloud_id: int, hands: Hands) -> bool:
    """Ask a gateway for what it may not have told: payouts, disputes, refunds; where it is due."""
    async with atomic(SYSTEM) as tx:
        name = await tx.fetchval(_ACCOUNT, hands.wall, hands.wall - READ_EVERY, cloud_id)
    if name is None:
        return False
    cloud = await tenancy.get_by_id(SYSTEM, cloud_id)
    try:
        async with await _opened(cloud, name, hands) as gateway:
            payouts = await gateway.payouts()
            disputes, refunds = await gateway.disputes(), await gateway.refunds()
    except PortalError as error:
        log.warning("A card gateway could not be read", cloud=cloud.slug, why=error.message)
        await trouble(cloud.id, name, str(error))
        return True
    for payout in payouts:
        await disputing.note_payout(cloud, name, payout)
    for refunded in refunds:
        await _refunded(cloud, refunded, hands)
    for disputed in disputes:
        await disputing.note(cloud, disputed, now=hands.now)
    await trouble(cloud.id, name, "")
    return True


async def purge(wall: datetime) -> int:
    """Forget events that were read long ago: a gateway sends none again after a few days."""
    async with atomic(SYSTEM) as tx:
        gone = await tx.fetch(
            "delete from gateway_event where look_at is null and received_at < $1 returning 1",
            wall - KEPT,
        )
    return len(gone)
