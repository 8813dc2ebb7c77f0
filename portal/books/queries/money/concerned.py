"""Whose days an outage is about: cameras by name, and those of a Watcher or an organization."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from portal.access import Actor
from portal.billing.period import day_start, local_date
from portal.books.forms.outage import OutageForm
from portal.db import Transaction, snapshot
from portal.errors import Invalid
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

Days = tuple[date, date]
"""A first and a last day, both included."""
CHOICES_MAX: Final = 200
"""So many organizations are offered; of more, one is named by its number."""

_WATCHERS: Final = """
select distinct coalesce(same_as, id) as watcher from connection
where cloud = $1 and ($2::bigint is null or id = $2)
"""
_HOLDERS: Final = """
select watcher from watcher_organization
where cloud = $1 and organization = $2 and watcher = any($3) limit 2
"""
_OF_WATCHER: Final = "select id as camera from camera where cloud = $1 and watcher = $2"
_OF_ORGANIZATION: Final = """
select i.camera, i.since, i.until from camera_interval i
join connection c on c.cloud = i.cloud and c.id = i.connection
where i.cloud = $1 and coalesce(c.same_as, c.id) = $2 and i.organization = $3
  and i.since < $5 and (i.until is null or i.until > $4)
"""
_CHOICES: Final = """
select o.organization, min(o.title) as title from watcher_organization o
where o.cloud = $1 group by o.organization order by 2, 1 limit $2
"""


@dataclass(frozen=True, slots=True)
class WatcherChoices:
    """Connections, and organizations by number and title: None where there are too many to list."""

    connections: Sequence[tuple[int, str]]
    organizations: Sequence[tuple[int, str]] | None


async def watcher_choices(actor: Actor, cloud: CloudFacts) -> WatcherChoices:
    """What an outage may be of."""
    async with snapshot(actor) as tx:
        connections = await tx.fetch(
            "select id, url from connection where cloud = $1 order by ended_at is not null, id"
            " limit $2",
            cloud.id,
            CHOICES_MAX,
        )
        found = await tx.fetch(_CHOICES, cloud.id, CHOICES_MAX + 1)
    organizations = [(row["organization"], row["title"]) for row in found]
    return WatcherChoices(
        [(row["id"], row["url"]) for row in connections],
        organizations if len(found) <= CHOICES_MAX else None,
    )


async def concerned(
    tx: Transaction, cloud: CloudFacts, form: OutageForm
) -> Mapping[int, Sequence[Days]] | None:
    """The days of each camera, by row id, that an outage is about; None where it is about all.

    In an organization a camera is out on the days on which it was there. Raises `Invalid` for a
    camera, connection or organization that is not there.
    """
    named = await _named(tx, cloud, form)
    there = await _there(tx, cloud, form)
    span = [(form.first_day, form.last_day)]
    if there is None:
        return None if named is None else dict.fromkeys(named, span)
    if named is None:
        return there
    return {camera: days for camera, days in there.items() if camera in named}


async def _named(tx: Transaction, cloud: CloudFacts, form: OutageForm) -> set[int] | None:
    """The row ids of the cameras that the form names; None where it names none."""
    if form.cameras is None:
        return None
    rows = await tx.fetch(
        "select id, external_id from camera where cloud = $1 and external_id = any($2)",
        cloud.id,
        list(form.cameras),
    )
    known = {row["external_id"]: row["id"] for row in rows}
    told = _("is not a camera of this cloud")
    wrong = {
        f"cameras[{place}]": told for place, one in enumerate(form.cameras) if one not in known
    }
    if wrong:
        raise Invalid(wrong)
    return set(known.values())


async def _there(
    tx: Transaction, cloud: CloudFacts, form: OutageForm
) -> Mapping[int, Sequence[Days]] | None:
    """The same of a Watcher's cameras; None where the form names no Watcher."""
    if form.connection is None and form.organization is None:
        return None
    watchers = [row["watcher"] for row in await tx.fetch(_WATCHERS, cloud.id, form.connection)]
    if form.connection is not None and not watchers:
        raise Invalid({"connection": _("is not a connection of this cloud")})
    if form.organization is None:
        rows = await tx.fetch(_OF_WATCHER, cloud.id, watchers[0])
        return {row["camera"]: [(form.first_day, form.last_day)] for row in rows}
    holders = await tx.fetch(_HOLDERS, cloud.id, form.organization, watchers)
    if not holders:
        raise Invalid({"organization": _("is not an organization of this cloud's Watcher")})
    if len(holders) > 1:
        told = _("is required: several Watchers have this organization")
        raise Invalid({"connection": told})
    begin = day_start(form.first_day, cloud.timezone)
    end = day_start(form.last_day + timedelta(days=1), cloud.timezone)
    of = cloud.id, holders[0]["watcher"], form.organization
    found: dict[int, list[Days]] = defaultdict(list)
    for row in await tx.fetch(_OF_ORGANIZATION, *of, begin, end):
        until = end if row["until"] is None else min(row["until"], end)
        last = local_date(until - timedelta(microseconds=1), cloud.timezone)
        first = local_date(max(row["since"], begin), cloud.timezone)
        found[row["camera"]].append((first, last))
    return found
