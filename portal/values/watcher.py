"""A Watcher as rooms speak of it: how it is reached, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import getsizeof
from typing import ClassVar, Final, Literal

from portal.errors import PortalError
from portal.words import _

PAGE_SIZE: Final = 200
"""Cameras on a page that is asked for."""
OTHERS_MAX: Final = 50_000
"""Organizations of one Watcher, or presets."""
TEXT_BYTES_MAX: Final = 12_000_000
"""Of all names or titles: 80 for each of 150 000 cameras. An accent or an emoji makes a text take
two or four bytes a character, all of them."""


_CALLED: Final[Mapping[str, str]] = {
    "cameras": _("cameras"),
    "streams": _("cameras"),
    "presets": _("presets"),
    "organizations": _("organizations"),
    "ranges": _("ranges"),
}


def called(plural: str) -> str:
    """A list of Watcher's as sentences name it: "streams" are cameras."""
    return _CALLED[plural]


@dataclass(frozen=True, slots=True)
class WatcherAccess:
    """How a Watcher is reached. v2 has a key, a login or both; v3 a login.

    With a key alone the ranges of footage cannot be read. `organizations` None is all of them.
    """

    api: Literal["v2", "v3"]
    url: str
    api_key: str | None = field(default=None, repr=False)
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    organizations: tuple[int, ...] | None = None
    page_size: int = PAGE_SIZE
    cloud: str = ""
    """The slug of the cloud whose it is: private addresses are trusted for single clouds."""

    @property
    def has_login(self) -> bool:
        """Whether there is a login with its password."""
        return self.login is not None and self.password is not None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried, and what came of it."""

    name: str
    ok: bool
    message: str


class WatcherFailed(PortalError):
    """Watcher could not be read; what was read before stands."""

    status: ClassVar[int] = 502
    title: ClassVar[str] = _("Watcher could not be read")


class AddressRefused(WatcherFailed):
    """The address is not one that this installation may call."""

    status = 422
    title = _("Address not permitted")


class Unreachable(WatcherFailed):
    """No answer, or none that was good, after every attempt."""


class CredentialsRefused(WatcherFailed):
    """Watcher does not take the key, the login or the password, or does not let them do this."""


class RequestRefused(WatcherFailed):
    """Watcher refused one request and would refuse it again."""


class NotThere(RequestRefused):
    """Watcher says that there is no such thing."""


class NotApplied(WatcherFailed):
    """Watcher took a change without a word and did not make it."""


class Nonsense(WatcherFailed):
    """An answer that is not of the form that Watcher gives."""


class TooLong(Nonsense):
    """An answer of more bytes than one may have: fewer objects may fit."""


class Unsettled(WatcherFailed):
    """The list of cameras kept changing: no complete run of it was possible."""


class Kept:
    """Counts what is kept of a list. `what` names it: "cameras"."""

    __slots__ = ("count", "count_max", "size", "what")

    def __init__(self, what: str, count_max: int = OTHERS_MAX) -> None:
        self.what, self.count_max = what, count_max
        self.count = self.size = 0

    def add(self, text: str) -> None:
        """One more with its text. Raises `Nonsense` when it is one too many."""
        self.count += 1
        self.size += getsizeof(text)
        if self.count > self.count_max:
            raise Nonsense(
                _("Watcher lists more than %(count_max)s %(what)s")
                % {"count_max": self.count_max, "what": called(self.what)}
            )
        if self.size > TEXT_BYTES_MAX:
            raise Nonsense(
                _("Watcher lists %(what)s with names of more than %(text_bytes_max)s bytes")
                % {"what": called(self.what), "text_bytes_max": TEXT_BYTES_MAX}
            )
