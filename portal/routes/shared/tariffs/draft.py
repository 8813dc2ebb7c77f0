"""A tariff while it is composed: the boxes of the page, and what can be read of them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from portal.billing.money import digits
from portal.billing.pricing import pricing_from
from portal.catalog.forms.tariff import NewItem, NewTariff, NewVersion, TriedVersion
from portal.catalog.queries.tariffs import Version
from portal.errors import Invalid
from portal.kit.forms.nested import (
    INTENT,
    Intent,
    by_box,
    changed_rows,
    flat,
    intent_of,
    nested,
    parse_nested,
)
from portal.values.amounts import major
from portal.values.fields import label_of
from portal.values.kinds import Percent, Price
from portal.values.numbers import number_in
from portal.values.pricing import boxes_of_pricing
from portal.values.typed import typed
from portal.watcher.forms.connection import NewMapping
from portal.words import _

OF_TRYING: Final = ("try_month", "try_on", "try_tariff", "try_show", "try_page")
OF_PRESET: Final = ("preset", "map_preset")
BESIDE: Final = frozenset(
    {INTENT, "_csrf_token", "target", "sell_below_cost", *OF_PRESET, *OF_TRYING}
)
"""Boxes of the page that are none of the tariff's."""
NAMES_BESIDE: Final[Mapping[str, str]] = {
    "sell_below_cost": _("Sell below cost"),
    "map_preset": _("Preset"),
}
OF_TARIFF: Final = ("name", "code", "note")
CODE_MAX: Final = 64
_WORDS: Final = re.compile(r"[^a-z0-9]+")
BLANK_ITEM: Final[Mapping[str, Any]] = {"service": "", "quantity": ""}


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed: `boxes` are all of it by name, `values` the tariff's nested.

    `new` says whether it is a tariff that there is not yet.
    """

    intent: Intent
    boxes: dict[str, str]
    values: dict[str, Any]
    new: bool

    @property
    def may_lose(self) -> bool:
        """Whether "Sell below cost" is ticked."""
        return bool(self.boxes.get("sell_below_cost"))

    @property
    def preset(self) -> NewMapping | None:
        """The preset that it is made of; None of a tariff that is made of none."""
        connection, _dash, number = self.boxes.get("preset", "").partition("-")
        meant, known = number_in(connection), number_in(number)
        if meant is None or known is None:
            return None
        return NewMapping(connection=meant or None, preset=known)

    @property
    def maps_preset(self) -> bool:
        """Whether its preset is to be mapped to it."""
        return bool(self.boxes.get("map_preset"))

    def of_preset(self, named: str) -> "Draft":
        """The same made of a preset ("12-6"), which is mapped to it unless somebody says no."""
        return replace(self, boxes={**self.boxes, "preset": named, "map_preset": "on"})

    def parsed(self) -> NewVersion:
        """The form. Raises `Invalid` with every wrong field."""
        return parse_nested(NewTariff if self.new else NewVersion, self._whole)

    @property
    def _whole(self) -> dict[str, Any]:
        """The tariff's values as the form takes them: without a tick no reason is kept."""
        billed = self.values.get("bill_when_disabled") or "false"
        values = {**self.values, "bill_when_disabled": billed}
        if not self.may_lose:
            values.pop("below_cost_reason", None)
        return values

    def tried(self) -> NewVersion:
        """The version alone, which is tried before it has a name. Raises `Invalid`."""
        values = {name: one for name, one in self._whole.items() if name not in OF_TARIFF}
        return parse_nested(TriedVersion, values)

    def errors(self) -> dict[str, str]:
        """What is wrong with what stands in the boxes; those that are empty may yet be filled."""
        try:
            self.parsed()
        except Invalid as invalid:
            return {name: text for name, text in by_box(invalid).items() if self.boxes.get(name)}
        return {}

    def readable(self) -> TriedVersion | None:
        """The version as far as it can be read; None without a price.

        A half-typed row is left out: nothing is wrong while somebody types.
        """
        price = _price(self.values.get("monthly_price", ""))
        if price is None:
            return None
        return TriedVersion(
            monthly_price=price,
            items=tuple(item for _place, item in self.items()),
        )

    def items(self) -> list[tuple[int, NewItem]]:
        """The rows that can be read, each with its place on the page; of a service the first."""
        found: dict[str, tuple[int, NewItem]] = {}
        for place, row in enumerate(self.rows):
            boxes = {name: row.get(name, "") for name in ("service", "quantity")}
            try:
                item = parse_nested(NewItem, boxes)
            except Invalid:
                continue
            found.setdefault(item.service, (place, item))
        return list(found.values())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of services as they stand on the page."""
        listed = self.values.get("items")
        return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []

    @property
    def target(self) -> Decimal | None:
        """The margin that is wanted, in percent, where one can be read."""
        try:
            found: Decimal = Percent().read_text(self.boxes.get("target", ""), "target")
        except Invalid:
            return None
        return found

    def at_price(self, amount: int, currency: str, locale: str) -> "Draft":
        """The same at another price, in minor units."""
        text = typed(major(amount, currency), locale, digits(currency))
        return replace(
            self,
            boxes={**self.boxes, "monthly_price": text},
            values={**self.values, "monthly_price": text},
        )

    @property
    def hidden(self) -> dict[str, str]:
        """All that was typed, for a page that leads back to it."""
        return {name: text for name, text in self.boxes.items() if name not in OF_TRYING}


def read_draft(sent: Mapping[str, str], *, new: bool) -> Draft:
    """What a form sent, with the row added or taken away that its button names."""
    intent = intent_of(sent)
    kept = {name: text for name, text in sent.items() if name not in BESIDE}
    values = nested(kept)
    if intent.verb in {"add", "remove"}:
        values = changed_rows(values, intent, BLANK_ITEM)
    if not new:
        values = {name: one for name, one in values.items() if name not in OF_TARIFF}
    elif not str(values.get("code", "")).strip() and isinstance(values.get("name"), str):
        values["code"] = proposed_code(values["name"])
    if isinstance(values.get("items"), list):
        values["items"] = [_without_price(row) for row in values["items"]]
    beside = {name: text for name, text in sent.items() if name in BESIDE - {INTENT, "_csrf_token"}}
    return Draft(intent, {**flat(values), **beside}, values, new)


def blank_draft(today: date, target: Decimal, locale: str) -> Draft:
    """A tariff that nothing is known of yet: of today, with room for one service."""
    values = {
        "valid_from": today.isoformat(),
        "bill_when_disabled": "on",
        "items": [dict(BLANK_ITEM)],
    }
    return _of(values, target, locale, new=True)


def offered_draft(
    name: str,
    items: Sequence[tuple[str, Decimal]],
    price: Decimal | None,
    draft: Draft,
    locale: str,
) -> Draft:
    """A blank draft with a name, services and quantities, and a price where there is one."""
    values: dict[str, Any] = {
        **draft.values,
        "name": name,
        "code": proposed_code(name),
        "monthly_price": "" if price is None else typed(price, locale),
    }
    if items:
        values["items"] = [
            {"service": service, "quantity": typed(quantity, locale)} for service, quantity in items
        ]
    beside = {one: text for one, text in draft.boxes.items() if one in BESIDE}
    return replace(draft, boxes={**flat(values), **beside}, values=values)


def draft_of(
    version: Version, valid_from: date, target: Decimal, currency: str, locale: str, *, new: bool
) -> Draft:
    """A version to begin another one with."""
    places = digits(currency)
    values: dict[str, Any] = {
        "valid_from": valid_from.isoformat(),
        "monthly_price": typed(version.monthly_price, locale, places),
        "setup_fee": typed(version.setup_fee, locale, places) if version.setup_fee else "",
        "trial_days": str(version.trial_days) if version.trial_days else "",
        "items": [
            {
                "service": item.service,
                "quantity": typed(item.quantity, locale),
                "overage": {}
                if item.overage is None
                else boxes_of_pricing(pricing_from(item.overage), locale),
            }
            for item in version.items
        ]
        or [dict(BLANK_ITEM)],
    }
    if version.bill_when_disabled:
        values["bill_when_disabled"] = "on"
    return _of(values, target, locale, new=new)


def proposed_code(name: str) -> str:
    """A code made of a name: "Home 7 · Città" is "home-7-citta"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _WORDS.sub("-", plain.lower()).strip("-")[:CODE_MAX].rstrip("-")


