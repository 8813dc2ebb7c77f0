"""How far customers are, as people see it: one of them, those of a cloud, oneself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing.dunning.steps import Next, next_step, oldest
from portal.billing.period import local_date
from portal.books.queries.dunning import letters, policies, standing
from portal.books.queries.dunning.policies import CloudPolicy
from portal.books.queries.dunning.standing import Episode
from portal.customers.queries import subscribers
from portal.db import Transaction, snapshot
from portal.kit.queries.pages import count, numbered
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts

_PAUSE: Final = """
select until, reason, made_by, made_at from dunning_pause
where cloud = $1 and subscriber = $2 order by id desc limit 1
"""
_TO_LIFT: Final = """
select exists (select from dunning_episode
               where cloud = $1 and subscriber = $2 and lift_by_hand)
"""
# Of each customer in an episode the step that it came to last.
_LISTED: Final = """
select s.number, s.name, e.opened_at, e.analytics_off, e.recording_off, e.lift_by_hand,
       e.ended_at is not null as is_over,
       t.action, t.outcome, t.at,
       (select p.until from dunning_pause p where p.cloud = e.cloud and p.subscriber = e.subscriber
        order by p.id desc limit 1) as paused_until
from dunning_episode e join subscriber s on s.cloud = e.cloud and s.id = e.subscriber
left join lateral (
  select action, outcome, at from dunning_step t
  where t.cloud = e.cloud and t.episode = e.id order by t.id desc limit 1) t on true
where e.cloud = $1 and (e.ended_at is null or e.lift_by_hand)
  and ($2::text is null or case $2 when 'waits' then e.lift_by_hand or exists (
         select from dunning_step w where w.cloud = e.cloud and w.episode = e.id
           and e.ended_at is null and w.outcome in ('task', 'failed'))
       when 'off' then e.ended_at is null and (e.analytics_off or e.recording_off)
       else t.action = $2 end)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing is done before `until`."""

    until: date
    reason: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A customer: its open episode, what comes next, the last pause while it runs.

    `due_on` is the day that steps are counted from. `to_lift`: a person has to switch on again what
    a person switched off.
    """

    policy: CloudPolicy
    episode: Episode | None
    due_on: date | None
    next: Next | None
    pause: Pause | None
    to_lift: bool

    @property
    def is_off(self) -> bool:
        """Whether something of the customer's is off while it does not pay."""
        return self.episode is not None and (
            self.episode.analytics_off or self.episode.recording_off
        )

    @property
    def off_next(self) -> Next | None:
        """What is switched off next, on a day that is known; None where nothing is."""
        following = self.next
        if following is None or following.on is None or not following.step.action.is_suspension:
            return None
        return following


async def of_customer(actor: Actor, cloud: CloudFacts, number: int, *, now: datetime) -> Shown:
    """How far a customer is. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        row = await subscribers.get_in(tx, cloud.id, number)
        return await of_customer_in(tx, cloud, row.id, now)


async def of_own(actor: Actor, cloud: CloudFacts, *, now: datetime) -> Shown:
    """How far the actor's own subscriber is."""
    assert actor.subscriber is not None, "asked of whoever signs in for one"
    async with snapshot(actor) as tx:
        return await of_customer_in(tx, cloud, actor.subscriber, now)


async def of_customer_in(
    tx: Transaction, cloud: CloudFacts, subscriber: int, now: datetime
) -> Shown:
    """The same by a row id."""
    today = local_date(now, cloud.timezone)
    policy = await policies.get_in(tx, cloud.id)
    rule = policy.in_currency(cloud.currency)
    found = await standing.episode(tx, cloud.id, subscriber)
    pause = await _pause(tx, cloud.id, subscriber, today)
    due_on = following = None
    if found is not None:
        owed = await standing.owed(
            tx, cloud.id, subscriber, stops_for_questions=policy.stops_for_questions
        )
        due_on = oldest(rule, [one.claim for one in owed], today)
        if due_on is not None:
            until = None if pause is None else pause.until
            following = next_step(rule, due_on, found.taken, today=today, paused_until=until)
    to_lift = await tx.fetchval(_TO_LIFT, cloud.id, subscriber)
    return Shown(
        policy=policy, episode=found, due_on=due_on, next=following, pause=pause, to_lift=to_lift
    )


async def _pause(tx: Transaction, cloud: int, subscriber: int, today: date) -> Pause | None:
    row = await tx.fetchrow(_PAUSE, cloud, subscriber)
    return Pause(**row) if row is not None and row["until"] > today else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A customer in an episode, and the step that it came to last; None before the first."""

    number: int
    name: str
    opened_at: datetime
    analytics_off: bool
    recording_off: bool
    lift_by_hand: bool
    is_over: bool
    action: str | None
    outcome: str | None
    at: datetime | None
    paused_until: date | None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Customers of a page, and how many match: more than `total` with `is_more`."""

    rows: Sequence[Listed]
    total: int
    is_more: bool


async def list_for_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    step: str | None = None,
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> ListedPage:
    """Customers in an episode, the longest first; of a `step` (an action), "waits" or "off"."""
    arguments = (cloud.id, step)
    async with snapshot(actor) as tx:
        total, is_more = await count(tx, _LISTED, arguments, counted)
        ordered = f"{_LISTED} order by e.opened_at, s.number"
        rows = await numbered(tx, ordered, arguments, total, offset=offset, limit=limit)
    return ListedPage([row_of(Listed, row) for row in rows], total, is_more)


async def sample_said(
    actor: Actor, cloud: CloudFacts, kind: str, text: tuple[str, ...], today: date
) -> letters.Said:
    """A reminder of a kind with a text, of an invoice made up: for who writes the text."""
    async with snapshot(actor) as tx:
        return await letters.sample(tx, cloud, kind, text, today)
