"""Rows of a form go to the page and come back, whatever is sent in their place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.pricing import Graduated, PerUnit, Pricing, Tier
from portal.errors import Invalid
from portal.kit.forms.form import ListOf, Nested
from portal.kit.forms.nested import (
    ROWS_MAX,
    Intent,
    box_of,
    by_box,
    changed_rows,
    count_rows,
    flat,
    intent_of,
    nested,
    parse_nested,
)
from portal.values.kinds import Price, Text
from portal.values.pricing import PricingOf, boxes_of_pricing


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A service of a plan."""

    service: Annotated[str, Text(20)]
    overage: Annotated[Pricing | None, PricingOf()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Services at a price."""

    price: Annotated[Decimal, Price()]
    items: Annotated[tuple[Item, ...], ListOf(Nested(Item), 10)] = ()


BOXES = {
    "price": "9,90",
    "items-0-service": "motion",
    "items-0-overage-model": "graduated",
    "items-0-overage-unit_price": "left over from another model",
    "items-0-overage-tiers-0-up_to": "10",
    "items-0-overage-tiers-0-unit_price": "0,5",
    "items-0-overage-tiers-1-unit_price": "0.25",
    "items-0-overage-tiers-1-flat_fee": "",
    "items-3-service": "plates",
    "items-3-overage-model": "",
}
NAMES = st.sampled_from(["a", "b"])
VALUES = st.recursive(
    st.text("xyz", min_size=1, max_size=3),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3), st.dictionaries(NAMES, inner, min_size=1)
    ),
    max_leaves=12,
)


def test_boxes_become_the_form() -> None:
    half = (Tier(Decimal(10), Decimal("0.5")), Tier(None, Decimal("0.25")))
    assert parse_nested(Plan, nested(BOXES)) == Plan(
        price=Decimal("9.90"),
        items=(Item(service="motion", overage=Graduated(half)), Item(service="plates")),
    )


def test_every_wrong_box_is_named_as_it_stands_on_the_page() -> None:
    wrong = {
        **BOXES,
        "price": "1.234",
        "items-1-service": "",  # an empty row between is none
        "items-0-overage-tiers-0-up_to": "x",
        "items-3-service": "a" * 21,
    }
    with pytest.raises(Invalid) as refused:
        parse_nested(Plan, nested(wrong))
    assert set(by_box(refused.value)) == {
        "price",
        "items-0-overage-tiers-0-up_to",
        "items-2-service",
    }


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_what_a_page_is_given_comes_back(values: dict[str, Any]) -> None:
    assert nested(flat(values)) == values


@given(st.dictionaries(st.text("ab-0123456789", max_size=12), st.text(max_size=3), max_size=8))
def test_whatever_is_sent_is_read_without_harm(boxes: dict[str, str]) -> None:
    values = nested(boxes)
    for name in boxes:
        changed_rows(values, intent_of({"intent": f"add-{name}"}))
        changed_rows(values, intent_of({"intent": f"remove-{name}"}))
        assert count_rows(boxes, name) <= len(boxes)


def test_rows_are_added_and_taken_away_where_the_button_says() -> None:
    values = changed_rows(nested(BOXES), Intent("add", "items"), {"service": ""})
    assert [one["service"] for one in values["items"]] == ["motion", "plates", ""]
    values = changed_rows(values, Intent("add", "items-0-overage-tiers"))
    assert count_rows(flat({"items": values["items"]}), "items-0-overage-tiers") == 2
    assert len(values["items"][0]["overage"]["tiers"]) == 3
    values = changed_rows(values, Intent("remove", "items-0"))
    assert [one["service"] for one in values["items"]] == ["plates", ""]
    same = nested(BOXES)
    for target in ("items-9", "price-1", "", "items-0-service-1", "-", "items-x"):
        assert changed_rows(nested(BOXES), Intent("remove", target)) == same, target


def test_rows_have_an_end() -> None:
    values: dict[str, Any] = {"items": [{"service": str(n)} for n in range(ROWS_MAX)]}
    assert len(changed_rows(values, Intent("add", "items"))["items"]) == ROWS_MAX
    assert nested({"items-100-service": "far", "items-99999999999999-service": "further"}) == {}


def test_a_button_says_what_it_is_about_and_enter_saves() -> None:
    assert intent_of({}) == Intent("save", "")
    assert intent_of({}).saves
    assert intent_of({"intent": "remove-items-2"}) == Intent("remove", "items-2")
    assert not intent_of({"intent": "recalculate"}).saves


def test_a_price_stands_in_its_boxes_as_people_type_it() -> None:
    assert boxes_of_pricing(PerUnit(Decimal("1.125")), "it_IT") == {
        "model": "per_unit",
        "unit_price": "1,1250",
    }
    assert box_of("items[0].overage.tiers[1].up_to") == "items-0-overage-tiers-1-up_to"
