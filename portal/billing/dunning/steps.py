"""Which reminder or suspension a customer's overdue invoices call for, and which has to wait.

Nothing here asks the time, sends or switches anything: what is decided is written first and then
carried out. Amounts are minor units of the cloud's currency, days those of the cloud's calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

OVERDUE: Final = 1
"""An invoice is overdue from the day after its due day on."""


class Action(StrEnum):
    """What a step does: an e-mail, something switched off in Watcher, a question to a person."""

    REMIND = "remind"
    WARN = "warn"
    SUSPEND_ANALYTICS = "suspend_analytics"
    SUSPEND_RECORDING = "suspend_recording"
    CLOSE = "close"

    @property
    def is_mail(self) -> bool:
        """Whether the customer is written to."""
        return self in {Action.REMIND, Action.WARN}

    @property
    def rank(self) -> int:
        """Its place among the steps of one day: words come before what they announce."""
        return list(Action).index(self)

    @property
    def is_suspension(self) -> bool:
        """Whether something is switched off, which has to be announced before."""
        return self in {Action.SUSPEND_ANALYTICS, Action.SUSPEND_RECORDING}


class Outcome(StrEnum):
    """What became of a step. `waiting` is the only one that is not the end of deciding."""

    SENT = "sent"
    RETRYING = "retrying"
    FAILED = "failed"
    DONE = "done"
    TASK = "task"
    WAITING = "waiting"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Step:
    """`days` after the due day of the oldest invoice that counts; below 0 before it."""

    days: int
    action: Action

    def __lt__(self, other: Step) -> bool:
        """By days; on one day as `Action` lists them: a warning before what it warns of."""
        return (self.days, self.action.rank) < (other.days, other.action.rank)


@dataclass(frozen=True, slots=True)
class Policy:
    """A cloud's steps; invoices with less than `minimum` left are left alone."""

    steps: tuple[Step, ...]
    minimum: int = 500
    notice_days: int = 7

    @property
    def counted_from(self) -> int:
        """The day from which an invoice counts: when it is overdue, or at a step before that."""
        return min((step.days for step in self.steps if step.days < 0), default=OVERDUE)


