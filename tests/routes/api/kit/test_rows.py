"""Answers are made from rows by name: what a field's type says is how its value is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from portal.books.queries.charges import ChargeRow
from portal.catalog.queries import tariffs
from portal.routes.api import answers
from portal.routes.api.kit.rows import answer

GATE = ChargeRow(
    id=7,
    camera="gate",
    side="retail",
    kind="recurring",
    service=None,
    tariff="home",
    subscriber=1,
    original_period=date(2026, 10, 1),
    quantity=Fraction(16, 31),
    unit_price=Decimal("9.9"),
    amount=511,
    currency="EUR",
)
HOME = tariffs.Tariff(
    code="home",
    name="Home",
    versions=(
        tariffs.Version(
            valid_from=date(2026, 1, 1),
            monthly_price=Decimal("9.9"),
            setup_fee=Decimal(0),
            trial_days=14,
            bill_when_disabled=False,
            items=(
                tariffs.Item("archive", Decimal("7.0"), {"model": "per_unit", "unit_price": "1"}),
                tariffs.Item("plates", Decimal(1), None),
            ),
        ),
    ),
)


def test_amounts_prices_quantities_and_months_are_written_as_their_types_say():
    made = answer(answers.Charge, GATE)
    assert made.amount == "5.11"
    assert made.unit_price == "9.90"
    assert made.quantity == "0.516129"
    assert made.original_period == "2026-10"
    yen = answer(answers.Charge, replace(GATE, currency="JPY", unit_price=None))
    assert (yen.amount, yen.unit_price) == ("511", None)


def test_rows_within_rows_are_in_the_same_currency():
    (version,) = answer(answers.Tariff, HOME, currency="USD").versions
    assert (version.monthly_price, version.setup_fee) == ("9.90", "0.00")
    archive, plates = version.items
    assert archive.quantity == "7"
    assert archive.overage == {"model": "per_unit", "unit_price": "1.00"}
    assert plates.overage is None


def test_what_is_made_goes_before_what_the_row_has_and_nothing_is_made_up():
    @dataclass(frozen=True)
    class Bare:
        camera: str = "gate"

    assert answer(answers.Charge, GATE, camera="door").camera == "door"
    with pytest.raises(AttributeError, match="side"):
        answer(answers.Charge, Bare())
    with pytest.raises(TypeError, match="colour"):
        answer(answers.Charge, GATE, colour="red")


def test_every_answer_of_a_list_is_json_with_its_fields_in_order():
    told = msgspec.json.decode(msgspec.json.encode(answer(answers.Charge, GATE)))
    assert list(told) == list(answers.Charge.__struct_fields__)
