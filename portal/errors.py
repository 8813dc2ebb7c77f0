"""One tree of errors. Each carries its HTTP status, so every door answers alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, TypeVar

from portal.words import Sentence, _, english, joined, ngettext

NAME_SHOWN: Final = 80
"""Characters of a name that a message repeats."""


class PortalError(Exception):
    """Something a person can act on.

    `message` is one sentence for that person; `status` is the HTTP status. `retry_after` are the
    seconds after which the same may be tried again, None where time alone changes nothing.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = _("Bad request")
    retry_after: int | None = None

    def __init__(self, message: str) -> None:
        super().__init__(english(message))  # logs and commands speak English
        self.message = message

    def problems(self) -> list[dict[str, str | int]]:
        """The `errors` member of a problem document: `{field|line, message}` each."""
        return []


class Unauthorized(PortalError):
    """Nobody is signed in, or the key is not known."""

    status = 401
    title = _("Not signed in")


class Forbidden(PortalError):
    """Visible, but not this actor's to do; `permission` names what it would take, if one would."""

    status = 403
    title = _("Not permitted")

    def __init__(self, message: str, permission: str = "") -> None:
        super().__init__(message)
        self.permission = permission


class NotFound(PortalError):
    """Not there, or not this actor's to see: the two are not told apart."""

    status = 404
    title = _("Not found")


def no_such(what: str, name: str | int) -> NotFound:
    """`NotFound` for one thing, say `_("camera")`, by its name or number.

    Example: "There is no camera 'gate'." A name is cut after NAME_SHOWN characters, and
    what nobody would see in it is written out.
    """
    said = str(name) if isinstance(name, int) else repr(name[:NAME_SHOWN])
    return NotFound(_("There is no %(what)s %(name)s.") % {"what": what, "name": said})


class Conflict(PortalError):
    """The state of the books forbids it; `fields` may name what stands in the way.

    Example: closing a month with gaps, `{"2026-10-05": "2 of 3 cameras have no usage"}`.
    """

    status = 409
    title = _("Conflict")

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})

    def problems(self) -> list[dict[str, str | int]]:
        return [{"field": field, "message": text} for field, text in self.fields.items()]


class TooLarge(PortalError):
    """More than one request may carry."""

    status = 413
    title = _("Too large")


class UnsupportedType(PortalError):
    """The body is in a format that is not read here."""

    status = 415
    title = _("Unsupported media type")


class Invalid(PortalError):
    """Fields that do not parse or do not make sense, by name.

    `fields` maps a field ("versions[0].items[1].quantity") to its message.
    """

    status = 422
    title = _("Invalid")

    def __init__(self, fields: Mapping[str, str], message: str = "") -> None:
        self.fields = dict(fields)
        super().__init__(message or _listed(self.fields))

    def problems(self) -> list[dict[str, str | int]]:
        return [{"field": field, "message": text} for field, text in self.fields.items()]


E = TypeVar("E", bound="Invalid | Conflict")


def renamed(wrong: E, names: Mapping[str, str]) -> E:
    """The same complaint with its fields called as they were sent: `email` is another's there."""
    wrong.fields = {names.get(field, field): text for field, text in wrong.fields.items()}
    return wrong


class NotThere(Invalid):
    """Fields that name something which is not there, by name: a subscriber's number, an address."""


class InvalidLines(PortalError):
    """Rows of a bulk body that were refused, by line number from 1; nothing was stored."""

    status = 422
    title = _("Invalid")

    def __init__(self, lines: Sequence[tuple[int, str]], message: str = "") -> None:
        self.lines = list(lines)
        refused = ngettext(
            "%(count)s row was refused; nothing was stored.",
            "%(count)s rows were refused; nothing was stored.",
            len(self.lines),
        )
        super().__init__(message or refused % {"count": len(self.lines)})

    def problems(self) -> list[dict[str, str | int]]:
        return [{"line": line, "message": text} for line, text in self.lines]


class TooMany(PortalError):
    """Too many requests or attempts; try again after `retry_after` seconds, where that is known."""

    status = 429
    title = _("Too many requests")


class Unavailable(PortalError):
    """Something that is needed is away or busy for the moment."""

    status = 503
    title = _("Not available")

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def _listed(fields: Mapping[str, str]) -> str:
    """Every field with its message, as one sentence: "name: is required; email: is required"."""
    return joined(
        [
            Sentence("%(field)s: %(problem)s", values={"field": k, "problem": v})
            for k, v in fields.items()
        ],
        "; ",
    )
