"""The demo's cameras: where each hangs, and on which tariff it was from when to when."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from portal.demo.customers import CUSTOMERS, EVENTS, UNMAPPED, Customer, Event
from portal.demo.months import Months

PLACES: Final = {
    "home": ("Gate", "Yard", "Garage", "Terrace"),
    "shop": ("Entrance", "Till 1", "Window", "Back door", "Storeroom", "Till 2", "Aisle 1",
             "Aisle 2", "Aisle 3", "Office", "Delivery", "Cold room"),
    "parking": ("Entry lane", "Exit lane", "Level 1", "Level 2", "Ramp lane", "Pay station"),
    "school": ("Entrance", "Corridor", "Gym", "Library", "Yard", "Bicycle shed", "Side door",
               "Canteen"),
    "farm": ("Gate", "Barn", "Yard", "Stable", "Silo", "Tank", "Field road", "Workshop"),
    "works": ("Gate", "Yard", "Hall", "Mast", "Store", "Paint shop"),
    "office": ("Entrance", "Reception", "Corridor", "Archive", "Side door", "Parking"),
    "building": ("Gate", "Lobby", "Lift", "Cellars", "Roof", "Courtyard", "Bicycle shed"),
    "hotel": ("Entrance", "Reception", "Lobby", "Terrace", "Parking", "Corridor 1", "Corridor 2",
              "Kitchen", "Pool"),
    "warehouse": ("Gate", "Ramp 1", "Ramp 2", "Aisle 1", "Aisle 2", "Aisle 3", "Office", "Fence",
                  "Entrance", "Cold room"),
}  # fmt: skip
NOBODY: Final = 99
"""Instead of a customer's number: the one whom nobody has mapped."""
GROWTH_PERCENT: Final = 20
"""So many in a hundred cameras came after their customer did."""
GROWTH_DAYS: Final = 85
"""The last of them this many days after the first day: still in a month that has ended."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A subscription: days `[starts_on, ends_on)` for a customer on a tariff."""

    customer: int
    tariff: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera and all its subscriptions, one after the other.

    `place` is where it hangs. One with `exact` use has just what its tariff includes, on every day.
    """

    external_id: str
    name: str
    place: str
    kind: str
    depth: int
    stretches: tuple[Stretch, ...]
    records_on: bool = False
    exact: bool = False

    @property
    def customer(self) -> int | None:
        """Whose it is today: nobody's, once its last subscription has ended."""
        last = self.stretches[-1]
        return last.customer if last.ends_on is None else None


def fleet(cloud: str, months: Months) -> list[Camera]:
    """All cameras of a cloud, the same at every call on the same day."""
    customers = CUSTOMERS[cloud]
    cameras = list(_worked_example(months)) if cloud == "north" else []
    for number, customer in enumerate(customers, start=1):
        later = customer.joined[1] if customer.joined else 0
        cameras += [
            _camera(customers, number, place, name, months, joins=index >= customer.cameras)
            for index, (place, name) in enumerate(_places(customer.kind, customer.cameras + later))
        ]
    return cameras


def unmapped(cloud: str, months: Months) -> Iterator[Camera]:
    """The cameras in an organization that nobody has mapped, from the first day on."""
    of = UNMAPPED[cloud]
    stretch = Stretch(NOBODY, of.tariff, months.day(of.since), None)
    for place, name in _places(of.kind, of.cameras):
        yield Camera(f"{slug(of.name)}-{slug(name)}", name, place, of.kind, 0, (stretch,))


def _worked_example(months: Months) -> Iterator[Camera]:
    """Sue's: *gate* all the time, *yard* from the 16th of the month that ended last."""
    for name, since in (("gate", months.first), ("yard", months.day((2, 16)))):
        stretch = Stretch(1, "home-7", since, None)
        yield Camera(name, name.title(), name.title(), "home", 0, (stretch,), exact=True)


def _places(kind: str, cameras: int) -> Iterator[tuple[str, str]]:
    """So many places and names of a kind: a second camera at the "Gate" is "Gate B"."""
    places = PLACES.get(kind, ())
    for index in range(cameras):
        around, at = divmod(index, len(places))
        yield places[at], places[at] + (f" {chr(ord('A') + around)}" if around else "")


def _camera(
    customers: Sequence[Customer],
    number: int,
    place: str,
    name: str,
    months: Months,
    *,
    joins: bool,
) -> Camera:
    customer = customers[number - 1]
    external_id = f"{slug(customer.name)}-{slug(name)}"
    event = next((e for e in EVENTS if (e.customer, e.place) == (customer.name, name)), None)
    starts_on = months.day(customer.joined[0] if joins and customer.joined else customer.since)
    if event is None:
        if customer.joined is None:
            starts_on = _start(external_id, starts_on, months)
        stretches: tuple[Stretch, ...] = (Stretch(number, customer.tariff, starts_on, None),)
    else:
        stretches = tuple(_changed(customers, number, event, months))
    return Camera(
        external_id=external_id,
        name=name,
        place=place,
        kind=customer.kind,
        depth=customer.depth,
        stretches=stretches,
        records_on=event is not None and event.records_on,
    )


def _start(external_id: str, earliest: date, months: Months) -> date:
    """The day a camera's subscription begins: its customer's first, or one of the days after."""
    rng = Random(f"start of {external_id}")  # noqa: S311 - always the same camera, no secret
    latest = months.first + timedelta(days=GROWTH_DAYS)
    if earliest >= latest or rng.randrange(100) >= GROWTH_PERCENT:
        return earliest
    return earliest + timedelta(days=rng.randint(1, (latest - earliest).days))


def _changed(
    customers: Sequence[Customer], number: int, event: Event, months: Months
) -> Iterator[Stretch]:
    customer = customers[number - 1]
    when = months.day(event.when)
    yield Stretch(number, customer.tariff, months.day(customer.since), when)
    if event.moves_to:
        to = next(n for n, one in enumerate(customers, start=1) if one.name == event.moves_to)
        yield Stretch(to, customer.tariff, when, None)
    elif event.tariff:
        yield Stretch(number, event.tariff, when, None)


def slug(name: str) -> str:
    """A name as part of a camera's name in the video system: "Till 1" is "till-1"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
