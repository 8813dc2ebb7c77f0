"""Whom somebody may look at a portal as, and whom a session looks at it as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal.access import Actor, Role
from portal.db import snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.values.numbers import number_in
from portal.words import _

OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody whose portal is looked at. `object` is their name in the audit log.

    `user` is None where nobody in particular is looked as; `page` is where their page lies below
    the cloud's ("subscribers/4"), "" for the cloud's own.
    """

    role: Role
    cloud: CloudFacts
    name: str
    object: str
    page: str = ""
    user: int | None = None
    subscriber: int | None = None
    referral: int | None = None


@dataclass(frozen=True, slots=True)
class Viewing:
    """What a session looks at just now: as whom, why, and until when."""

    id: int
    name: str
    reason: str
    ends_at: datetime


_SUBSCRIBER: Final = "select id, name from subscriber where cloud = $1 and number = $2"
_REFERRAL: Final = "select id, name from referral where cloud = $1 and code = $2"
_PERSON: Final = """
select id, coalesce(nullif(name, ''), email) as name, role, subscriber, referral
from portal_user where cloud = $1 and id = $2 and active
"""


async def subject_of(actor: Actor, cloud: CloudFacts, kind: str, key: str) -> Subject:
    """Whom an address names: "operator", "subscriber" 4, "referral" rex, "person" 12.

    Raises `NotFound` for what is not there, or not the actor's to see.
    """
    if kind == OPERATOR:
        return Subject(Role.CLOUD_ADMINISTRATOR, cloud, cloud.name, f"cloud {cloud.slug}")
    async with snapshot(actor) as tx:
        if kind == "referral":
            row = await tx.fetchrow(_REFERRAL, cloud.id, key)
            if row is not None:
                return _referral(cloud, row, key)
        number = number_in(key)
        if kind == "subscriber" and number is not None:
            row = await tx.fetchrow(_SUBSCRIBER, cloud.id, number)
            if row is not None:
                return _subscriber(cloud, row, key)
        if kind == "person" and number is not None:
            row = await tx.fetchrow(_PERSON, cloud.id, number)
            if row is not None:
                return _person(cloud, row)
    raise no_such(
        {"subscriber": _("subscriber"), "referral": _("referral")}.get(kind, _("person")), key
    )


def _subscriber(cloud: CloudFacts, row: Any, number: str) -> Subject:
    return Subject(
        Role.SUBSCRIBER,
        cloud,
        row["name"],
        f"subscriber {number}",
        f"subscribers/{number}",
        subscriber=row["id"],
    )


def _referral(cloud: CloudFacts, row: Any, code: str) -> Subject:
    return Subject(
        Role.REFERRAL,
        cloud,
        row["name"],
        f"referral {code}",
        f"referrals/{code}",
        referral=row["id"],
    )


def _person(cloud: CloudFacts, row: Any) -> Subject:
    return Subject(
        role=Role(row["role"]),
        cloud=cloud,
        name=row["name"],
        object=f"user {row['id']}",
        page=f"people/{row['id']}",
        user=row["id"],
        subscriber=row["subscriber"],
        referral=row["referral"],
    )
