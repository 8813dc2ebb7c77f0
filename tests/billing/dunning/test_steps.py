"""Reminders and graded suspension: the default year, its laws, and what makes a step wait."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.dunning.steps import (
    DEFAULT,
    Action,
    Claim,
    Decided,
    Means,
    Next,
    Outcome,
    Policy,
    Step,
    Taken,
    decide,
    next_step,
    oldest,
)

DUE = date(2026, 11, 14)
CLAIM = Claim(due_on=DUE, left=12_200)
SOON, REMINDER, WARNING, ANALYTICS, RECORDING, CLOSE = DEFAULT.steps
ALL = Means()


def after(days: int) -> date:
    return DUE + timedelta(days=days)


def at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), UTC)


@dataclass
class Customer:
    """A customer as the sweep keeps one: what was written in the open episode, what is off."""

    policy: Policy = DEFAULT
    means: Means = ALL
    taken: list[Taken] = field(default_factory=list)
    off: set[Action] = field(default_factory=set)
    log: list[tuple[date, Decided]] = field(default_factory=list)
    episodes: int = 0
    is_open: bool = False

    def sweep(
        self,
        today: date,
        claims: list[Claim],
        paused_until: date | None = None,
        *,
        server_takes: bool = True,
        hour: int = 9,
    ) -> list[Decided]:
        due_on = oldest(self.policy, claims, today)
        if due_on is None:
            self.is_open, self.taken, self.off = False, [], set()
            return []
        if not self.is_open:
            self.is_open, self.episodes = True, self.episodes + 1
        decided = decide(
            self.policy,
            due_on,
            self.taken,
            today=today,
            now=at(today, hour),
            means=self.means,
            paused_until=paused_until,
        )
        for one in decided:
            self.taken = [had for had in self.taken if had.step != one.step]
            sent = one.outcome is Outcome.RETRYING and server_takes
            self.taken.append(
                Taken(
                    one.step,
                    Outcome.SENT if sent else one.outcome,
                    at(today, hour) if sent else None,
                )
            )
            if one.outcome is Outcome.DONE:
                self.off.add(one.step.action)
            self.log.append((today, one))
        return decided


def test_the_default_goes_from_a_friendly_word_to_a_question_in_48_days() -> None:
    north = Customer()
    for days in range(-10, 60):
        north.sweep(after(days), [CLAIM])
    assert [((day - DUE).days, one.step.action, one.outcome) for day, one in north.log] == [
        (-3, Action.REMIND, Outcome.RETRYING),
        (3, Action.REMIND, Outcome.RETRYING),
        (10, Action.WARN, Outcome.RETRYING),
        (17, Action.SUSPEND_ANALYTICS, Outcome.DONE),
        (24, Action.SUSPEND_RECORDING, Outcome.DONE),
        (45, Action.CLOSE, Outcome.TASK),
    ]


@pytest.mark.parametrize(
    ("claim", "days", "counts"),
    [
        (CLAIM, -4, False),
        (CLAIM, -3, True),
        (replace(CLAIM, collected=True), 0, False),
        (replace(CLAIM, collected=True), 1, True),
        (replace(CLAIM, left=499), 30, False),
        (replace(CLAIM, left=500), 30, True),
        (replace(CLAIM, disputed=True), 30, False),
        (replace(CLAIM, in_collection=True), 30, False),
    ],
)
def test_an_invoice_counts_from_the_first_step_on(claim: Claim, days: int, counts: bool) -> None:
    assert claim.counts(DEFAULT, after(days)) is counts


def test_without_a_step_before_the_due_day_only_what_is_overdue_counts() -> None:
    late = Policy(steps=(Step(0, Action.REMIND), WARNING))
    assert not CLAIM.counts(late, DUE)
    assert CLAIM.counts(late, after(1))


def test_nothing_left_never_counts_whatever_the_minimum() -> None:
    assert not replace(CLAIM, left=0).counts(replace(DEFAULT, minimum=0), after(30))


def test_of_e_mails_that_are_due_together_only_the_last_is_sent() -> None:
    assert Customer().sweep(after(20), [CLAIM]) == [
        Decided(SOON, Outcome.MISSED),
        Decided(REMINDER, Outcome.MISSED),
        Decided(WARNING, Outcome.RETRYING),
        Decided(ANALYTICS, Outcome.WAITING),
    ]


def test_a_suspension_waits_to_the_hour_for_its_notice_and_holds_up_what_follows() -> None:
    north = Customer()
    north.sweep(after(50), [CLAIM], hour=15)
    assert north.sweep(after(57), [CLAIM], hour=14) == []
    assert north.sweep(after(57), [CLAIM], hour=15) == [
        Decided(ANALYTICS, Outcome.DONE),
        Decided(RECORDING, Outcome.DONE),
        Decided(CLOSE, Outcome.TASK),
    ]


def test_on_one_day_the_warning_comes_before_what_it_warns_of() -> None:
    sudden = Policy(steps=(Step(10, Action.SUSPEND_ANALYTICS), WARNING), notice_days=0)
    north = Customer(policy=sudden)
    assert north.sweep(after(10), [CLAIM]) == [
        Decided(WARNING, Outcome.RETRYING),
        Decided(Step(10, Action.SUSPEND_ANALYTICS), Outcome.WAITING),
    ]
    north.sweep(after(10), [CLAIM], hour=10)
    assert north.off == {Action.SUSPEND_ANALYTICS}


def test_a_warning_that_no_server_took_switches_nothing_off() -> None:
    north = Customer()
    for days in range(10, 90):
        north.sweep(after(days), [CLAIM], server_takes=False)
    assert north.off == set()


def test_what_the_cloud_cannot_do_itself_is_a_task() -> None:
    written = Customer(means=Means(mail=False))
    assert written.sweep(after(3), [CLAIM])[-1] == Decided(REMINDER, Outcome.TASK)
    warned = [Taken(WARNING, Outcome.SENT, at(after(10)))]
    assert decide(
        DEFAULT,
        DUE,
        warned,
        today=after(17),
        now=at(after(17)),
        means=Means(provisioning=False),
    ) == [Decided(ANALYTICS, Outcome.TASK)]


def test_a_pause_ends_on_its_day_and_ends_no_episode() -> None:
    north = Customer()
    for days in range(-3, 11):
        north.sweep(after(days), [CLAIM])
    for days in range(11, 30):
        assert north.sweep(after(days), [CLAIM], paused_until=after(30)) == []
    assert [one.step for one in north.sweep(after(30), [CLAIM], paused_until=after(30))] == [
        ANALYTICS,
        RECORDING,
    ]
    assert north.episodes == 1


def test_a_suspension_whose_day_is_changed_is_not_made_twice() -> None:
    north = Customer()
    for days in range(-3, 18):
        north.sweep(after(days), [CLAIM])
    north.policy = replace(
        DEFAULT, steps=(WARNING, Step(20, Action.SUSPEND_ANALYTICS), RECORDING, CLOSE)
    )
    for days in range(18, 40):
        north.sweep(after(days), [CLAIM])
    assert [one.step.action for _, one in north.log].count(Action.SUSPEND_ANALYTICS) == 1


def test_a_customer_is_told_what_comes_next_and_when() -> None:
    sent = [Taken(step, Outcome.SENT, at(after(step.days))) for step in DEFAULT.steps[:2]]
    assert next_step(DEFAULT, DUE, sent, today=after(4)) == Next(WARNING, after(10))
    assert next_step(DEFAULT, DUE, sent, today=after(4), paused_until=after(12)) == Next(
        WARNING, after(12)
    )
    unheard = [*sent, Taken(WARNING, Outcome.RETRYING)]
    assert next_step(DEFAULT, DUE, unheard, today=after(18)) == Next(ANALYTICS, None)
    late = [*sent, Taken(WARNING, Outcome.SENT, at(after(15)))]
    assert next_step(DEFAULT, DUE, late, today=after(18)) == Next(ANALYTICS, after(22))
    assert next_step(DEFAULT, DUE, [*late, *_rest()], today=after(60)) is None


def _rest() -> list[Taken]:
    return [Taken(step, Outcome.DONE) for step in (ANALYTICS, RECORDING, CLOSE)]


ACTIONS = st.sampled_from(Action)
STEPS = st.lists(st.builds(Step, st.integers(-10, 40), ACTIONS), max_size=8, unique=True)
POLICIES = st.just(DEFAULT) | st.builds(
    Policy,
    steps=STEPS.map(lambda steps: (Step(2, Action.WARN), *steps)),
    minimum=st.integers(0, 2_000),
    notice_days=st.integers(0, 14),
)


DAYS = st.integers(0, 200)


@st.composite
def years(draw: st.DrawFn) -> list[tuple[date, list[Claim], date | None, bool]]:
    """250 days: invoices that come, are paid, disputed and taken up again; pauses; deaf servers.

    A whole stretch passes without a sweep.
    """
    born = draw(
        st.lists(st.tuples(st.integers(0, 150), st.integers(1, 120)), min_size=1, max_size=5)
    )
    amounts = draw(st.lists(st.integers(400, 5_000), min_size=5, max_size=5))
    quarrel, deaf, asleep = (
        range(start, start + length)
        for start, length in draw(st.tuples(*[st.tuples(DAYS, st.integers(0, 30))] * 3))
    )
    pause = draw(st.none() | DAYS)
    days = [day for day in range(-10, 240) if day not in asleep]
    found = []
    for day in days:
        claims = [
            Claim(after(due), left=amount if day < due + paid_after else 0, disputed=day in quarrel)
            for (due, paid_after), amount in zip(born, amounts, strict=False)
        ]
        until = after(pause) if pause is not None and day >= pause - 20 else None
        found.append((after(day), claims, until, day not in deaf))
    return found


@given(policy=POLICIES, year=years())
def test_law_12_never_without_warning_never_twice_nothing_left_off_afterwards(
    policy: Policy, year: list[tuple[date, list[Claim], date | None, bool]]
) -> None:
    customer = Customer(policy=policy)
    counted: dict[tuple[int, Action], int] = {}
    for today, claims, until, server_takes in year:
        before = list(customer.taken) if customer.is_open else []
        decided = customer.sweep(today, claims, until, server_takes=server_takes)
        mails = [one for one in decided if one.step.action.is_mail]
        assert [one.outcome for one in mails[:-1]] == [Outcome.MISSED] * len(mails[:-1])
        assert [one.step for one in decided] == sorted(one.step for one in decided)
        if until is not None and today < until:
            assert decided == []
        for one in decided:
            if one.outcome is Outcome.DONE:
                key = (customer.episodes, one.step.action)
                counted[key] = counted.get(key, 0) + 1
                assert any(
                    had.step.action is Action.WARN
                    and had.accepted_at is not None
                    and at(today) - had.accepted_at >= timedelta(days=policy.notice_days)
                    for had in before
                )
        if not any(claim.counts(policy, today) for claim in claims):
            assert customer.off == set()
    assert all(times == 1 for times in counted.values())


@given(policy=POLICIES, year=years())
def test_a_second_sweep_of_the_same_hour_decides_nothing(
    policy: Policy, year: list[tuple[date, list[Claim], date | None, bool]]
) -> None:
    """Also not where a suspension waits: it is written once as waiting."""
    customer = Customer(policy=policy)
    for today, claims, until, _ in year:
        customer.sweep(today, claims, until, server_takes=False)
        assert customer.sweep(today, claims, until, server_takes=False) == []
