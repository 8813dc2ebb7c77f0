"""How far a customer is: its invoices that are not paid, its episode, what was done in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal.access import SYSTEM, Actor
from portal.billing.dunning.steps import Action, Claim, Outcome, Step, Taken
from portal.db import Transaction, snapshot

AT_ONCE: Final = 500
CLAIMS_MAX: Final = 1_000
"""Of one customer's open invoices, the oldest first: more change nothing about the step."""
_TURNS: Final = """
select c.id from cloud c
where not c.suspended
  and not exists (select from dunning_turn t where t.cloud = c.id and t.due_at > $1)
  and (exists (select from dunning_episode e where e.cloud = c.id and e.ended_at is null)
       or exists (select from subscriber_terms t
                  where t.cloud = c.id and t.owes_from < 'infinity'))
order by c.id
"""
_TO_LOOK_AT: Final = """
select id from (
  select s.id from subscriber s where s.cloud = $1 and s.owes_from <= $2 and s.id > $3
  union
  select e.subscriber from dunning_episode e
  where e.cloud = $1 and e.ended_at is null and e.subscriber > $3
) found order by id limit $4
"""
# Collected is what is going to be charged to a card by itself: a first try that is to come, or a
# next one. A debit that is planned belongs here, too.
_CLAIMS: Final = """
select i.id, i.number, i.currency, b.due_on, b.left, b.in_collection,
       exists (select from payment_method m
               join card_account a on a.cloud = m.cloud and a.gateway = m.gateway
               where m.cloud = i.cloud and m.subscriber = i.subscriber and m.preferred
                 and m.removed_at is null and (a.charge_on <> 'manual' or c.retry_on is not null)
                 and (c.state is null or c.state <> 'failed' or c.retry_on is not null))
         as collected,
       b.disputed or ($4 and exists (
         select from question q where q.cloud = i.cloud and q.invoice = i.id and q.state = 'open'))
         as disputed
from invoice i join document_balance b on b.cloud = i.cloud and b.invoice = i.id
left join lateral (
  select c.state, c.retry_on from card_charge c
  where c.cloud = i.cloud and c.invoice = i.id order by c.attempt desc limit 1
) c on true
where i.cloud = $1 and i.issuer = $1 and i.subscriber = $2 and i.total > 0 and b.left > 0
  and i.due_on >= (select t.owes_from from subscriber_terms t where t.cloud = $1 and t.id = $2)
order by i.due_on, i.number limit $3
"""
_EPISODE: Final = """
select id, opened_at, analytics_off, recording_off from dunning_episode
where cloud = $1 and subscriber = $2 and ended_at is null
"""
_STEPS: Final = """
select id, days, action, outcome, at, by_name, note from dunning_step
where cloud = $1 and episode = $2 order by id
"""
_PAUSED: Final = """
select until from dunning_pause where cloud = $1 and subscriber = $2 order by id desc limit 1
"""
# Whether everything of a customer can be switched from here: it is all where Camledger decides.
_PROVISIONED: Final = """
select count(*) > 0 and bool_and(n.provision) from camera c
join camera_interval i on i.cloud = c.cloud and i.camera = c.id and i.until is null
join connection n on n.id = i.connection and n.ended_at is null
where c.cloud = $1 and c.subscriber = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An open invoice of a customer; `left` in minor units."""

    number: str
    due_on: date
    left: int
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step of an episode as it is kept; `by_name` of a person who did it."""

    id: int
    step: Step
    outcome: Outcome
    at: datetime
    by_name: str
    note: str

    @property
    def taken(self) -> Taken:
        """As the core asks for it.

        A warning counts from when the server took it, or a person said that they had given it.
        """
        counts = self.outcome in {Outcome.SENT, Outcome.DONE}
        return Taken(self.step, self.outcome, self.at if counts else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An open episode and its steps, in the order in which they came."""

    id: int
    opened_at: datetime
    analytics_off: bool
    recording_off: bool
    steps: Sequence[StepRow]

    @property
    def taken(self) -> list[Taken]:
        """What was done in it."""
        return [one.taken for one in self.steps]


async def turns(now: datetime, actor: Actor = SYSTEM) -> list[int]:
    """Row ids of the clouds whose customers are to be looked at."""
    async with snapshot(actor) as tx:
        return [row["id"] for row in await tx.fetch(_TURNS, now)]


async def to_look_at(tx: Transaction, cloud: int, due_by: date, after: int) -> list[int]:
    """Some customers (row ids, after one) with an invoice due by a day, or in an episode."""
    rows = await tx.fetch(_TO_LOOK_AT, cloud, due_by, after, AT_ONCE)
    return [row["id"] for row in rows]


async def owed(
    tx: Transaction, cloud: int, subscriber: int, *, stops_for_questions: bool
) -> list[Owed]:
    """What a customer (a row id) has left to pay, the oldest first."""
    rows = await tx.fetch(_CLAIMS, cloud, subscriber, CLAIMS_MAX, stops_for_questions)
    return [
        Owed(
            number=row["number"],
            due_on=row["due_on"],
            left=row["left"],
            claim=Claim(
                due_on=row["due_on"],
                left=row["left"],
                disputed=row["disputed"],
                in_collection=row["in_collection"],
                collected=row["collected"],
            ),
        )
        for row in rows
    ]


async def episode(tx: Transaction, cloud: int, subscriber: int) -> Episode | None:
    """The open episode of a customer (a row id); None where there is none."""
    row = await tx.fetchrow(_EPISODE, cloud, subscriber)
    if row is None:
        return None
    steps = [_step(one) for one in await tx.fetch(_STEPS, cloud, row["id"])]
    return Episode(**row, steps=steps)


def _step(row: Record) -> StepRow:
    return StepRow(
        id=row["id"],
        step=Step(days=row["days"], action=Action(row["action"])),
        outcome=Outcome(row["outcome"]),
        at=row["at"],
        by_name=row["by_name"],
        note=row["note"],
    )


async def paused_until(tx: Transaction, cloud: int, subscriber: int) -> date | None:
    """Before which day nothing is done about a customer; None where it was never paused."""
    found: date | None = await tx.fetchval(_PAUSED, cloud, subscriber)
    return found


async def is_provisioned(tx: Transaction, cloud: int, subscriber: int) -> bool:
    """Whether all cameras of a customer can be switched off from here."""
    return bool(await tx.fetchval(_PROVISIONED, cloud, subscriber))