def labels_of(errors: Mapping[str, str]) -> dict[str, str]:
    """What the boxes with errors are called: "Service 2 · Quantity"."""
    found = {}
    for box in errors:
        rows, _dash, rest = box.partition("-")
        place, _dash, name = rest.partition("-")
        if rows == "items" and place.isdigit() and name:
            told = {"number": int(place) + 1, "field": label_of(name.rpartition("-")[2])}
            found[box] = _("Service %(number)s · %(field)s") % told
        elif box in BESIDE:
            found[box] = NAMES_BESIDE.get(box, "")
        else:
            found[box] = label_of(box)
    return found


def _of(values: dict[str, Any], target: Decimal, locale: str, *, new: bool) -> Draft:
    return Draft(Intent(), {**flat(values), "target": typed(target, locale)}, values, new)


def _price(text: object) -> Decimal | None:
    try:
        found: Decimal = Price().read_text(str(text).strip(), "monthly_price")
    except Invalid:
        return None
    return found


def _without_price(row: Any) -> Any:
    """A row whose use beyond is not charged keeps nothing of a price that was typed before."""
    overage = row.get("overage") if isinstance(row, dict) else None
    if isinstance(overage, dict) and not overage.get("model"):
        return {name: one for name, one in row.items() if name != "overage"}
    return row
