"""Connecting a Watcher, changing a connection, and mapping what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from portal.forms.form import UNSET, ListOf, Unset
from portal.forms.kinds import WHOLE_MAX, Choice, Flag, Text, Whole, code_like
from portal.forms.subscriber import NUMBER

URL = Text(500, example="https://watcher.example.net")
SECRET = Text(500)
ORGANIZATIONS = ListOf(Whole(0, WHOLE_MAX), maximum=1000)
MINUTES = Whole(1, 7 * 24 * 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """A Watcher and how to sign in to it. v2 takes a key, a login or both; v3 a login."""

    kind: Annotated[Literal["watcher"], Choice(("watcher",))] = "watcher"
    api: Annotated[Literal["v2", "v3"], Choice(("v2", "v3"))]
    url: Annotated[str, URL]
    api_key: Annotated[str | None, SECRET] = None
    login: Annotated[str | None, SECRET] = None
    password: Annotated[str | None, SECRET] = None
    organizations: Annotated[tuple[int, ...] | None, ORGANIZATIONS] = None
    read_every_minutes: Annotated[int, MINUTES] = 60
    follow_presets: Annotated[bool, Flag()] = False
    provision: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """What is to be different about a connection. Secrets not sent stay as they are."""

    url: Annotated[str | Unset, URL] = UNSET
    api_key: Annotated[str | Unset | None, SECRET] = UNSET
    login: Annotated[str | Unset | None, SECRET] = UNSET
    password: Annotated[str | Unset | None, SECRET] = UNSET
    organizations: Annotated[tuple[int, ...] | Unset | None, ORGANIZATIONS] = UNSET
    read_every_minutes: Annotated[int | Unset, MINUTES] = UNSET
    follow_presets: Annotated[bool | Unset, Flag()] = UNSET
    provision: Annotated[bool | Unset, Flag()] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMapping:
    """An organization is a subscriber's, or a preset stands for a tariff: one of the two."""

    organization: Annotated[int | None, Whole(0, WHOLE_MAX)] = None
    subscriber: Annotated[int | None, NUMBER] = None
    preset: Annotated[int | None, Whole(0, WHOLE_MAX)] = None
    tariff: Annotated[str | None, code_like("home-7")] = None
