"""What a cloud sets of its reminders: the steps, their words, and what is refused at which field."""

from __future__ import annotations

import pytest

from portal.billing.dunning.steps import DEFAULT
from portal.books.actions.dunning import settings
from portal.books.forms.dunning import PolicyForm
from portal.db import bound_by_policies
from portal.errors import Forbidden, Invalid
from portal.kit.forms.form import parse
from tests.books.dunning.conftest import SUES, Clouds, at, north
from tests.cast import CARL, NORA, NORTH


async def test_a_cloud_sets_its_own_steps_and_words(clouds: Clouds) -> None:
    form = parse(
        PolicyForm,
        {
            "steps": [{"days": 5, "action": "remind"}, {"days": 1, "action": "remind"}],
            "minimum": "20.00",
            "notice_days": 14,
            "texts": [
                {"days": 1, "action": "remind", "text": ["{customer}: {amount}, {operator}!"]}
            ],
        },
    )
    with bound_by_policies():
        with pytest.raises(Forbidden):
            await settings.save(CARL, await north(), form)
        saved = await settings.save(NORA, await north(), form)
    assert [(one.days, one.action.value) for one in saved.steps] == [(1, "remind"), (5, "remind")]
    await clouds.owes(NORTH, SUES, 1999)
    await clouds.go(at(2))
    assert await clouds.steps() == []
    await clouds.owes(NORTH, SUES, 2000)
    await clouds.go(at(2))
    assert await clouds.steps() == [(1, "remind", "sent")]
    body = clouds.mailbox.letters[0].get_body(("plain",))
    assert body is not None
    assert "Sue: €20.00, North Telecom!" in body.get_content()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"steps": [{"days": 3, "action": "shout"}]}, "steps[0].action"),
        ({"steps": [{"days": 400, "action": "remind"}]}, "steps[0].days"),
        ({"steps": [{"days": 3, "action": "remind"}] * 2}, "steps[1].days"),
        (
            {"steps": [{"days": 3, "action": "close"}, {"days": 4, "action": "close"}]},
            "steps[1].action",
        ),
        ({"steps": [], "minimum": "-1"}, "minimum"),
        ({"steps": [], "notice_days": -1}, "notice_days"),
        (
            {
                "steps": [{"days": 3, "action": "remind"}],
                "texts": [{"days": 3, "action": "remind", "text": ["{password}"]}],
            },
            "texts[0].text[0]",
        ),
        (
            {"steps": [], "texts": [{"days": 3, "action": "remind", "text": ["Hello"]}]},
            "texts[0].days",
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused_at_its_field(data: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(PolicyForm, data)
    assert field in refused.value.fields


def test_the_usual_steps() -> None:
    assert [(one.days, one.action.value) for one in DEFAULT.steps] == [
        (-3, "remind"),
        (3, "remind"),
        (10, "warn"),
        (17, "suspend_analytics"),
        (24, "suspend_recording"),
        (45, "close"),
    ]
