"""Made-up operators with cameras that live believable lives: they come, change, fail and go.

Everything follows from a number, so the same demo is made every time. A population begins in the
past: its script is played by moving the clock from its `now` up to the present.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from portal.demo.simulator.seed import (
    Motion,
    Scripted,
    Seed,
    SeedCamera,
    SeedOrganization,
    SeedPreset,
    SeedUser,
)

# Ids of organizations and presets of an operator begin here, so that several share one Watcher.
FIRST_ID = {"north": 100, "south": 200}

PRESETS = (
    SeedPreset(0, "Live only"),
    SeedPreset(1, "Motion, 7 days, with plates", dvr_lock_days=7, alg="plates"),
    SeedPreset(2, "Motion, 30 days", dvr_lock_days=30),
    SeedPreset(3, "7 days", dvr_depth=7),
    SeedPreset(4, "14 days", dvr_depth=14),
    SeedPreset(5, "30 days", dvr_depth=30, dvr_space=700),
    SeedPreset(6, "7 days and 7 more of motion", dvr_depth=7, dvr_lock_days=7),
    SeedPreset(7, "14 days with faces", dvr_depth=14, alg="faces"),
)
EXAMPLE_PRESET = 1
# How often each preset is chosen.
_WEIGHTS = (8, 22, 10, 26, 12, 8, 9, 5)

_TRADES = {
    "north": (
        *("Panificio", "Farmacia", "Officina", "Trattoria", "Condominio", "Autolavaggio"),
        *("Cantina", "Hotel", "Scuola", "Magazzini", "Parcheggio", "Studio"),
    ),
    "south": ("Bakery", "Pharmacy", "Garage", "Diner", "Storage", "Parking", "Clinic", "Marina"),
}
_OWNERS = {
    "north": (
        *("Rossi", "Bianchi", "Conti", "Gallo", "Ferri", "Marino", "Greco", "Villa"),
        *("Costa", "Serra", "Fontana", "Moretti"),
    ),
    "south": ("Baker", "Hayes", "Brooks", "Quinn", "Porter", "Wells", "Dalton", "Reed"),
}
_PLACES = (
    *("Entrance", "Gate", "Yard", "Till", "Counter", "Store room", "Car park", "Corridor"),
    *("Back door", "Loading bay", "Lobby", "Stairs", "Roof", "Workshop"),
)
_KBPS = (500, 1000, 1500, 2000, 4000)


@dataclass(slots=True)
class _Drawing:
    """A population while it is drawn."""

    rng: random.Random
    operator: str
    begins: datetime
    ends: datetime
    cameras: list[SeedCamera] = field(default_factory=list)
    script: list[Scripted] = field(default_factory=list)

    def moment(self, after: datetime, before: datetime) -> datetime:
        """Some instant between two, to the second."""
        seconds = int((before - after).total_seconds())
        return after + timedelta(seconds=self.rng.randrange(max(1, seconds)))

    def preset(self) -> int:
        """The id of a preset, the common ones more often."""
        index = self.rng.choices(range(len(PRESETS)), _WEIGHTS)[0]
        return FIRST_ID[self.operator] + index


def population(
    operator: str,
    now: datetime,
    *,
    organizations: int = 40,
    cameras: int = 300,
    days_before: int = 100,
    days_after: int = 60,
    example: date | None = None,
    seed: int = 7,
) -> Seed:
    """An operator's Watcher, "north" or "south", as it was `days_before` days before `now`.

    Its script goes on until `days_after` days after it. `example` is the first day of a month: then
    the first organization is Sue's, with camera "gate" from that day on and "yard" from the 16th,
    both on the motion preset with plates, which never fail.
    """
    begins = now - timedelta(days=days_before)
    drawing = _Drawing(random.Random(seed), operator, begins, now + timedelta(days=days_after))  # noqa: S311
    first = FIRST_ID[operator]
    groups = [
        SeedOrganization(first + number, _title(drawing.rng, operator, number))
        for number in range(organizations)
    ]
    own = 0
    if example is not None:
        groups[0] = SeedOrganization(first, "Sue")
        _example(drawing, example, "Europe/Rome" if operator == "north" else "America/New_York")
        own = 2
    others = groups[1:] if example is not None and len(groups) > 1 else groups
    for number in range(cameras - own):
        # Most have a few cameras, some many.
        group = others[min(int(drawing.rng.expovariate(3 / len(others))), len(others) - 1)]
        _live(drawing, number, group, others)
    return Seed(
        now=begins,
        organizations=groups,
        presets=[
            SeedPreset(
                first + one.id,
                one.title,
                dvr_depth=one.dvr_depth,
                dvr_lock_days=one.dvr_lock_days,
                dvr_space=one.dvr_space,
                alg=one.alg,
            )
            for one in PRESETS
        ],
        users=[SeedUser("admin", "admin", is_admin=True)],  # a simulated one, on this machine
        cameras=drawing.cameras,
        script=sorted(drawing.script, key=lambda event: event.at),
    )


def together(*seeds: Seed) -> Seed:
    """Several operators in one Watcher. Their ids differ, and so do the names of their cameras."""
    begins = [seed.now for seed in seeds if seed.now is not None]
    return Seed(
        now=min(begins, default=None),
        organizations=[one for seed in seeds for one in seed.organizations],
        presets=[one for seed in seeds for one in seed.presets],
        users=[one for seed in seeds for one in seed.users],
        cameras=[one for seed in seeds for one in seed.cameras],
        script=sorted((one for seed in seeds for one in seed.script), key=lambda event: event.at),
    )


def _title(rng: random.Random, operator: str, number: int) -> str:
    trades, owners = _TRADES[operator], _OWNERS[operator]
    # Trades and owners go round at different paces, so that titles differ for long.
    turn = number // len(trades)
    return f"{trades[number % len(trades)]} {owners[(number + turn * 5) % len(owners)]}" + (
        f" {rng.randrange(2, 90)}" if number >= len(trades) * len(owners) else ""
    )


def _example(drawing: _Drawing, month: date, zone: str) -> None:
    organization_id = FIRST_ID[drawing.operator]
    preset_id = organization_id + EXAMPLE_PRESET
    motion = {"every_seconds": 14_400, "lasts_seconds": 600}
    for name, day in (("gate", month), ("yard", month.replace(day=16))):
        fields = {"organization_id": organization_id, "preset_id": preset_id, "motion": motion}
        # A minute into the day, so that it is that day in every reckoning.
        opens = datetime.combine(day, time(0, 1), ZoneInfo(zone))
        drawing.script.append(
            Scripted(opens, "create", name, fields=fields | {"title": name.capitalize()})
        )


def _live(
    drawing: _Drawing, number: int, group: SeedOrganization, groups: list[SeedOrganization]
) -> None:
    """One camera: there from the beginning or coming later, and what happens to it."""
    rng = drawing.rng
    title = rng.choice(_PLACES)
    stem = f"{group.title} {title}".lower().replace(" ", "_")
    name = f"{stem}-{rng.getrandbits(40):010x}"
    camera = SeedCamera(
        name=name,
        organization_id=group.id,
        preset_id=drawing.preset(),
        title=f"{group.title}, {title}",
        bitrate_kbps=rng.choice(_KBPS),
        motion=Motion(
            every_seconds=rng.choice((3600, 7200, 10_800, 21_600)),
            lasts_seconds=rng.randrange(120, 1500, 60),
            phase_seconds=number * 97 % 3600,
        ),
        external_id=f"{number:05d}",
    )
    born = drawing.begins
    if rng.random() < 0.25:
        born = drawing.moment(drawing.begins, drawing.ends)
        fields = {
            "organization_id": camera.organization_id,
            "preset_id": camera.preset_id,
            "title": camera.title,
            "bitrate_kbps": camera.bitrate_kbps,
            "motion": msgspec.to_builtins(camera.motion),
        }
        drawing.script.append(Scripted(born, "create", name, fields=fields))
    else:
        drawing.cameras.append(camera)
    _happen(drawing, name, born, groups)


def _happen(drawing: _Drawing, name: str, born: datetime, groups: list[SeedOrganization]) -> None:
    rng, ends = drawing.rng, drawing.ends

    def at(moment: datetime, **fields: object) -> None:
        drawing.script.append(Scripted(moment, "change", name, fields=fields))

    if rng.random() < 0.12:
        at(drawing.moment(born, ends), preset_id=drawing.preset())
    if rng.random() < 0.05:
        off = drawing.moment(born, ends)
        at(off, enabled=False)
        at(off + timedelta(days=rng.randrange(2, 20), hours=rng.randrange(24)), enabled=True)
    if rng.random() < 0.02:
        at(drawing.moment(born, ends), organization_id=rng.choice(groups).id)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
        lost = drawing.moment(born, ends)
        at(lost, alive=False)
        at(lost + timedelta(minutes=rng.choice((5, 20, 45, 180, 900, 4000))), alive=True)
    if rng.random() < 0.08:
        drawing.script.append(Scripted(drawing.moment(born, ends), "delete", name))
