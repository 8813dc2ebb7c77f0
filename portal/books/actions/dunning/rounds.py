"""Going round the customers of a cloud: what is due about each is written, then sent or switched.

Killed anywhere, the next round finds what was written and does nothing twice; two rounds at once
are one, and one waits for whoever pays at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from portal import jobs, tables
from portal.access import SYSTEM
from portal.billing.dunning.steps import Action, Decided, Means, Outcome, Policy, decide, oldest
from portal.billing.period import is_zone, local_date
from portal.books.actions.dunning import letters
from portal.books.actions.money.storing import lock_sums
from portal.books.queries.dunning import policies, standing
from portal.books.queries.dunning.letters import recipients
from portal.books.queries.dunning.policies import CloudPolicy
from portal.books.queries.dunning.standing import Episode, Owed
from portal.db import Transaction, advisory_lock, atomic, snapshot
from portal.kit.actions import audit
from portal.kit.actions.mail import Post
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert, update, upsert
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.words import _, stored

EVERY: Final = timedelta(minutes=15)
"""So long after an invoice was paid what is off may stay so."""
_KEY: Final = ("cloud", "episode", "days", "action")
_BY_HAND: Final = """
select exists (select from dunning_step where cloud = $1 and episode = $2 and outcome = 'done'
               and by_name <> '' and action in ('suspend_analytics', 'suspend_recording'))
