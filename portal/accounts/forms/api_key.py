"""Making an API key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from portal.access import CLOUD_ROLES, PLATFORM_ROLES, Permission, role_in_words
from portal.kit.forms.form import ListOf
from portal.values.clock import Moment
from portal.values.kinds import Choice, Email, Text

_PLATFORMS: Final = Choice(tuple(sorted(role_in_words(role) for role in PLATFORM_ROLES)))
_CLOUDS: Final = Choice(tuple(sorted(role_in_words(role) for role in CLOUD_ROLES)))
_SCOPES: Final = ListOf(Choice(tuple(Permission)), len(Permission))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlatformKey:
    """A key of the platform. A manager's stands for the person `user`; `scopes` narrow it."""

    name: Annotated[str, Text(example="CRM")]
    role: Annotated[str, _PLATFORMS]
    user: Annotated[str | None, Email()] = None
    scopes: Annotated[tuple[str, ...] | None, _SCOPES] = None
    expires_at: Annotated[datetime | None, Moment()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key of a cloud. An account manager's stands for the person `user`; `scopes` narrow it."""

    name: Annotated[str, Text(example="CRM")]
    role: Annotated[str, _CLOUDS]
    user: Annotated[str | None, Email()] = None
    scopes: Annotated[tuple[str, ...] | None, _SCOPES] = None
    expires_at: Annotated[datetime | None, Moment()] = None
