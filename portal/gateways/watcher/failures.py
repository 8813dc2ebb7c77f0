"""What can go wrong with a Watcher, each with a sentence for the person who connected it."""

from __future__ import annotations

from typing import ClassVar

from portal.errors import PortalError


class WatcherFailed(PortalError):
    """Watcher could not be read; what was read before stands."""

    status: ClassVar[int] = 502
    title: ClassVar[str] = "Watcher could not be read"


class AddressRefused(WatcherFailed):
    """The address is not one that this installation may call."""

    status = 422
    title = "Address not permitted"


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
