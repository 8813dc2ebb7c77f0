"""A charge at the gateway, by workers: asked for, or looked for, and what came of it recorded.

The row was committed before. Its key makes the gateway do it once: whoever is killed before the
answer is stored is followed by somebody who asks the same, and gets the same answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.books.actions.cards import recording
from portal.books.actions.cards.recording import LOOK_AGAIN, NO_TRACE
from portal.books.queries.cards import accounts
from portal.db import Transaction, atomic
from portal.kit.actions.rows import update
from portal.kit.queries import tenancy
from portal.ports import CardGateway, Cards
from portal.values.cards import (
    Charged,
    GatewayFailed,
    GatewayRefused,
    NoAnswer,
    Outcome,
    ToCharge,
)
from portal.words import _

log = structlog.get_logger()

CLAIMED_FOR: Final = timedelta(minutes=2)
"""After so long another worker takes over what one has begun: longer than an answer may take."""
KEY_LASTS: Final = timedelta(hours=23)
"""How long a key surely has its first answer; after that it might charge a second time."""
HOLDER_HAS: Final = timedelta(hours=1)
"""How long somebody may take to answer their bank."""

# Whoever claims it first asks; what is claimed comes back after a while, should he be killed.
_CLAIM: Final = """
update card_charge c set look_at = $2, looks = looks + 1,
  asked_at = coalesce(c.asked_at, $1)
from invoice i, payment_method m, card_customer k, cloud l, subscriber s
where c.id = $3 and c.look_at <= $1
  and i.cloud = c.cloud and i.id = c.invoice
  and m.cloud = c.cloud and m.id = c.payment_method
  and k.cloud = c.cloud and k.subscriber = c.subscriber and k.gateway = c.gateway
  and l.id = c.cloud and s.cloud = c.cloud and s.id = c.subscriber
returning c.id, c.cloud, c.amount, c.currency, c.gateway, c.by_hand, c.state, c.intent, c.asked_at,
  c.created_at, i.number, m.method, k.customer, l.slug, c.looks, s.number as subscriber
"""


async def work_on_charge(charge: int, *, cards: Cards, now: datetime, wall: datetime) -> bool:
    """Go on with a charge that is due; whether somebody else is not at it. Twice is once.

    `now` is the books' time, `wall` the machine's. What the gateway does not say is looked for
    again in a quarter of an hour.
    """
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_CLAIM, wall, wall + CLAIMED_FOR, charge)
    if row is None:
        return False
    cloud = await tenancy.get_by_id(SYSTEM, row["cloud"])
    try:
        found = await _asked(row, cards, wall)
    except NoAnswer as error:
        log.warning("A charge has no answer yet", charge=charge, why=error.message)
        await _unknown(row, error, wall)
        return True
    except GatewayFailed as error:
        code = error.code if isinstance(error, GatewayRefused) else ""
        found = Charged(
            intent="",
            outcome=Outcome.FAILED,
            amount=row["amount"],
            currency=row["currency"],
            code=code or "refused",
            message=error.message,
        )
    await recording.record(cloud, charge, found, now=now, wall=wall)
    await trouble(row["cloud"], row["gateway"], "")
    return True


async def _asked(row: Record, cards: Cards, wall: datetime) -> Charged:
    """What the gateway says: it is read, asked for, or looked for, by what is known of it."""
    secrets = await accounts.secrets(row["cloud"], row["gateway"], cards.vault)
    if secrets is None:
        raise NoAnswer(_("No card gateway is set up."))
    async with cards.open[row["gateway"]](secrets) as gateway:
        if row["intent"] is not None:
            found = await gateway.read_charge(row["intent"])
        elif wall - row["asked_at"] < KEY_LASTS:
            found = await gateway.charge(_to_charge(row, cards))
        else:
            found = await _looked_for(row, cards, gateway)
        if found.outcome is Outcome.PENDING and wall - row["created_at"] > HOLDER_HAS:
            found = await gateway.give_up(found.intent)
    return found


def metadata(row: Record, cards: Cards) -> dict[str, str]:
    """What the gateway keeps with a charge, and by which it is found again."""
    return {
        "installation": cards.installation,
        "cloud": row["slug"],
        "invoice": row["number"],
        "charge": str(row["id"]),
    }


def _to_charge(row: Record, cards: Cards) -> ToCharge:
    back = f"{cards.public_url}/my/invoices/{row['number']}" if row["by_hand"] else ""
    return ToCharge(
        key=f"clk-{cards.installation}-charge-{row['id']}",
        customer=row["customer"],
        method=row["method"],
        amount=row["amount"],
        currency=row["currency"],
        metadata=metadata(row, cards),
        description=row["number"],
        back=back,
    )


async def _looked_for(row: Record, cards: Cards, gateway: CardGateway) -> Charged:
    wanted = metadata(row, cards)
    found = await gateway.find_charge(row["customer"], wanted)
    if found is not None:
        return found
    return Charged(
        intent="",
        outcome=Outcome.FAILED,
        amount=row["amount"],
        currency=row["currency"],
        code=NO_TRACE,
        message="",
    )


async def _unknown(row: Record, error: NoAnswer, wall: datetime) -> None:
    """Nobody knows what happened: it is asked again, the first time in a minute."""
    again = timedelta(minutes=1) if row["looks"] < 3 else LOOK_AGAIN
    async with atomic(SYSTEM) as tx:
        state: dict[str, Any] = {"look_at": wall + again}
        if row["state"] == "created":
            state["state"] = "unknown"
        await update(tx, tables.CardCharge, row["id"], state)
        await _note(tx, row["cloud"], row["gateway"], str(error))


async def trouble(cloud: int, gateway: str, why: str) -> None:
    """Keep why a gateway could not be asked; "" where it could."""
    async with atomic(SYSTEM) as tx:
        await _note(tx, cloud, gateway, why)


async def _note(tx: Transaction, cloud: int, gateway: str, why: str) -> None:
    of = tables.CardAccount
    theirs = (of.cloud == cloud) & (of.gateway == gateway) & (of.trouble != why)
    await update(tx, tables.CardAccount, theirs, {"trouble": why[:500]})
