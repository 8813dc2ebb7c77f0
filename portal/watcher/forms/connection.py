"""Connecting a Watcher, changing a connection, and mapping what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

from portal.errors import Invalid
from portal.kit.forms.form import UNSET, Change, ListOf, Unset, change_of, parse_texts
from portal.values.kinds import WHOLE_MAX, Choice, Flag, Text, Whole, code_like
from portal.values.numbers import NUMBER
from portal.values.text import shown
from portal.words import _


@dataclass(frozen=True, slots=True)
class Numbers(ListOf):
    """A list of whole numbers; as text "6, 7"."""

    def read_text(self, text: Any, at: str) -> tuple[Any, ...]:
        numbers = []
        for word in text.replace(",", " ").split():
            try:
                numbers.append(self.member.read_text(word, at))
            except Invalid:
                raise Invalid(
                    {at: _("%(word)r is not an id; write them like 6, 7") % {"word": shown(word)}}
                ) from None
        if not numbers:
            raise Invalid({at: _("must hold an id, or be empty")})
        return self.read(numbers, at)


KIND = Choice(("watcher",))
API = Choice(("v2", "v3"))
URL = Text(500, example="https://watcher.example.net")
SECRET = Text(500, is_read=False)
ORGANIZATIONS = Numbers(Whole(0, WHOLE_MAX), maximum=1000)
MINUTES = Whole(1, 7 * 24 * 60)
MATCHES_MAX: Final = 400
"""Of mappings by equal names that are made at once."""
DECISIONS: Final = {
    "compare": (False, False),
    "watcher": (True, False),
    "camledger": (False, True),
}
"""Which system decides, in the words of pages; whether presets are followed, and provisioned."""
DECIDES = Choice(tuple(DECISIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """A Watcher and how to sign in to it. v2 takes a key, a login or both; v3 a login."""

    kind: Annotated[Literal["watcher"], KIND] = "watcher"
    api: Annotated[Literal["v2", "v3"], API]
    url: Annotated[str, URL]
    api_key: Annotated[str | None, SECRET] = None
    login: Annotated[str | None, SECRET] = None
    password: Annotated[str | None, SECRET] = None
    organizations: Annotated[tuple[int, ...] | None, ORGANIZATIONS] = None
    read_every_minutes: Annotated[int, MINUTES] = 60
    follow_presets: Annotated[bool, Flag()] = False
    provision: Annotated[bool, Flag()] = False


@change_of(NewConnection, but=("kind", "api"))
class ConnectionChange(Change):
    """What is to be different about a connection. Secrets not sent stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMapping:
    """An organization is a subscriber's, or a preset stands for a tariff: one of the two.

    `connection` says of which Watcher, where a cloud has several that may be meant.
    """

    connection: Annotated[int | None, NUMBER] = None
    organization: Annotated[int | None, Whole(0, WHOLE_MAX)] = None
    subscriber: Annotated[int | None, NUMBER] = None
    preset: Annotated[int | None, Whole(0, WHOLE_MAX)] = None
    tariff: Annotated[str | None, code_like("home-7")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedConnection:
    """A connection as the page of its settings sends it. Secrets that are left empty stay."""

    url: Annotated[str, URL]
    api_key: Annotated[str | None, SECRET] = None
    login: Annotated[str | None, SECRET] = None
    password: Annotated[str | None, SECRET] = None
    forget_key: Annotated[bool, Flag()] = False
    forget_login: Annotated[bool, Flag()] = False
    organizations: Annotated[tuple[int, ...] | None, ORGANIZATIONS] = None
    read_every_minutes: Annotated[int, MINUTES]
    decides: Annotated[str, DECIDES]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """The one choice of a page that the API knows as two flags."""

    decides: Annotated[str, DECIDES] = "compare"


def decision_of(connection: Any) -> str:
    """Which system decides at a connection, one of DECISIONS."""
    flags = connection.follow_presets, connection.provision
    return next(name for name, of in DECISIONS.items() if of == flags)


def typed_connection(sent: Mapping[str, str]) -> NewConnection:
    """What the page of a new connection asks for. Raises `Invalid` by field.

    Credentials that the chosen API does not take are ignored: a key typed before v3 was chosen.
    """
    values = {name: text for name, text in sent.items() if name != "decides"}
    if values.get("api") == "v3":
        values.pop("api_key", None)
    problems: dict[str, str] = {}
    follows = provisions = False
    try:
        decided = parse_texts(_Decided, {"decides": sent.get("decides", "")})
        follows, provisions = DECISIONS[decided.decides]
    except Invalid as wrong:
        problems.update(wrong.fields)
    try:
        form = parse_texts(NewConnection, values)
    except Invalid as wrong:
        raise Invalid({**wrong.fields, **problems}) from None
    if problems:
        raise Invalid(problems)
    return replace(form, follow_presets=follows, provision=provisions)


def edited_connection(sent: Mapping[str, str]) -> ConnectionChange:
    """The change that a page of settings asks for. Raises `Invalid` by field.

    A secret that is typed replaces the stored one, also where that was to be forgotten.
    """
    form = parse_texts(EditedConnection, sent)
    follows, provisions = DECISIONS[form.decides]

    def kept(value: str | None, *, forget: bool) -> str | Unset | None:
        return value or (None if forget else UNSET)

    return ConnectionChange(
        url=form.url,
        api_key=kept(form.api_key, forget=form.forget_key),
        login=kept(form.login, forget=form.forget_login),
        password=kept(form.password, forget=form.forget_login),
        organizations=form.organizations,
        read_every_minutes=form.read_every_minutes,
        follow_presets=follows,
        provision=provisions,
    )
