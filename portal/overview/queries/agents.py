"""The agents below a referral, as deep as it is paid: names and counts, never a customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.access import Actor
from portal.billing.period import local_date
from portal.db import snapshot

AGENTS_MAX: Final = 500
"""Of more agents those of the highest levels are listed."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent below: `level` 2 is one's own. `percent` is what its customers earn one there.

    `earned` is the share of all months on them, in minor units, before what is held is checked.
    """

    id: int
    name: str
    sponsor: int
    since: date
    level: int
    percent: Decimal
    customers: int
    earned: int


_AGENTS: Final = """
with own as (
  select s.referral, sum(m.amount)::bigint as earned
  from commission m join subscriber_below s on s.cloud = m.cloud and s.id = m.subscriber
  where m.cloud = $1 and m.referral = $2 group by s.referral
), brought as (
  select referral, count(*)::int as customers from subscriber_below where cloud = $1
  group by referral
)
select a.agent as id, r.name, r.sponsor, r.created_at as since, a.level, a.percent,
       coalesce(b.customers, 0) as customers, coalesce(o.earned, 0) as earned
from agents_below() a join agent_below r on r.id = a.agent
left join own o on o.referral = a.agent
left join brought b on b.referral = a.agent
order by a.level, lower(r.name), a.agent limit $3
"""


async def below(actor: Actor, zone: str) -> list[Agent]:
    """The agents below the referral who acts, each after its sponsor; days are those of `zone`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_AGENTS, actor.cloud, actor.referral, AGENTS_MAX)
    children: dict[int, list[Agent]] = defaultdict(list)
    for row in rows:
        facts = {**row, "since": local_date(row["since"], zone)}
        children[row["sponsor"]].append(Agent(**facts))

    def after(sponsor: int) -> Iterator[Agent]:
        for agent in children[sponsor]:
            yield agent
            yield from after(agent.id)

    return list(after(actor.referral or 0))


WAITING_MAX: Final = 20
"""Of one referral so many invited agents wait at once for the operator's look."""


@dataclass(frozen=True, slots=True)
class Invitations:
    """Whether a referral may invite agents, how many wait for a look, and levels beyond its own."""

    allowed: bool
    waiting: int
    levels: int


async def invitations(actor: Actor) -> Invitations:
    """As the operator of the referral who acts has it."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow("select allowed, waiting, levels from agent_invitations()")
    return Invitations(allowed=False, waiting=0, levels=0) if row is None else Invitations(**row)
