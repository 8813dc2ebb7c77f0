"""What a simulated Watcher begins with: organizations, presets, users, cameras, their script."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from portal.demo.simulator.clock import to_ms
from portal.demo.simulator.entities import CameraFields, DvrFields, UnknownError
from portal.demo.simulator.footage import DAY_MS, Pattern
from portal.demo.simulator.world import World

DEFAULT_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Motion(msgspec.Struct, frozen=True):
    """Motion of `lasts_seconds` at the start of every `every_seconds`."""

    every_seconds: float
    lasts_seconds: float
    phase_seconds: float = 0


class SeedPreset(msgspec.Struct, frozen=True):
    """A preset; depths in days, space in GB of 1 000 000 000 bytes."""

    id: int
    title: str
    dvr_depth: float = 0
    dvr_lock_days: float = 0
    dvr_space: float | None = None
    alg: str | None = None
    is_adjustable: bool = False
    is_default: bool = False


class SeedOrganization(msgspec.Struct, frozen=True):
    """An organization."""

    id: int
    title: str
    camera_limit: int | None = None
    user_limit: int | None = None
    dvr_limit: int | None = None


class SeedUser(msgspec.Struct, frozen=True):
    """Somebody who signs in; `organizations` are the ones it sees."""

    login: str
    password: str
    id: int | None = None
    is_admin: bool = False
    organizations: list[int] = []
    apikey: str | None = None


class SeedCamera(msgspec.Struct, frozen=True):
    """A camera that is there from the beginning. `motion` true is motion without end.

    Days of `dvr_depth` and `dvr_lock_days` are typed in for it, as far as its preset allows.
    """

    name: str
    organization_id: int
    preset_id: int | None = None
    title: str | None = None
    comment: str = ""
    enabled: bool = True
    alive: bool = True
    bitrate_kbps: int = 1000
    motion: Motion | bool = False
    external_id: str = ""
    dvr_depth: float | None = None
    dvr_lock_days: float | None = None


class Scripted(msgspec.Struct, frozen=True):
    """Something that happens by itself when the clock gets there.

    `do` is "create", "change" or "delete" of a `camera`, or "preset" to edit `preset` in place.
    One about a camera that is not there by then does not happen.
    """

    at: datetime
    do: str
    camera: str = ""
    preset: int = 0
    fields: dict[str, Any] = {}


class Generate(msgspec.Struct, frozen=True):
    """Many plain cameras at once: named `cam000001`…, spread over organizations and presets."""

    cameras: int
    organizations: int = 10
    seed: int = 1


class Seed(msgspec.Struct, frozen=True):
    """A whole Watcher. `now` is the time that stands, or from which the clock runs."""

    now: datetime | None = None
    system_key: str | None = None
    organizations: list[SeedOrganization] = []
    presets: list[SeedPreset] = []
    users: list[SeedUser] = []
    cameras: list[SeedCamera] = []
    script: list[Scripted] = []
    generate: Generate | None = None


ADMIN = SeedUser(login="admin", password="admin", is_admin=True)  # noqa: S106 -- simulated
DEFAULT_SEED = Seed(
    organizations=[SeedOrganization(1, "Default")],
    presets=[
        SeedPreset(1, "Live only", is_default=True),
        SeedPreset(2, "7 days", dvr_depth=7, is_default=True),
        SeedPreset(3, "30 days", dvr_depth=30, is_default=True),
    ],
    users=[ADMIN],
)


def build(seed: Seed | None, now: datetime) -> World:
    """A world at `now` with what a seed says; without one, empty but for an administrator."""
    world = World(to_ms(now))
    plant(world, seed or DEFAULT_SEED)
    return world


def plant(world: World, seed: Seed) -> None:
    """Put what a seed says into a world. Raises `SimulatorError` for what cannot be."""
    world.system_key = seed.system_key or world.system_key
    for organization in seed.organizations:
        made = world.add_organization({"title": organization.title}, organization.id)
        made.camera_limit = organization.camera_limit
        made.user_limit = organization.user_limit
        made.dvr_limit = organization.dvr_limit
    for preset in seed.presets:
        dvr = dvr_of_days(preset.dvr_depth, preset.dvr_lock_days, preset.dvr_space)
        world.add_preset(
            {
                "title": preset.title,
                "dvr": dvr,
                "alg": preset.alg,
                "is_adjustable": preset.is_adjustable,
                "is_default": preset.is_default,
            },
            preset.id,
        )
    users = seed.users if any(user.is_admin for user in seed.users) else [*seed.users, ADMIN]
    for user in users:
        if world.find_user(user.login) is not None:
            continue
        made_user = world.add_user(
            {
                "login": user.login,
                "password": user.password,
                "is_admin": user.is_admin,
                "organizations": user.organizations,
            },
            user.id,
        )
        made_user.apikey = user.apikey or made_user.apikey
    for camera in seed.cameras:
        world.add_camera(_camera_fields(camera), camera.name)
    if seed.generate is not None:
        _generate(world, seed.generate)
    for event in seed.script:
        _schedule(world, event)


def dvr_of_days(depth: float, lock: float = 0, space_gb: float | None = None) -> DvrFields:
    """Settings of an archive from days and GB."""
    space = None if space_gb is None else round(space_gb * 1_000_000_000)
    return {
        "depth_ms": round(depth * DAY_MS),
        "lock_ms": round(lock * DAY_MS),
        "space_bytes": space,
    }


def pattern_of(motion: Motion | bool | None) -> Pattern | None:  # noqa: FBT001 -- a seed says so
    """The motion of a camera: none, without end, or coming back."""
    if isinstance(motion, Motion):
        every, lasts, phase = (
            round(seconds * 1000)
            for seconds in (motion.every_seconds, motion.lasts_seconds, motion.phase_seconds)
        )
        return Pattern(every, lasts, phase)
    return Pattern(1, 1) if motion else None


def _camera_fields(camera: SeedCamera) -> CameraFields:
    fields: CameraFields = {
        "title": camera.title or camera.name,
        "comment": camera.comment,
        "organization_id": camera.organization_id,
        "preset_id": camera.preset_id,
        "enabled": camera.enabled,
        "alive": camera.alive,
        "kbps": camera.bitrate_kbps,
        "motion": pattern_of(camera.motion),
        "external_id": camera.external_id,
        "stream_url": f"rtsp://camera.invalid/{camera.name}",
    }
    if typed_in := _typed_in(
        {"dvr_depth": camera.dvr_depth, "dvr_lock_days": camera.dvr_lock_days}
    ):
        fields["dvr"] = typed_in
    return fields


def _typed_in(fields: Mapping[str, Any]) -> DvrFields:
    """Days that somebody set for one camera, as settings of its archive."""
    typed_in: DvrFields = {}
    if fields.get("dvr_depth") is not None:
        typed_in["depth_ms"] = round(float(fields["dvr_depth"]) * DAY_MS)
    if fields.get("dvr_lock_days") is not None:
        typed_in["lock_ms"] = round(float(fields["dvr_lock_days"]) * DAY_MS)
    return typed_in


def scripted_fields(fields: dict[str, Any]) -> CameraFields:
    """The changes of a script or of the control routes, in the words of a seed's camera."""
    given: dict[str, Any] = {
        name: kind(fields[name])
        for name, kind in _SCRIPTED.items()
        if name in fields and fields[name] is not None
    }
    if "preset_id" in fields and fields["preset_id"] is None:
        given["preset_id"] = None
    if "bitrate_kbps" in given:
        given["kbps"] = given.pop("bitrate_kbps")
    if "motion" in fields:
        given["motion"] = pattern_of(msgspec.convert(fields["motion"], Motion | bool | None))
    if typed_in := _typed_in(fields):
        given["dvr"] = typed_in
    return cast("CameraFields", given)


