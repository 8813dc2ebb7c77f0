"""Forms read JSON and HTML alike, and tell everything that is wrong at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest

from portal.billing.period import Period
from portal.catalog.forms import meter, rate, service, tariff
from portal.customers.forms import camera, cloud, referral, subscriber
from portal.errors import Invalid
from portal.kit.forms.form import (
    UNSET,
    ListOf,
    Nested,
    Unset,
    parse,
    parse_texts,
    schema_of,
    values_of,
)
from portal.values.kinds import Choice, Day, Email, Flag, Month, Percent, Quantity, Text, Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A round thing."""

    size: Annotated[Decimal, Quantity()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """Something on wheels."""

    name: Annotated[str, Text(10)]
    owner: Annotated[str | None, Email()] = None
    since: Annotated[date, Day()] = date(2026, 1, 1)
    wheels: Annotated[tuple[Wheel, ...], ListOf(Nested(Wheel), 4)] = ()
    fast: Annotated[bool, Flag()] = False
    seats: Annotated[int, Whole(1, 9)] = 2
    share: Annotated[Decimal, Percent()] = Decimal(0)
    colour: Annotated[str, Choice(("red", "blue"))] = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class CartChange:
    """What is to be different."""

    name: Annotated[str | Unset, Text(10)] = UNSET
    owner: Annotated[str | Unset | None, Email()] = UNSET


def wrong(form: Any, data: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse(form, data)
    return refused.value.fields


def test_what_is_not_sent_is_its_default():
    assert parse(Cart, {"name": "Rosie"}) == Cart(name="Rosie")


def test_everything_wrong_is_told_by_its_path():
    fields = wrong(
        Cart, {"wheels": [{"size": 1}, {"size": -1}, {}], "owner": "x", "fast": 1, "horn": True}
    )
    assert fields.keys() == {"name", "wheels[1].size", "wheels[2].size", "owner", "fast", "horn"}


def test_null_is_a_value_only_where_it_says_so():
    assert parse(Cart, {"name": "a", "owner": None}).owner is None
    assert wrong(Cart, {"name": None}) == {"name": "must not be null"}


@pytest.mark.parametrize("data", [None, [], "text", 1, True])
def test_what_is_no_object_is_refused_as_a_whole(data):
    assert wrong(Cart, data) == {"body": "must be an object"}


def test_a_million_unknown_fields_make_a_short_answer():
    fields = wrong(Cart, {f"field {number}": 1 for number in range(100_000)})
    assert len(fields) <= 100


def test_an_unknown_name_is_made_fit_to_be_read():
    (name,) = wrong(Cart, {"name": "a", "\ud800\0" + "x" * 1000: 1})
    assert len(name) < 70
    name.encode()


def test_a_change_tells_not_sent_from_null():
    assert values_of(parse(CartChange, {})) == {}
    assert values_of(parse(CartChange, {"owner": None})) == {"owner": None}
    assert values_of(parse(CartChange, {"name": "b"})) == {"name": "b"}


def test_an_html_form_is_read_from_text():
    sent = {
        "name": "a",
        "owner": "",
        "fast": "on",
        "seats": "3",
        "share": "2.5",
        "since": "2026-10-16",
    }
    cart = parse_texts(Cart, sent)
    assert cart == Cart(
        name="a", fast=True, seats=3, share=Decimal("2.5"), since=date(2026, 10, 16)
    )
    with pytest.raises(Invalid) as refused:
        parse_texts(Cart, {"name": "a", "seats": "10", "fast": "maybe"})
    assert refused.value.fields.keys() == {"seats", "fast"}


def test_a_list_in_an_html_form_is_a_line_for_each():
    sent = {
        "slug": "n",
        "name": "N",
        "currency": "EUR",
        "timezone": "UTC",
        "address": "Via 1\r\nRoma\r\n",
    }
    assert parse_texts(cloud.NewCloud, sent).address == ("Via 1", "Roma")


@pytest.mark.parametrize("good", ["2026-10", "2000-01", "2199-12"])
def test_a_month_is_its_first_day(good):
    assert Month().read(good, "period") == Period.month(good)


@pytest.mark.parametrize(
    "bad", ["2026-00", "2026-13", "2026-1", "2026", "2026-10-01", 202610, None]
)
def test_what_is_no_month_is_refused(bad):
    with pytest.raises(Invalid):
        Month().read(bad, "period")


@pytest.mark.parametrize(
    "form",
    [
        camera.NewCamera, camera.CameraChange, cloud.NewCloud, cloud.CloudChange, meter.NewMeter,
        rate.NewRate, referral.NewReferral, referral.ReferralChange, service.NewService,
        subscriber.NewSubscriber, subscriber.SubscriberChange, tariff.NewTariff, tariff.NewVersion,
    ],
)  # fmt: skip
def test_every_form_describes_itself(form):
    schema = schema_of(form)
    assert schema["description"]
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= schema["properties"].keys()


def test_a_form_that_does_not_say_its_kinds_is_a_mistake_of_ours():
    @dataclass
    class Vague:
        name: str

    with pytest.raises(TypeError, match=r"Vague\.name"):
        parse(Vague, {"name": "a"})
