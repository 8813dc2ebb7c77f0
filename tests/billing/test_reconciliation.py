"""What differences come to together: each camera once, with the kind that is worth most."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.reconciliation import Difference, Kind, total_worth
from tests.billing.cast import law

DIFFERENCES = st.lists(
    st.builds(
        Difference,
        st.sampled_from(Kind),
        st.sampled_from(("gate", "yard", "dock", None)),
        st.integers(1, 31),
        st.integers(0, 10_000),
        st.just(""),
    ),
    max_size=12,
)


def of(kind: Kind, camera: str | None, worth: int) -> Difference:
    return Difference(kind, camera, 1, worth, "")


def test_a_camera_of_two_kinds_counts_once_with_the_higher():
    assert (
        total_worth(
            [
                of(Kind.RECORDED_NOT_BILLED, "gate", 1000),
                of(Kind.NOT_MAPPED, "gate", 700),
                of(Kind.NOT_MAPPED, "yard", 300),
            ]
        )
        == 1300
    )


def test_rows_of_one_kind_add_up_and_days_not_read_are_of_no_camera():
    assert (
        total_worth(
            [
                of(Kind.DEPTH_ABOVE_PRESET, "gate", 200),
                of(Kind.DEPTH_ABOVE_PRESET, "gate", 300),
                of(Kind.PRESET_DIFFERS, "gate", 400),
                of(Kind.DAY_NOT_READ, None, 50),
                of(Kind.DAY_NOT_READ, None, 50),
            ]
        )
        == 600
    )


@law(100)
@given(DIFFERENCES, st.randoms(use_true_random=False))
def test_the_order_is_nothing_and_a_camera_more_never_takes_away(differences, random):
    whole = total_worth(differences)
    shuffled = random.sample(differences, len(differences))
    assert total_worth(shuffled) == whole
    assert total_worth(differences[1:]) <= whole <= sum(one.worth for one in differences)
    parts = {one.camera for one in differences}
    assert whole == sum(
        total_worth([one for one in differences if one.camera == camera]) for camera in parts
    )
