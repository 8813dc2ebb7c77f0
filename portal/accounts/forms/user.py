"""Adding a person, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.access import CLOUD_ROLES, PLATFORM_ROLES, ROLE_IN_CLOUD, role_in_words
from portal.kit.forms.form import UNSET, ListOf, Unset
from portal.values.kinds import SLUG, Choice, Email, Flag, Locale, Text, Zone, code_like
from portal.values.numbers import NUMBER

CLOUDS_MAX: Final = 1_000
_PLATFORMS: Final = Choice(tuple(sorted(role_in_words(role) for role in PLATFORM_ROLES)))
_STAFF: Final = Choice(tuple(sorted(role_in_words(role) for role in CLOUD_ROLES)))
_EVERYBODY: Final = Choice(tuple(sorted(ROLE_IN_CLOUD)))
_CLOUDS: Final = ListOf(SLUG, CLOUDS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnName:
    """What a person calls themself."""

    name: Annotated[str, Text(example="Ann")]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProfile:
    """What a person says of themself. Without a zone or a locale the cloud's hold."""

    name: Annotated[str, Text(example="Ann")]
    zone: Annotated[str | None, Zone()] = None
    locale: Annotated[str | None, Locale()] = None
    shortcuts: Annotated[bool, Flag()] = False
    digest: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmail:
    """Another address to sign in with."""

    email: Annotated[str, Email()]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """A person of the platform. `clouds` are those a manager is responsible for."""

    email: Annotated[str, Email()]
    role: Annotated[str, _PLATFORMS]
    name: Annotated[str | None, Text(example="Max")] = None
    clouds: Annotated[tuple[str, ...], _CLOUDS] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChange:
    """What is to be different about a person of the platform."""

    role: Annotated[str | Unset, _PLATFORMS] = UNSET
    active: Annotated[bool | Unset, Flag()] = UNSET
    clouds: Annotated[tuple[str, ...] | Unset, _CLOUDS] = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person of a cloud; one of a subscriber or of a referral names whose it is."""

    email: Annotated[str, Email()]
    role: Annotated[str, _EVERYBODY]
    name: Annotated[str | None, Text(example="Ann")] = None
    subscriber: Annotated[int | None, NUMBER] = None
    referral: Annotated[str | None, code_like("rex")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedStaff(NewStaff):
    """The same as a page asks for it: whoever is invited is called by a name."""

    name: Annotated[str, Text(example="Max")]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedUser(NewUser):
    """The same of a cloud."""

    name: Annotated[str, Text(example="Ann")]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is to be different about a person of a cloud."""

    role: Annotated[str | Unset, _STAFF] = UNSET
    active: Annotated[bool | Unset, Flag()] = UNSET