DEFAULT: Final = Policy(
    steps=(
        Step(-3, Action.REMIND),
        Step(3, Action.REMIND),
        Step(10, Action.WARN),
        Step(17, Action.SUSPEND_ANALYTICS),
        Step(24, Action.SUSPEND_RECORDING),
        Step(45, Action.CLOSE),
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice as far as asking for it goes.

    `collected` where a debit or charge of it is planned: nobody is told then that it is due soon,
    and it counts only once it is overdue.
    """

    due_on: date
    left: int
    disputed: bool = False
    in_collection: bool = False
    collected: bool = False

    def counts(self, policy: Policy, today: date) -> bool:
        """Whether it opens an episode or keeps one open.

        Example: due on the 14th with a first step at −3, it counts from the 11th on; where its
        debit is planned, from the 15th on.
        """
        if self.left < max(policy.minimum, 1) or self.disputed or self.in_collection:
            return False
        days = OVERDUE if self.collected else policy.counted_from
        return today >= self.due_on + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken in the episode; `accepted_at` is when the mail server took it."""

    step: Step
    outcome: Outcome
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What the cloud can do by itself; what it cannot is a task for a person."""

    mail: bool = True
    provisioning: bool = True


@dataclass(frozen=True, slots=True)
class Decided:
    """A step with the outcome it is written with, before anything is sent or switched off."""

    step: Step
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Next:
    """The step that comes next, and not before `on`; without a warning that counts, None."""

    step: Step
    on: date | None


def oldest(policy: Policy, claims: Iterable[Claim], today: date) -> date | None:
    """The due day that the steps are counted from; None where no invoice counts.

    An episode is open exactly while this is a day: it opens with the first invoice that counts,
    and when none does any more it ends and what it switched off is lifted.
    """
    return min((one.due_on for one in claims if one.counts(policy, today)), default=None)


def decide(
    policy: Policy,
    due_on: date,
    taken: Sequence[Taken],
    *,
    today: date,
    now: datetime,
    means: Means,
    paused_until: date | None = None,
) -> list[Decided]:
    """The steps of an open episode that are due now and not yet taken, in order of days.

    `due_on` is the `oldest` day, `now` an instant of `today`. Of e-mails that are due together
    only the last is sent, the others are missed. A suspension without its warning waits, and what
    comes after it is not decided before it. Nothing is decided while a pause runs, until its day.

    Example: an invoice found 20 days late: reminders at −3 and 3 are missed, the warning of day 10
    is sent, the analytics of day 17 wait for 7 days.
    """
    if paused_until is not None and today < paused_until:
        return []
    due = _due(policy, due_on, taken, today)
    last = max((step for step in due if step.action.is_mail), default=None)
    warned = _warned_at(taken)
    is_warned = warned is not None and now >= warned + timedelta(days=policy.notice_days)
    decided: list[Decided] = []
    for step in due:
        outcome = _outcome(step, last, means, is_warned=is_warned)
        if outcome is not Outcome.WAITING or not _waits(step, taken):
            decided.append(Decided(step, outcome))
        if outcome is Outcome.WAITING:
            break
    return decided


def next_step(
    policy: Policy,
    due_on: date,
    taken: Sequence[Taken],
    *,
    today: date,
    paused_until: date | None = None,
) -> Next | None:
    """What comes next and when, as a person is told; None where every step was taken.

    A suspension waits for its notice: the day is then that of the warning and `notice_days`.
    The day is never one that is over: what is due already comes today.
    """
    step = min(_open(policy, taken), default=None)
    if step is None:
        return None
    days = [today, due_on + timedelta(days=step.days)]
    if paused_until is not None:
        days.append(paused_until)
    if step.action.is_suspension:
        warned = _warned_at(taken)
        if warned is None:
            return Next(step, None)
        days.append((warned + timedelta(days=policy.notice_days)).date())
    return Next(step, max(days))


def _open(policy: Policy, taken: Sequence[Taken]) -> list[Step]:
    """The steps that the episode has not had, in order of days.

    Nothing is switched off or asked twice, also where its day was changed while the episode ran:
    17 days that become 20 are the same suspension.
    """
    had = {one.step for one in taken if one.outcome is not Outcome.WAITING}
    once = {step.action for step in had if not step.action.is_mail}
    written = max((step for step in had if step.action.is_mail), default=None)
    found: list[Step] = []
    for step in sorted(set(policy.steps)):
        if step in had or step.action in once:
            continue
        if step.action.is_mail and written is not None and step < written:
            continue
        if not step.action.is_mail:
            once.add(step.action)
        found.append(step)
    return found


def _due(policy: Policy, due_on: date, taken: Sequence[Taken], today: date) -> list[Step]:
    days = (today - due_on).days
    return [step for step in _open(policy, taken) if step.days <= days]


def _waits(step: Step, taken: Sequence[Taken]) -> bool:
    return any(one.step == step and one.outcome is Outcome.WAITING for one in taken)


def _warned_at(taken: Sequence[Taken]) -> datetime | None:
    """When the mail server took the episode's first warning."""
    return min(
        (
            one.accepted_at
            for one in taken
            if one.step.action is Action.WARN and one.accepted_at is not None
        ),
        default=None,
    )


def _outcome(
    step: Step,
    last: Step | None,
    means: Means,
    *,
    is_warned: bool,
) -> Outcome:
    """What a step that is due is written with; an e-mail is on its way until a server took it."""
    if step.action.is_mail:
        if step != last:
            return Outcome.MISSED
        return Outcome.RETRYING if means.mail else Outcome.TASK
    if step.action is Action.CLOSE:
        return Outcome.TASK
    if not is_warned:
        return Outcome.WAITING
    return Outcome.DONE if means.provisioning else Outcome.TASK
