"""The demo's cameras as a simulated Watcher has them: presets, organizations, and what happens.

A tariff's subscription is a preset, a customer an organization, and everything that the fleet's
stretches tell is a script: cameras are put up, change presets, move, are switched off and taken
down at some hour of the day. Usage is then what readings of it find, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

import msgspec

from portal.billing.period import day_start, zone_of
from portal.demo import prices
from portal.demo.customers import CUSTOMERS, OUTAGES, UNMAPPED
from portal.demo.fleet import NOBODY, Camera, Stretch, fleet, unmapped
from portal.demo.months import Months
from portal.demo.people import CLOUDS
from portal.demo.prices import TARIFFS, Tariff
from portal.demo.simulator.seed import (
    ADMIN,
    Scripted,
    Seed,
    SeedOrganization,
    SeedPreset,
)

LOGIN: Final = (ADMIN.login, ADMIN.password)
FIRST_ID: Final = {cloud.slug: 100 * number for number, cloud in enumerate(CLOUDS, 1)}
"""Organizations and presets of a cloud are numbered from here, so that all share one Watcher."""

# Where plates pass and faces come in; elsewhere the analytics of a tariff are not switched on.
WATCHED: Final = {
    prices.PLATES: ("plates", {"Gate", "Entry lane", "Exit lane", "Ramp lane", "Garage"}),
    prices.FACES: ("faces", {"Entrance", "Reception", "Lobby", "Till 1"}),
}
KBPS: Final = (1_000, 1_500, 2_000, 2_000, 3_000, 4_000)
# So little moves at Sue's that her footage costs less than half a cent a month: 8 minutes a day.
QUIET: Final = {"every_seconds": 14_400, "lasts_seconds": 80}
OPENS, CLOSES = 8, 16
"""Fitters work in these hours of the day: every change is at one of them."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset of a cloud, by what it stands for: a tariff, with analytics or without.

    Cameras under one that is `by_hand` may be set to keep more than it says.
    """

    tariff: str
    analytics: str | None
    by_hand: bool


@dataclass(slots=True)
class Watched:
    """A cloud's part of the Watcher: its presets by what they stand for, its cameras' script."""

    cloud: str
    months: Months
    presets: dict[Preset, int] = field(default_factory=dict)
    script: list[Scripted] = field(default_factory=list)

    @property
    def organizations(self) -> dict[int, int]:
        """Subscribers' numbers by organization."""
        first = FIRST_ID[self.cloud]
        return {first + number: number for number in range(1, len(CUSTOMERS[self.cloud]) + 1)}

    @property
    def own_organizations(self) -> list[int]:
        """The organizations that are the cloud's to read."""
        return [*self.organizations, FIRST_ID[self.cloud] + NOBODY]

    @property
    def tariffs(self) -> dict[int, str]:
        """Tariffs' codes by preset."""
        return {number: preset.tariff for preset, number in self.presets.items()}

    def seed(self) -> Seed:
        """The cloud's part, as it was before the first camera; see `together`."""
        first, customers = FIRST_ID[self.cloud], CUSTOMERS[self.cloud]
        return Seed(
            now=day_start(self.months.first, self.months.zone),
            organizations=[
                *(
                    SeedOrganization(organization, customers[number - 1].name)
                    for organization, number in self.organizations.items()
                ),
                SeedOrganization(first + NOBODY, UNMAPPED[self.cloud].name),
            ],
            presets=[self._preset(preset, number) for preset, number in self.presets.items()],
            script=self.script,
        )

    def _preset(self, preset: Preset, number: int) -> SeedPreset:
        tariff = tariff_of(self.cloud, preset.tariff)
        title = tariff.name
        if preset.analytics is not None:
            title += f" with {preset.analytics}"
        if preset.by_hand:
            title += ", adjustable"
        return SeedPreset(
            number,
            title,
            dvr_depth=tariff.includes(prices.CONTINUOUS),
            dvr_lock_days=tariff.includes(prices.MOTION),
            alg=preset.analytics,
            is_adjustable=preset.by_hand,
        )

    def preset(self, tariff: str, analytics: str | None, *, by_hand: bool) -> int:
        """The number of a preset; the same one for the same thing."""
        wanted = Preset(tariff, analytics, by_hand)
        return self.presets.setdefault(wanted, FIRST_ID[self.cloud] + len(self.presets) + 1)


def watched(cloud: str, months: Months) -> Watched:
    """A cloud's cameras in Watcher, the same at every call in the same month."""
    found = Watched(cloud, months)
    for camera in (*fleet(cloud, months), *unmapped(cloud, months)):
        found.script += _through_outage(camera, list(_life(camera, found)), found)
    return found


def together(clouds: Mapping[str, Months]) -> Seed:
    """The one Watcher of all clouds. Its time begins with the first camera's day."""
    seeds = [watched(cloud, months).seed() for cloud, months in clouds.items()]
    begins = [seed.now for seed in seeds if seed.now is not None]
    return Seed(
        now=min(begins),
        organizations=[one for seed in seeds for one in seed.organizations],
        presets=[one for seed in seeds for one in seed.presets],
        users=[ADMIN],
        script=sorted((one for seed in seeds for one in seed.script), key=lambda event: event.at),
    )


