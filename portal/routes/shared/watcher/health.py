"""How a connection is doing, as lists and its page say it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from portal.routes.listing import Column
from portal.routes.shared.ages import ago, until
from portal.routes.shared.watcher.deciding import LABELS as DECISIONS
from portal.watcher.forms.connection import decision_of
from portal.watcher.queries.connection_health import Health
from portal.watcher.queries.connections import WatcherConnection
from portal.words import _

LATE_SECONDS: Final = 600
"""What a reading may be late before it is said: workers look every ten seconds."""


@dataclass(frozen=True, slots=True)
class Line:
    """A connection with what is said of it: `age` of the last complete reading, `due` the next.

    `is_late` says that a reading should have begun by now, `fails` since when and why it fails, "".
    """

    health: Health
    path: str
    age: str
    due: str
    is_late: bool
    fails: str

    @property
    def address(self) -> str:
        """The address without what every address has."""
        return "" if self.health.connection is None else address_of(self.health.connection)


def completed(line: Line) -> datetime | None:
    """When the last complete reading ended."""
    complete = line.health.complete
    return None if complete is None else complete.finished_at


def cameras(line: Line) -> int | None:
    """How many cameras it saw."""
    complete = line.health.complete
    return None if complete is None else complete.cameras


def _connection(name: str) -> Callable[[Line], Any]:
    """What a file says of the connection itself."""

    def of(line: Line) -> Any:
        return None if line.health.connection is None else getattr(line.health.connection, name)

    return of


def _decides(line: Line) -> str | None:
    return None if line.health.connection is None else decision_of(line.health.connection)


CONNECTION: Final = (
    Column(_("Address"), of=_connection("url"), only_file=True),
    Column(_("API generation"), of=_connection("api"), only_file=True),
    Column(
        _("Read every, minutes"),
        of=_connection("read_every_minutes"),
        kind="number",
        only_file=True,
    ),
    Column(
        _("Which system decides"),
        of=_decides,
        says=lambda line: DECISIONS.get(_decides(line) or "", ""),
        only_file=True,
    ),
    Column(_("Not written"), of=_connection("provision_message"), only_file=True),
)


def line_of(health: Health, path: str, now: datetime) -> Line:
    """What is said of a connection; `path` is that of its cloud's connections."""
    complete, due = health.complete, health.due_at
    late = due is not None and (now - due).total_seconds() > LATE_SECONDS
    age = ago(complete.finished_at or complete.started_at, now) if complete else ""
    return Line(health, path, age, _due(health, now, late=late), late, _fails(health, age, now))


def _fails(health: Health, age: str, now: datetime) -> str:
    """A sentence: since the last complete reading, or the last try where there was none."""
    last = health.last
    if health.state != "failed" or last is None:
        return ""
    since = age or ago(last.started_at, now)
    facts = {"since": since, "message": last.message}
    if age:
        return _("Fails; last complete %(since)s: %(message)s") % facts
    return _("Fails, tried %(since)s: %(message)s") % facts


def _due(health: Health, now: datetime, *, late: bool) -> str:
    if health.state == "running":
        return _("Runs now")
    due = health.due_at
    if due is None:
        return _("Begins within a minute")
    return (_("Due %(due)s") % {"due": ago(due, now)}) if late else until(due, now).capitalize()


def address_of(connection: WatcherConnection) -> str:
    """Where it is, shortly: "watcher.example.net", "10.0.0.9:8080/vsaas"."""
    parts = urlsplit(connection.url)
    return f"{parts.netloc}{parts.path.rstrip('/')}"