_SCRIPTED: dict[str, Callable[[Any], Any]] = {
    "title": str,
    "comment": str,
    "external_id": str,
    "enabled": bool,
    "alive": bool,
    "organization_id": int,
    "preset_id": int,
    "bitrate_kbps": int,
}


def _schedule(world: World, event: Scripted) -> None:
    def happen(now: World) -> None:
        if event.do == "create":
            if event.camera not in now.cameras:
                fields = msgspec.convert({"name": event.camera, **event.fields}, SeedCamera)
                now.add_camera(_camera_fields(fields), event.camera)
        elif event.do == "preset":
            given = msgspec.convert(
                {"id": event.preset, "title": now.preset(event.preset).title, **event.fields},
                SeedPreset,
            )
            dvr = dvr_of_days(given.dvr_depth, given.dvr_lock_days, given.dvr_space)
            now.edit_preset(event.preset, {"title": given.title, "dvr": dvr, "alg": given.alg})
        elif event.camera in now.cameras:
            if event.do == "delete":
                now.delete_camera(event.camera)
            else:
                now.edit_camera(event.camera, scripted_fields(event.fields))

    if event.do not in {"create", "change", "delete", "preset"}:
        raise UnknownError(f"a script cannot do {event.do}")
    world.schedule(to_ms(event.at), happen)


def _generate(world: World, wanted: Generate) -> None:
    rng = random.Random(wanted.seed)  # noqa: S311 -- a population, no secret
    organizations = [
        world.add_organization({"title": f"Organization {number}"}).id
        for number in range(1, wanted.organizations + 1)
    ]
    depths = (0, 7, 14, 30)
    presets = [
        world.add_preset({"title": f"{depth} days", "dvr": dvr_of_days(depth)}).id
        for depth in depths
    ]
    for number in range(1, wanted.cameras + 1):
        world.add_camera(
            {
                "title": f"Camera {number}",
                "organization_id": rng.choice(organizations),
                "preset_id": rng.choice(presets),
                "kbps": rng.choice((500, 1000, 2000, 4000)),
            },
            f"cam{number:06d}",
        )