def footage_days(cloud: str, months: Months) -> dict[str, int]:
    """For how many days each camera, by name, has all of its footage in store.

    0 of one that is put on another preset or taken down: what it has may go from one hour to the
    next.
    """
    return {
        camera.external_id: 0 if _changes(camera) else _keeps(cloud, camera)
        for camera in (*fleet(cloud, months), *unmapped(cloud, months))
    }


def _changes(camera: Camera) -> bool:
    return len(camera.stretches) > 1 or camera.stretches[0].ends_on is not None


def _keeps(cloud: str, camera: Camera) -> int:
    tariff = tariff_of(cloud, camera.stretches[0].tariff)
    return camera.depth or max(tariff.includes(prices.CONTINUOUS), tariff.includes(prices.MOTION))


def tariff_of(cloud: str, code: str) -> Tariff:
    """A tariff of a cloud."""
    return next(one for one in TARIFFS if (one.cloud, one.code) == (cloud, code))


def _life(camera: Camera, of: Watched) -> Iterator[Scripted]:
    """Everything that happens to a camera."""
    rng = Random(f"life of {camera.external_id}")  # noqa: S311 - always the same camera, no secret
    first, *later = camera.stretches

    def at(day: date) -> datetime:
        moment = time(rng.randrange(OPENS, CLOSES), rng.randrange(60))
        return datetime.combine(day, moment, zone_of(of.months.zone))

    fields = {
        **_setting(camera, first, of),
        "title": camera.name,
        "bitrate_kbps": rng.choice(KBPS),
        "motion": QUIET if camera.exact else _motion(rng),
    }
    yield Scripted(at(first.starts_on), "create", camera.external_id, fields=fields)
    for stretch in later:
        changed = _setting(camera, stretch, of)
        yield Scripted(at(stretch.starts_on), "change", camera.external_id, fields=changed)
    if (ends_on := camera.stretches[-1].ends_on) is not None:
        if camera.records_on:
            nobodys = {"organization_id": FIRST_ID[of.cloud] + NOBODY}
            yield Scripted(at(ends_on), "change", camera.external_id, fields=nobodys)
        else:
            yield Scripted(at(ends_on), "delete", camera.external_id)
    if not camera.exact:
        yield from _bad_days(rng, camera, of)


def _through_outage(camera: Camera, life: list[Scripted], of: Watched) -> Iterator[Scripted]:
    """A camera's script, but for footage on the day of the outage, from midnight to midnight.

    A line that is lost or comes back on that day is lost or back on the next.
    """
    if of.cloud not in OUTAGES:
        yield from life
        return
    day = of.months.day(OUTAGES[of.cloud])
    begins, ends = (day_start(one, of.months.zone) for one in (day, day + timedelta(days=1)))
    is_alive_after = True
    for event in life:
        if event.at < ends and event.fields.get("alive") is not None:
            is_alive_after = event.fields["alive"]
        if not begins <= event.at < ends:
            yield event
        elif event.do == "create":
            yield msgspec.structs.replace(event, fields={**event.fields, "alive": False})
        elif "alive" not in event.fields:
            yield event
    for moment, value in ((begins, False), (ends, is_alive_after)):
        yield Scripted(moment, "change", camera.external_id, fields={"alive": value})


def _setting(camera: Camera, stretch: Stretch, of: Watched) -> dict[str, Any]:
    """Where a camera is in Watcher while it is on a tariff.

    A depth that a customer's cameras were set to by hand stays with that customer.
    """
    tariff = tariff_of(of.cloud, stretch.tariff)
    analytics = next(
        (
            alg
            for service, (alg, places) in WATCHED.items()
            if tariff.includes(service) and (camera.exact or camera.place in places)
        ),
        None,
    )
    by_hand = camera.depth > 0 and stretch.customer == camera.stretches[0].customer
    setting: dict[str, Any] = {
        "organization_id": FIRST_ID[of.cloud] + stretch.customer,
        "preset_id": of.preset(stretch.tariff, analytics, by_hand=by_hand),
    }
    if by_hand:
        is_continuous = tariff.includes(prices.CONTINUOUS) > 0
        setting["dvr_depth" if is_continuous else "dvr_lock_days"] = camera.depth
    return setting


def _motion(rng: Random) -> dict[str, int]:
    """Motion for 3 to 30 % of the time, every few hours."""
    every = rng.choice((7_200, 10_800, 14_400, 21_600))
    share = rng.uniform(0.03, 0.3)
    return {
        "every_seconds": every,
        "lasts_seconds": round(every * share),
        "phase_seconds": rng.randrange(every),
    }


def _bad_days(rng: Random, camera: Camera, of: Watched) -> Iterator[Scripted]:
    """A few are switched off for days (of holiday homes a third), a few lose their line."""
    away = 33 if camera.stretches[0].tariff == "home-3" else 5
    for percent, length, name in ((away, (4, 16), "enabled"), (12, (1, 4), "alive")):
        chosen, start, days = rng.randrange(100), rng.randrange(90), rng.randint(*length)
        if chosen < percent:
            begins = datetime.combine(
                of.months.first + timedelta(days=start), time(7, 30), zone_of(of.months.zone)
            )
            for moment, value in ((begins, False), (begins + timedelta(days=days), True)):
                yield Scripted(moment, "change", camera.external_id, fields={name: value})
