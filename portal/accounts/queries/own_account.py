"""The subscriber or the referral that somebody signs in for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Actor
from portal.db import snapshot
from portal.errors import NotFound
from portal.words import _


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Whose account it is: a subscriber by its number, or a referral by its code; and its name."""

    subscriber: int | None
    referral: str | None
    name: str


_OWN: Final = """
select number as subscriber, null::text as referral, name from subscriber
where cloud = $1 and id = $2
union all
select null, code, name from referral where cloud = $1 and id = $3
"""


async def get(actor: Actor) -> OwnAccount:
    """The account of whoever acts. Raises `NotFound` for somebody who has none."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_OWN, actor.cloud, actor.subscriber, actor.referral)
    if row is None:
        raise NotFound(_("You sign in for no subscriber and no referral."))
    return OwnAccount(**row)
