"""“Needs you”: at most seven sentences, each with a number, an age and one button."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import quote

from portal.billing.period import Period
from portal.overview.actions import digest
from portal.overview.queries.attention import Need
from portal.routes.shared.ages import ago
from portal.routes.shared.attention_words import WORDS
from portal.words import _, joined

SHOWN: Final = 7
LISTED: Final = 200
"""Where all are asked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list: whose it is ("" within a cloud), what is said, and its button.

    `age` says since when, "" where nobody knows.
    """

    cloud: str
    text: str
    age: str
    button: str
    href: str


@dataclass(frozen=True, slots=True)
class NeedsYou:
    """The list: its first lines, and how many more there are."""

    lines: tuple[Line, ...]
    more: int


def needs_of(
    query: Mapping[str, str], found: Sequence[Need], prefix: str, locale: str, now: datetime
) -> NeedsYou:
    """The list of a portal, "/cloud" or "/system"; all of it where the address asks for that."""
    shown = LISTED if query.get("needs") == "all" else SHOWN
    lines = tuple(_line(need, prefix, locale, now) for need in found[:shown])
    return NeedsYou(lines, len(found) - len(lines))


def said_of(found: Sequence[Need], prefix: str, locale: str, now: datetime) -> digest.Said:
    """The same as a digest says it."""
    needs = needs_of({}, found, prefix, locale, now)
    return digest.Said([digest.Line(_told(line), line.href) for line in needs.lines], needs.more)


def _told(line: Line) -> str:
    """Whose, what and since when: "North: Watcher at w.test cannot be read. 3 hours ago"."""
    text = joined([line.text, line.age]) if line.age else line.text
    return _("%(cloud)s: %(text)s") % {"cloud": line.cloud, "text": text} if line.cloud else text


def _line(need: Need, prefix: str, locale: str, now: datetime) -> Line:
    words = WORDS[need.kind]
    base = "/cloud" if prefix == "/cloud" else f"/system/clouds/{quote(need.cloud)}"
    form = words.one if words.one and need.place else words.path
    key = Period.of(date.fromisoformat(need.subject)).key if "{month}" in form else ""
    path = form.format(
        month=key,
        place=quote(need.place, safe=""),
        cloud=quote(need.cloud),
        portal=prefix.strip("/"),
    )
    return Line(
        need.cloud_name if prefix == "/system" else "",
        words.say(need, locale),
        "" if need.since is None else ago(need.since, now),
        words.button,
        path if path.startswith("/") else f"{base}/{path}",
    )
