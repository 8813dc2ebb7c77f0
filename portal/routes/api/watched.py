"""What the API answers about Watchers that are read, and about the test clock."""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from portal.routes.api.kit.rows import Amount, answer_of
from portal.watcher.queries import connections


@answer_of(connections.WatcherConnection)
class Connection(Struct, frozen=True):
    """A Watcher that is read. Its key, login and password are not told.

    `provision_message` says what could not be written to it, "" when all is as it should be.
    """


class Check(Struct, frozen=True):
    """One thing that was tried, and what came of it."""

    name: str
    ok: bool
    message: str


class Checks(Struct, frozen=True):
    """Whether everything that a reading needs works."""

    ok: bool
    checks: list[Check]


@answer_of(connections.Reading)
class Reading(Struct, frozen=True):
    """One sync run: a fetch of all cameras of a connection.

    `warnings` says, in at most 22 lines, what of Watcher's objects could not be read. It stopped
    nothing: the others were read.
    """


class Mapping(Struct, frozen=True):
    """Whose an organization is, or for which tariff a preset stands; null while it is not mapped.

    `title` is what Watcher calls it, `cameras` how many are in it or under it, and `connection`
    leads to its Watcher: two may have equal ids. It is null before the first one is connected.
    """

    connection: int | None
    organization: int | UnsetType = UNSET
    subscriber: int | UnsetType | None = UNSET
    preset: int | UnsetType = UNSET
    tariff: str | UnsetType | None = UNSET
    title: str | UnsetType = UNSET
    cameras: int | UnsetType = UNSET


class Interval(Struct, frozen=True):
    """A stretch of a camera's history; `until` null: still so."""

    since: datetime = field(name="from")
    until: datetime | None
    organization: int | None
    preset: int | None
    state: Literal["enabled", "disabled"]


class Difference(Struct, frozen=True):
    """Where Watcher and the books disagree about a camera (null: about all), and its worth."""

    kind: str
    camera: str | None
    days: int
    worth: Amount
    currency: str
    detail: str
    accepted: bool


class Clock(Struct, frozen=True):
    """The installation's time; settled when all work that is due by then is done."""

    now: datetime
    settled: bool