"""
_LEFT_OPEN: Final = """
update dunning_step set outcome = 'missed', at = $3
where cloud = $1 and episode = $2 and outcome in ('task', 'failed', 'retrying', 'waiting')
"""
# A suspension that waits, of a policy that says another day by now.
_MOVE: Final = """
update dunning_step set days = $4
where cloud = $1 and episode = $2 and action = $3 and outcome = 'waiting' and days <> $4
"""
_NO_ADDRESS: Final = _("The customer has no e-mail address.")
_NO_SERVER: Final = _("No mail server is set up.")
_NOT_DECIDED: Final = _("Camledger does not decide about all of the customer's cameras.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round: a cloud and its policy, when (`now` by its books, `wall` by the machine)."""

    cloud: CloudFacts
    policy: CloudPolicy
    now: datetime
    wall: datetime
    post: Post
    queue: Queue

    @property
    def today(self) -> date:
        """The day that it is in the cloud."""
        return local_date(self.now, self.cloud.timezone)

    @property
    def rule(self) -> Policy:
        """The policy as the core decides by it."""
        return self.policy.in_currency(self.cloud.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Customer:
    """A customer in a round, by row id; `name` as the audit log names it."""

    id: int
    name: str
    owed: Sequence[Owed]
    addresses: Sequence[str]
    is_provisioned: bool


async def go_round(
    cloud_id: int, *, now: datetime, wall: datetime, post: Post, queue: Queue, early: bool = False
) -> int:
    """Look at all customers of a cloud that owe, or are in an episode; how many steps were taken.

    Nothing where a round was made a moment ago, unless `early`, or somebody else is at it.
    """
    async with advisory_lock(f"dunning {cloud_id}") as mine:
        if not mine:
            return 0
        async with snapshot(SYSTEM) as tx:
            facts = await tenancy.cloud_facts_by_id(tx, cloud_id)
            policy = await policies.get_in(tx, cloud_id)
        is_due = early or cloud_id in await standing.turns(now)
        if not is_due or not is_zone(facts.timezone):
            return 0
        this = Round(cloud=facts, policy=policy, now=now, wall=wall, post=post, queue=queue)
        taken = await _all(this)
        async with atomic(SYSTEM) as tx:
            turn = {"cloud": cloud_id, "due_at": now + EVERY}
            await upsert(tx, tables.DunningTurn, turn, key=("cloud",))
    return taken


async def _all(this: Round) -> int:
    counted = this.today - timedelta(days=this.rule.counted_from)
    after = taken = 0
    while True:
        async with snapshot(SYSTEM) as tx:
            ids = await standing.to_look_at(tx, this.cloud.id, counted, after)
        for subscriber in ids:
            async with atomic(SYSTEM) as tx:
                taken += await _look(tx, this, subscriber)
        if len(ids) < standing.AT_ONCE:
            return taken
        after = ids[-1]


async def _look(tx: Transaction, this: Round, subscriber: int) -> int:
    """What is due about one customer, whose money nobody else moves meanwhile."""
    await lock_sums(tx, this.cloud.id)
    number = await tx.fetchval(
        "select number from subscriber where cloud = $1 and id = $2", this.cloud.id, subscriber
    )
    stops = this.policy.stops_for_questions
    owed = await standing.owed(tx, this.cloud.id, subscriber, stops_for_questions=stops)
    open_one = await standing.episode(tx, this.cloud.id, subscriber)
    due_on = oldest(this.rule, [one.claim for one in owed], this.today)
    name = f"subscriber {number}"
    if due_on is None or not this.rule.steps:
        if open_one is not None:
            await _end(tx, this, name, open_one)
        return 0
    if open_one is None:
        open_one = await _open(tx, this, subscriber)
    who = _Customer(
        id=subscriber,
        name=name,
        owed=owed,
        addresses=await recipients(tx, this.cloud.id, subscriber),
        is_provisioned=await standing.is_provisioned(tx, this.cloud.id, subscriber),
    )
    decided = decide(
        this.rule,
        due_on,
        open_one.taken,
        today=this.today,
        now=this.now,
        means=Means(
            mail=this.post.is_set_up and bool(who.addresses), provisioning=who.is_provisioned
        ),
        paused_until=await standing.paused_until(tx, this.cloud.id, subscriber),
    )
    for one in decided:
        await _take(tx, this, who, open_one, one)
    await letters.follow(tx, this.cloud.id, open_one.id, this.now, this.wall)
    return len(decided)


async def _open(tx: Transaction, this: Round, subscriber: int) -> Episode:
    columns = {"cloud": this.cloud.id, "subscriber": subscriber, "opened_at": this.now}
    made = await insert(tx, tables.DunningEpisode, columns)
    return Episode(id=made, opened_at=this.now, analytics_off=False, recording_off=False, steps=())


async def _end(tx: Transaction, this: Round, name: str, ended: Episode) -> None:
    """Nothing counts any more: what is off goes on again, what waits for a person does not."""
    await tx.execute(_LEFT_OPEN, this.cloud.id, ended.id, this.now)
    by_hand = await tx.fetchval(_BY_HAND, this.cloud.id, ended.id)
    columns = {"ended_at": this.now, "lift_by_hand": by_hand}
    await update(tx, tables.DunningEpisode, ended.id, columns)
    if ended.analytics_off or ended.recording_off:
        enqueue_after_commit(this.queue, jobs.PROVISION, this.cloud.id)
    await audit.record(tx, SYSTEM, "dunning.end", name, cloud=this.cloud.id)


async def _take(
    tx: Transaction, this: Round, who: _Customer, episode: Episode, decided: Decided
) -> None:
    """Write a step; then what it asks for, which happens once this is committed."""
    action, outcome = decided.step.action, decided.outcome
    row: dict[str, Any] = {
        "cloud": this.cloud.id,
        "episode": episode.id,
        "days": decided.step.days,
        "action": action.value,
        "subscriber": who.id,
        "outcome": outcome.value,
        "at": this.now,
        "note": stored(_why(this, decided)),
    }
    if not action.is_mail:
        await tx.execute(_MOVE, this.cloud.id, episode.id, action.value, decided.step.days)
    await upsert(tx, tables.DunningStep, row, key=_KEY)
    if outcome is Outcome.RETRYING:
        step = await tx.fetchval(
            "select id from dunning_step where cloud = $1 and episode = $2 and days = $3"
            " and action = $4",
            *(this.cloud.id, episode.id, decided.step.days, action.value),
        )
        kind = letters.kind_of(decided.step)
        mail = letters.StepMail(kind, step, this.cloud.id, this.today, who.addresses)
        await letters.write(tx, this.post, mail, this.wall)
    if action.is_suspension and outcome in {Outcome.DONE, Outcome.TASK}:
        if action is Action.SUSPEND_ANALYTICS:
            await update(tx, tables.DunningEpisode, episode.id, {"analytics_off": True})
        else:
            await update(tx, tables.DunningEpisode, episode.id, {"recording_off": True})
        enqueue_after_commit(this.queue, jobs.PROVISION, this.cloud.id)
    facts = {"days": decided.step.days, "action": action.value, "outcome": outcome.value}
    await audit.record(tx, SYSTEM, "dunning.step", who.name, cloud=this.cloud.id, after=facts)


def _why(this: Round, decided: Decided) -> str:
    """Why a step is a person's; "" where it is not, or says so itself."""
    if decided.outcome is not Outcome.TASK or decided.step.action is Action.CLOSE:
        return ""
    if decided.step.action.is_mail:
        return _NO_SERVER if not this.post.is_set_up else _NO_ADDRESS
    return _NOT_DECIDED
