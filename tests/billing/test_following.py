"""What presets ask for against what stands: nobody's days are lost, given twice or taken back."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.following import Change, Standing, Wanted, decide

FIRST = date(2026, 1, 1)
OURS, THEIRS = 1, 2
SUE, BOB = 1, 2


def on(day: int) -> date:
    """The day with this number; 1 is 1 January 2026."""
    return FIRST + timedelta(days=day - 1)


def wanted(start: int, end: int | None, subscriber: int = SUE, tariff: int = 1) -> Wanted:
    return Wanted(subscriber, tariff, on(start), None if end is None else on(end))


def stands(
    number: int,
    start: int,
    end: int | None,
    subscriber: int = SUE,
    tariff: int = 1,
    follows: int | None = OURS,
) -> Standing:
    ends_on = None if end is None else on(end)
    return Standing(number, subscriber, tariff, on(start), ends_on, follows)


def test_what_is_right_stays() -> None:
    assert decide([wanted(1, None)], [stands(7, 1, None)], OURS, on(9)) == Change([], [], [])


def test_another_tariff_begins_where_the_one_before_ends() -> None:
    change = decide([wanted(1, 9), wanted(9, None, tariff=2)], [stands(7, 1, None)], OURS, on(9))
    assert change == Change([(7, on(9))], [], [wanted(9, None, tariff=2)])


def test_a_subscription_that_would_be_empty_is_taken_back() -> None:
    change = decide([wanted(9, None, tariff=2)], [stands(7, 9, None)], OURS, on(9))
    assert change == Change([], [7], [wanted(9, None, tariff=2)])


def test_what_a_person_made_is_left_alone_and_filled_up_around() -> None:
    by_hand = [stands(7, 5, 8, tariff=3, follows=None), stands(8, 20, None, tariff=3, follows=None)]
    change = decide([wanted(1, None)], by_hand, OURS, on(9))
    assert change == Change([], [], [wanted(1, 5), wanted(8, 20)])


def test_days_of_closed_months_stay_as_they_were_billed() -> None:
    january = [(on(1), on(32))]
    change = decide(
        [wanted(1, 20), wanted(20, None, tariff=2)], [stands(7, 1, None)], OURS, on(40), january
    )
    assert change == Change([(7, on(32))], [], [wanted(32, None, tariff=2)])
    assert decide([wanted(5, None)], [], OURS, on(40), january).made == [wanted(32, None)]
    february = [(on(32), on(60))]
    assert decide([wanted(5, None)], [], OURS, on(70), february).made == [
        wanted(5, 32),
        wanted(60, None),
    ]


@st.composite
def rows(draw: st.DrawFn, *, ends: bool) -> list[tuple[int, int | None, int, int]]:
    """Ranges of days in order that do not overlap, each with a subscriber and a tariff."""
    bounds = sorted(draw(st.sets(st.integers(1, 90), max_size=8)))
    found: list[tuple[int, int | None, int, int]] = [
        (start, end, draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        for start, end in zip(bounds[::2], bounds[1::2], strict=False)
    ]
    if bounds and ends and draw(st.booleans()) and len(bounds) % 2:
        found.append((bounds[-1], None, 1, 1))
    return found


def holder(
    subscriptions: list[tuple[date, date | None, int, int]], day: date
) -> list[tuple[int, int]]:
    return [
        (subscriber, tariff)
        for start, end, subscriber, tariff in subscriptions
        if start <= day and (end is None or day < end)
    ]


@given(
    rows(ends=True),
    rows(ends=True),
    st.lists(st.sampled_from([OURS, None]), min_size=8),
    st.integers(1, 90),
)
def test_every_day_has_one_holder_and_wanted_days_are_held(
    ask: list[tuple[int, int | None, int, int]],
    there: list[tuple[int, int | None, int, int]],
    makers: list[int | None],
    today: int,
) -> None:
    standing = [
        stands(number, start, end, subscriber, tariff, follows)
        for number, ((start, end, subscriber, tariff), follows) in enumerate(
            zip(there, makers, strict=False)
        )
    ]
    asked = [wanted(start, end, subscriber, tariff) for start, end, subscriber, tariff in ask]
    change = decide(asked, standing, OURS, on(today))
    ended = dict(change.ends)
    after = [
        (one.starts_on, ended.get(one.id, one.ends_on), one.subscriber, one.tariff)
        for one in standing
        if one.id not in change.emptied
    ]
    made = [(one.starts_on, one.ends_on, one.subscriber, one.tariff) for one in change.made]
    before = [(one.starts_on, one.ends_on, one.subscriber, one.tariff) for one in standing]
    for number in range(1, 120):
        holders = holder(after + made, on(number))
        assert len(holders) <= 1, number
        if any(
            one.starts_on <= on(number) and (one.ends_on is None or on(number) < one.ends_on)
            for one in asked
        ):
            assert holders, number
        touched = [one for one in standing if one.follows == OURS and one.ends_on is None]
        if not touched and holder(before, on(number)):
            assert holder(after, on(number)) == holder(before, on(number))
    assert all(start < end for start, end, _, _ in after + made if end is not None)
    makers_after = [one.follows for one in standing if one.id not in change.emptied]
    again = [
        Standing(number, subscriber, tariff, start, end, follows)
        for number, ((start, end, subscriber, tariff), follows) in enumerate(
            zip(after + made, makers_after + [OURS] * len(made), strict=True)
        )
    ]
    assert decide(asked, again, OURS, on(today)) == Change([], [], [])
