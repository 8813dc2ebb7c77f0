"""The pure state of a simulated Watcher: everything in it, its time, and what may be done to it."""

from __future__ import annotations

import heapq
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count

from portal.demo.simulator.entities import (
    ALGORITHMS,
    Camera,
    CameraFields,
    DvrFields,
    Names,
    Organization,
    OrganizationFields,
    Preset,
    PresetFields,
    RefusedError,
    UnknownError,
    User,
    UserFields,
)
from portal.demo.simulator.footage import LIVE_ONLY, Dvr, History, State

BITRATE_DEFAULT_KBPS = 1000


class World:
    """One Watcher. Time moves only by `advance`; every change takes effect at `now_ms`."""

    def __init__(self, now_ms: int, *, seed: int = 1) -> None:
        self.now_ms = now_ms
        self.rng = random.Random(seed)  # noqa: S311 -- made-up names, no secret hangs on it
        self.organizations: dict[int, Organization] = {}
        self.presets: dict[int, Preset] = {}
        self.users: dict[int, User] = {}
        self.cameras: dict[str, Camera] = {}
        self.past: dict[str, list[Camera]] = {}
        self.names = Names()
        self.system_key = "system-key"
        self._in_organization: dict[int, Names] = {}
        self._on_preset: dict[int, set[str]] = {}
        self._script: list[tuple[int, int, Callable[[World], None]]] = []
        self._ids = count(1)
        self._order = count()

    # -- time ------------------------------------------------------------------------------------

    def advance(self, to_ms: int) -> None:
        """Move the time on, doing what was scheduled at its own instant.

        Raises `ValueError` for an earlier time.
        """
        if to_ms < self.now_ms:
            raise ValueError("the clock moves forwards only")
        while self._script and self._script[0][0] <= to_ms:
            at, _, change = heapq.heappop(self._script)
            self.now_ms = max(self.now_ms, at)
            change(self)
        self.now_ms = to_ms

    def schedule(self, at_ms: int, change: Callable[[World], None]) -> None:
        """Have a change made when the time gets there; at once if it is there already."""
        heapq.heappush(self._script, (at_ms, next(self._order), change))
        if at_ms <= self.now_ms:
            self.advance(self.now_ms)

    # -- organizations, presets, users -----------------------------------------------------------

    def next_id(self, wanted: int | None, taken: Mapping[int, object]) -> int:
        """The id asked for, or a free one. Raises `RefusedError` when it is taken."""
        if wanted is not None:
            if wanted in taken:
                raise RefusedError(f"id {wanted} is taken")
            return wanted
        return next(number for number in self._ids if number not in taken)

    def organization(self, organization_id: int) -> Organization:
        """The organization of an id. Raises `UnknownError`."""
        if organization_id not in self.organizations:
            raise UnknownError(f"organization {organization_id} is not there")
        return self.organizations[organization_id]

    def add_organization(
        self, fields: OrganizationFields, wanted: int | None = None
    ) -> Organization:
        """Make an organization."""
        if not fields.get("title"):
            raise RefusedError("title is required")
        self._check_owner(fields)
        number = self.next_id(wanted, self.organizations)
        made = Organization(number, "", self.now_ms, is_default=not self.organizations)
        self.organizations[number] = made
        self._in_organization[number] = Names()
        return self.edit_organization(number, fields)

    def edit_organization(self, organization_id: int, fields: OrganizationFields) -> Organization:
        """Change what is given."""
        organization = self.organization(organization_id)
        self._check_owner(fields)
        for name, value in fields.items():
            setattr(organization, name, value)
        return organization

    def _check_owner(self, fields: OrganizationFields) -> None:
        owner_id = fields.get("owner_id")
        if owner_id is not None and owner_id not in self.users:
            raise RefusedError(f"user {owner_id} is not there")

    def delete_organization(self, organization_id: int, *, force: bool = False) -> None:
        """Delete an organization; with cameras in it only by `force`, which deletes them too."""
        self.organization(organization_id)
        cameras = list(self._in_organization[organization_id])
        if cameras and not force:
            raise RefusedError(f"organization {organization_id} has {len(cameras)} cameras")
        for name in cameras:
            self.delete_camera(name)
        for user in self.users.values():
            user.organizations = [one for one in user.organizations if one != organization_id]
        del self.organizations[organization_id], self._in_organization[organization_id]

    def preset(self, preset_id: int) -> Preset:
        """The preset of an id, deleted or not. Raises `UnknownError`."""
        if preset_id not in self.presets:
            raise UnknownError(f"preset {preset_id} is not there")
        return self.presets[preset_id]

    def add_preset(self, fields: PresetFields, wanted: int | None = None) -> Preset:
        """Make a preset. One for all by default is linked to every organization there is."""
        if not fields.get("title"):
            raise RefusedError("title is required")
        check_alg(fields.get("alg"))
        number = self.next_id(wanted, self.presets)
        self.presets[number] = Preset(number, "", self.now_ms)
        self._on_preset[number] = set()
        preset = self.edit_preset(number, fields)
        if preset.is_default:
            for organization in self.organizations.values():
                organization.presets.add(number)
        return preset

    def edit_preset(self, preset_id: int, fields: PresetFields) -> Preset:
        """Change a preset in place: every camera on it follows at once."""
        preset = self.preset(preset_id)
        check_alg(fields.get("alg"))
        for name in ("title", "alg", "is_adjustable", "is_default"):
            if name in fields:
                setattr(preset, name, fields[name])
        if "dvr" in fields:
            preset.dvr = changed_dvr(preset.dvr, fields["dvr"])
        preset.changed_ms = self.now_ms
        for camera_name in self._on_preset[preset_id]:
            self._settle(self.cameras[camera_name], {})
        return preset

    def delete_preset(self, preset_id: int) -> Preset:
        """Mark a preset as deleted; cameras stay on it."""
        preset = self.preset(preset_id)
        if preset.deleted_ms is None:
            preset.deleted_ms = preset.changed_ms = self.now_ms
        return preset

    def cameras_on(self, preset_id: int) -> int:
        """How many cameras are on a preset."""
        return len(self._on_preset[preset_id])

    def names_in(self, organization_id: int) -> Names:
        """The names of an organization's cameras; none for an unknown one."""
        return self._in_organization.get(organization_id, Names())

    def user(self, user_id: int) -> User:
        """The user of an id. Raises `UnknownError`."""
        if user_id not in self.users:
            raise UnknownError(f"user {user_id} is not there")
        return self.users[user_id]

    def find_user(self, login: str) -> User | None:
        """The user of a login."""
        return next((user for user in self.users.values() if user.login == login), None)

    def add_user(self, fields: UserFields, wanted: int | None = None) -> User:
        """Make a user with a key of its own."""
        login = fields.get("login", "")
        if not login:
            raise RefusedError("login is required")
        if self.find_user(login) is not None:
            raise RefusedError(f"login {login} is taken")
        self._check_member(fields)
        number = self.next_id(wanted, self.users)
        key = f"{self.rng.getrandbits(128):032x}"
        self.users[number] = User(number, login, "", self.now_ms, key)
        return self.edit_user(number, fields)

    def edit_user(self, user_id: int, fields: UserFields) -> User:
        """Change what is given."""
        user = self.user(user_id)
        taken = self.find_user(fields.get("login", ""))
        if taken is not None and taken.id != user_id:
            raise RefusedError(f"login {taken.login} is taken")
        self._check_member(fields)
        for name, value in fields.items():
            setattr(user, name, value)
        return user

    def _check_member(self, fields: UserFields) -> None:
        for organization_id in fields.get("organizations", []):
            if organization_id not in self.organizations:
                raise RefusedError(f"organization {organization_id} is not there")

    def delete_user(self, user_id: int) -> None:
        """Delete a user; one who owns an organization stays."""
        self.user(user_id)
        if any(one.owner_id == user_id for one in self.organizations.values()):
            raise RefusedError(f"user {user_id} owns an organization")
        del self.users[user_id]

    # -- cameras ---------------------------------------------------------------------------------

    def camera(self, name: str) -> Camera:
        """The present camera of a name. Raises `UnknownError`."""
        if name not in self.cameras:
            raise UnknownError(f"camera {name} is not there")
        return self.cameras[name]

    def cameras_named(self, name: str) -> list[Camera]:
        """Every camera that had a name, in order, the present one last."""
        present = [self.cameras[name]] if name in self.cameras else []
        return [*self.past.get(name, []), *present]

    def all_names(self) -> list[str]:
        """Every name that a camera ever had, in order."""
        return sorted({*self.cameras, *self.past})

    def check(self, edits: Iterable[tuple[str | None, CameraFields]]) -> None:
        """Refuse a list of changes as a whole: unknown ids, limits. An unknown name is new."""
        coming: dict[int, int] = {}
        for name, fields in edits:
            check_alg(fields.get("alg"))
            preset_id = fields.get("preset_id")
            if preset_id is not None and preset_id not in self.presets:
                raise RefusedError(f"preset {preset_id} is not there")
            present = self.cameras.get(name) if name else None
            if present is None and "organization_id" not in fields:
                raise RefusedError("organization_id is required")
            goes_to = fields.get("organization_id")
            if goes_to is not None and (present is None or present.now.organization_id != goes_to):
                coming[goes_to] = coming.get(goes_to, 0) + 1
        for organization_id, more in coming.items():
            if organization_id not in self.organizations:
                raise RefusedError(f"organization {organization_id} is not there")
            limit = self.organizations[organization_id].camera_limit
            if limit is not None and len(self._in_organization[organization_id]) + more > limit:
                raise RefusedError(f"organization {organization_id} may have {limit} cameras")

    def add_camera(self, fields: CameraFields, name: str | None = None) -> Camera:
        """Make a camera, under a name of its own or one made from the title. It records at once."""
        if name is not None and name in self.cameras:
            raise RefusedError(f"camera {name} is there already")
        self.check([(name, fields)])
        title = fields.get("title", name or "")
        name = name or self._new_name(title)
        first = State(
            from_ms=self.now_ms,
            organization_id=fields["organization_id"],
            preset_id=None,
            enabled=True,
            alive=True,
            kbps=BITRATE_DEFAULT_KBPS,
            motion=None,
            dvr=LIVE_ONLY,
            alg=None,
            low_main_ms=self.now_ms,
            low_lock_ms=self.now_ms,
        )
        camera = Camera(name, title, self.now_ms, self.now_ms, History([first]))
        self.cameras[name] = camera
        self.names.add(name)
        self._in_organization[first.organization_id].add(name)
        self._apply(camera, fields)
        return camera

    def edit_camera(self, name: str, fields: CameraFields) -> Camera:
        """Change what is given."""
        camera = self.camera(name)
        self.check([(name, fields)])
        self._apply(camera, fields)
        return camera

    def delete_camera(self, name: str) -> None:
        """Delete a camera with its archive; its history stays in the truth."""
        camera = self.camera(name)
        camera.history.ended_ms = self.now_ms
        self.names.remove(name)
        self._in_organization[camera.now.organization_id].remove(name)
        if camera.now.preset_id is not None:
            self._on_preset[camera.now.preset_id].discard(name)
        del self.cameras[name]
        self.past.setdefault(name, []).append(camera)

    def _new_name(self, title: str) -> str:
        stem = re.sub(r"[^a-z0-9./_-]+", "_", title.lower()).strip("_/") or "camera"
        return f"{stem}-{self.rng.getrandbits(40):010x}"

    def _apply(self, camera: Camera, fields: CameraFields) -> None:
        for name in ("title", "comment", "static", "stream_url", "external_id"):
            if name in fields:
                setattr(camera, name, fields[name])
        camera.details.update(fields.get("details", {}))
        self._relist(camera, fields)
        preset = self.presets.get(fields.get("preset_id", camera.now.preset_id) or 0)
        # A preset made for billing swallows what a person types in, and says nothing.
        if preset is None or preset.is_adjustable:
            if "dvr" in fields:
                camera.dvr = changed_dvr(camera.dvr or camera.now.dvr, fields["dvr"])
            if "alg" in fields:
                camera.alg = fields["alg"] or ""
        camera.changed_ms = self.now_ms
        self._settle(camera, fields)

    def _relist(self, camera: Camera, fields: CameraFields) -> None:
        """Move the camera between the lists kept by preset and by organization."""
        before = camera.now
        if "preset_id" in fields and fields["preset_id"] != before.preset_id:
            camera.dvr = camera.alg = None
            if before.preset_id is not None:
                self._on_preset[before.preset_id].discard(camera.name)
        preset_id = fields.get("preset_id")
        if preset_id is not None:
            self._on_preset[preset_id].add(camera.name)
        goes_to = fields.get("organization_id", before.organization_id)
        if goes_to != before.organization_id:
            self._in_organization[before.organization_id].remove(camera.name)
            self._in_organization[goes_to].add(camera.name)

    def _settle(self, camera: Camera, fields: CameraFields) -> None:
        """Append the state that holds from now, unless it is the one that holds already."""
        last = camera.now
        preset_id = fields.get("preset_id", last.preset_id)
        preset = None if preset_id is None else self.presets[preset_id]
        dvr, alg = self._effective(camera, preset)
        state = replace(
            last,
            organization_id=fields.get("organization_id", last.organization_id),
            preset_id=preset_id,
            enabled=fields.get("enabled", last.enabled),
            alive=fields.get("alive", last.alive),
            kbps=fields.get("kbps", last.kbps),
            motion=fields.get("motion", last.motion),
            dvr=dvr,
            alg=alg,
        )
        if state == last:
            return
        history = camera.history
        if last.from_ms == self.now_ms:
            # Two changes at one instant are one: the state between them held for no time.
            history.states.pop()
        if history.states:
            main, lock = history.marks(len(history.states) - 1, self.now_ms)
        else:
            main = lock = self.now_ms
        history.states.append(
            replace(state, from_ms=self.now_ms, low_main_ms=main, low_lock_ms=lock)
        )

    def _effective(self, camera: Camera, preset: Preset | None) -> tuple[Dvr, str | None]:
        if preset is not None and not preset.is_adjustable:
            return preset.dvr, preset.alg
        typed_in = None if camera.alg is None else camera.alg or None
        if preset is None:
            return camera.dvr or LIVE_ONLY, typed_in
        return camera.dvr or preset.dvr, preset.alg if camera.alg is None else typed_in


def changed_dvr(dvr: Dvr, fields: DvrFields) -> Dvr:
    """A partial change. Raises `RefusedError` for what cannot be."""
    space = fields.get("space_bytes", dvr.space_bytes)
    made = Dvr(fields.get("depth_ms", dvr.depth_ms), fields.get("lock_ms", dvr.lock_ms), space)
    if made.depth_ms < 0 or made.lock_ms < 0 or (space is not None and space <= 0):
        raise RefusedError("an archive has no negative depth and no space of 0")
    return made


def check_alg(alg: str | None) -> None:
    """Raises `RefusedError` for an unknown algorithm."""
    if alg is not None and alg not in ALGORITHMS:
        raise RefusedError(f"vision algorithm {alg} is not one of {', '.join(ALGORITHMS)}")
