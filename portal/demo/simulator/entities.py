"""What is in a simulated Watcher: organizations, presets, users, cameras, and lists of names."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypedDict

from portal.demo.simulator.footage import LIVE_ONLY, Dvr, History, Pattern, State

ALGORITHMS = ("faces", "plates")


class SimulatorError(Exception):
    """A request that the world refuses; each API generation says so in its own way."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownError(SimulatorError):
    """There is no such organization, preset, user or camera."""


class RefusedError(SimulatorError):
    """It is there, but this cannot be done to it."""


class DvrFields(TypedDict, total=False):
    """A partial change of how an archive is kept."""

    depth_ms: int
    lock_ms: int
    space_bytes: int | None


class CameraFields(TypedDict, total=False):
    """A partial change of a camera; what is absent stays as it is.

    `dvr` and `alg` are what a person typed in: a preset that is not adjustable swallows them.
    """

    title: str
    comment: str
    organization_id: int
    preset_id: int | None
    enabled: bool
    static: bool
    stream_url: str
    external_id: str
    dvr: DvrFields
    alg: str | None
    alive: bool
    kbps: int
    motion: Pattern | None
    details: dict[str, object]


class PresetFields(TypedDict, total=False):
    """A partial change of a preset."""

    title: str
    dvr: DvrFields
    alg: str | None
    is_adjustable: bool
    is_default: bool


class OrganizationFields(TypedDict, total=False):
    """A partial change of an organization."""

    title: str
    owner_id: int | None
    camera_limit: int | None
    user_limit: int | None
    dvr_limit: int | None


class UserFields(TypedDict, total=False):
    """A partial change of a user."""

    login: str
    name: str
    password: str
    email: str
    phone: str
    note: str
    external_id: str
    enabled: bool
    is_admin: bool
    organizations: list[int]


@dataclass(slots=True)
class Organization:
    """A customer's group of cameras and users. `presets` are the ones it may choose from."""

    id: int
    title: str
    created_ms: int
    owner_id: int | None = None
    camera_limit: int | None = None
    user_limit: int | None = None
    dvr_limit: int | None = None
    is_default: bool = False
    presets: set[int] = field(default_factory=set)

    @property
    def folder_id(self) -> int:
        """Its root folder."""
        return 1000 + self.id


@dataclass(slots=True)
class Preset:
    """A bundle of settings that a camera is put on. Deleting one only marks it."""

    id: int
    title: str
    changed_ms: int
    dvr: Dvr = LIVE_ONLY
    alg: str | None = None
    is_adjustable: bool = False
    is_default: bool = False
    deleted_ms: int | None = None


@dataclass(slots=True)
class User:
    """Somebody who signs in. `apikey` is the user's own key."""

    id: int
    login: str
    password: str
    created_ms: int
    apikey: str
    name: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    external_id: str = ""
    enabled: bool = True
    is_admin: bool = False
    organizations: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Camera:
    """A camera, from `created_ms` until it is deleted.

    `dvr` and `alg` are its own settings, which count without a preset or under an adjustable one
    (None was never typed in, "" is an algorithm switched off); what counts is in the last state.
    """

    name: str
    title: str
    created_ms: int
    changed_ms: int
    history: History
    comment: str = ""
    static: bool = True
    stream_url: str = ""
    external_id: str = ""
    dvr: Dvr | None = None
    alg: str | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def now(self) -> State:
        """The state in force."""
        return self.history.last


class Names:
    """Names in order. Adding is cheap however many there are: they are sorted when read."""

    __slots__ = ("_is_sorted", "_names")

    def __init__(self) -> None:
        self._names: list[str] = []
        self._is_sorted = True

    def add(self, name: str) -> None:
        """Add a name that is not there."""
        self._is_sorted = self._is_sorted and (not self._names or self._names[-1] < name)
        self._names.append(name)

    def remove(self, name: str) -> None:
        """Remove a name that is there."""
        names = self.sorted()
        del names[bisect_left(names, name)]

    def sorted(self) -> list[str]:
        """All of them in code-point order; not to be changed."""
        if not self._is_sorted:
            self._names.sort()
            self._is_sorted = True
        return self._names

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.sorted())
