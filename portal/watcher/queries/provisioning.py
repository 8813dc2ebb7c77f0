"""Where a Watcher that is provisioned is not as the books say, as far as is known without asking.

What is known are the presets as last listed and cameras' intervals in force.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.period import local_date
from portal.billing.provisioning import CameraWanted, LastTry, PresetPlan, plan_of
from portal.billing.rating import version_on
from portal.billing.readings import Preset
from portal.catalog.queries import pricelist
from portal.db import Transaction, snapshot
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.values import languages
from portal.words import _, speaking, told

CAMERAS_AT_ONCE: Final = 2_000
_CONNECTIONS: Final = """
select id, cloud from connection
where provision and ended_at is null and (provision_retry_at is null or provision_retry_at <= $1)
  and ($2::bigint is null or cloud = $2)
order by id
"""
_IN_USE: Final = """
select distinct s.tariff from camera_interval i
join subscription s on s.cloud = i.cloud and s.camera = i.camera
  and s.starts_on <= $3 and (s.ends_on is null or $3 < s.ends_on)
where i.cloud = $1 and i.connection = $2 and i.until is null
"""
_TARIFFS: Final = """
select t.id, t.code, t.name, p.preset, p.before, p.failures, p.retry_at,
       coalesce(p.wanted, '') as wanted, coalesce(p.message, '') as message
from tariff t
left join provisioned_preset p on p.cloud = t.cloud and p.connection = $2 and p.tariff = t.id
  and p.without_analytics = $3
where t.cloud = $1 order by t.id
"""
# Tariffs of cameras whose customers' analytics are off while they do not pay.
_QUIET: Final = f"""
{_IN_USE.strip()} and exists (
  select from camera c
  join dunning_episode e on e.cloud = c.cloud and e.subscriber = c.subscriber
    and e.ended_at is null and e.analytics_off
  where c.cloud = i.cloud and c.id = i.camera)
"""
_QUIET_PRESETS: Final = """
select preset from provisioned_preset
where cloud = $1 and connection = $2 and without_analytics and preset is not null
"""
_PRESETS: Final = """
select w.preset as id, w.title, w.continuous_depth_days, w.motion_depth_days, w.faces, w.plates,
       w.is_adjustable, w.is_deleted, w.tariff
from watcher_preset w where w.cloud = $1
  and w.watcher = (select coalesce(c.same_as, c.id) from connection c where c.id = $2)
"""
_CAMERAS: Final = """
with right_ones as (
  select * from unnest($5::bigint[], $6::bool[], $7::bigint[]) as r(tariff, quiet, preset)),
targets as (
  select * from unnest($8::bigint[], $9::bool[], $10::bigint[]) as t(tariff, quiet, preset)),
served as (
  select i.*, c.watcher_name, s.tariff,
         coalesce(e.analytics_off and s.tariff = any($11::bigint[]), false) as quiet,
         c.suspended or coalesce(b.suspended, false) or coalesce(e.recording_off, false)
           as suspended
  from camera_interval i
  join camera c on c.cloud = i.cloud and c.id = i.camera
  left join subscriber b on b.cloud = i.cloud and b.id = c.subscriber
  left join dunning_episode e on e.cloud = i.cloud and e.subscriber = c.subscriber
    and e.ended_at is null and (e.analytics_off or e.recording_off)
  left join subscription s on s.cloud = i.cloud and s.camera = i.camera
    and s.starts_on <= $3 and (s.ends_on is null or $3 < s.ends_on)
  where i.cloud = $1 and i.connection = $2 and i.until is null
),
cameras as (
  select i.camera as id, i.watcher_name as name, i.preset, i.enabled, i.tariff, i.quiet,
         t.preset as target, i.suspended,
         coalesce(p.is_switched_off, false) as is_switched_off,
         coalesce(p.failures, 0) as failures, coalesce(p.wanted, '') as tried,
         coalesce(p.message, '') as message, p.tried_at, p.retry_at,
         concat_ws(' ', t.preset, case when i.suspended then 'off' else 'on' end) as wanted
  from served i
  left join targets t on t.tariff = i.tariff and t.quiet = i.quiet
  left join provisioned_camera p
    on p.cloud = i.cloud and p.connection = i.connection and p.camera = i.camera
)
select id, name, tariff, quiet, target, suspended, is_switched_off, failures, wanted from cameras d
where (d.message <> '' or (d.suspended and d.enabled) or (not d.suspended and d.is_switched_off)
       or (d.target is not null and not exists (
             select from right_ones r where r.tariff = d.tariff and r.quiet = d.quiet
               and r.preset = d.preset)))
  and (d.retry_at is null or d.retry_at <= $4 or d.tried <> d.wanted)
order by d.tried_at nulls first, d.id limit $12
"""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A connection that is provisioned. `failures` of it as a whole, one after the other.

    `watcher` is the first connection that led to the same Watcher.
    """

    id: int
    watcher: int
    cloud: CloudFacts
    url: str
    organizations: frozenset[int] | None
    failures: int


@dataclass(frozen=True, slots=True)
class TariffState:
    """A tariff, the presets that stand for it, and the plan for them.

    `before` are the presets that were there when making one was begun; `failures` of it, one after
    the other, and the `message` that was kept of them. `is_quiet`: for cameras of customers whose
    analytics are off.
    """

    id: int
    is_quiet: bool
    code: str
    plan: PresetPlan
    presets: frozenset[int]
    before: frozenset[int] | None
    failures: int
    message: str

    @property
    def is_due(self) -> bool:
        """Whether something is to be done, or to be said that was not said before."""
        return self.plan.make or self.plan.change or self.plan.trouble != self.message


@dataclass(frozen=True, slots=True)
class CameraDue:
    """A camera to which something is to be written, by Watcher's name for it.

    `words` are what is tried, to tell it again.
    """

    id: int
    name: str
    wanted: CameraWanted
    failures: int
    words: str


async def connections(tx: Transaction, now: datetime, cloud: int | None) -> list[tuple[int, int]]:
    """Connection and cloud (row ids) of those that may be written to now."""
    rows = await tx.fetch(_CONNECTIONS, now, cloud)
    return [(row["id"], row["cloud"]) for row in rows]


async def due(actor: Actor, now: datetime, cloud: int | None = None) -> list[tuple[int, int]]:
    """Connection and cloud (row ids) of those where something is to be written, as is known."""
    found = []
    async with snapshot(actor) as tx:
        for connection, of_cloud in await connections(tx, now, cloud):
            if await _is_due(tx, connection, of_cloud, now):
                found.append((connection, of_cloud))
    return found


async def _is_due(tx: Transaction, connection: int, cloud: int, now: datetime) -> bool:
    facts = await tenancy.cloud_facts_by_id(tx, cloud)
    states = await tariffs(tx, facts, connection, now)
    if any(state.is_due for state in states):
        return True
    return bool(await cameras(tx, facts, connection, states, now, limit=1))


async def tariffs(
    tx: Transaction,
    cloud: CloudFacts,
    connection: int,
    now: datetime,
    *,
    listed: Collection[int] | None = None,
) -> list[TariffState]:
    """Every tariff with a version in force. `listed` are Watcher's presets where it was asked.

    One that was made for a tariff and is not among these is gone.
    """
    today = local_date(now, cloud.timezone)
    services = await pricelist.services(tx)
    versions = await pricelist.versions(tx, cloud.id, services)
    rows = await tx.fetch(_PRESETS, cloud.id, connection)
    known = {row["id"]: _preset(row) for row in rows if not row["is_deleted"]}
    quiet_ones = {row["preset"] for row in await tx.fetch(_QUIET_PRESETS, cloud.id, connection)}
    mapped: dict[int, set[int]] = {}
    for row in rows:
        if row["id"] not in quiet_ones:
            mapped.setdefault(row["tariff"] or 0, set()).add(row["id"])
    of_day = (cloud.id, connection, today)
    used = {row["tariff"] for row in await tx.fetch(_IN_USE, *of_day)}
    quiet = {row["tariff"] for row in await tx.fetch(_QUIET, *of_day)}
    states: list[TariffState] = []
    for is_quiet in (False, True) if quiet else (False,):
        for row in await tx.fetch(_TARIFFS, cloud.id, connection, is_quiet):
            version = version_on(versions.get(row["id"], ()), today)
            if version is None or (is_quiet and row["id"] not in quiet):
                continue
            numbers = (
                {row["preset"]} if is_quiet else mapped.get(row["id"], set()) | {row["preset"]}
            )
            if listed is not None and row["preset"] not in listed:
                numbers.discard(row["preset"])
            alive = {number: known[number] for number in numbers if number in known}
            last = LastTry(
                preset=row["preset"],
                wanted=row["wanted"],
                retry_at=row["retry_at"],
                message=told(row["message"]),
            )
            plan = plan_of(
                row["name"],
                row["code"],
                version.items,
                alive,
                last,
                in_use=row["id"] in used,
                now=now,
                quiet=_quiet_title(cloud, row["name"]) if is_quiet else "",
            )
            if not is_quiet or _has_analytics(states, row["id"]):
                states.append(_state(row, plan, alive, is_quiet=is_quiet))
    return states


def _quiet_title(cloud: CloudFacts, tariff: str) -> str:
    """What the preset of a tariff without its analytics is called, in the cloud's language."""
    with speaking(languages.catalogue(languages.of_locale(cloud.locale))):
        return str(_("%(tariff)s, without analytics") % {"tariff": tariff})


def _has_analytics(states: Sequence[TariffState], tariff: int) -> bool:
    """Whether the preset of a tariff looks for anything: one without is the same as it is."""
    wanted = next(one.plan.wanted for one in states if one.id == tariff)
    return wanted is not None and wanted.has_analytics


def _state(
    row: Record, plan: PresetPlan, alive: Mapping[int, Preset], *, is_quiet: bool
) -> TariffState:
    return TariffState(
        id=row["id"],
        is_quiet=is_quiet,
        code=row["code"],
        plan=plan,
        presets=frozenset(alive),
        before=None if row["before"] is None or row["preset"] else frozenset(row["before"]),
        failures=row["failures"] or 0,
        message=told(row["message"]),
    )


def _preset(row: Record) -> Preset:
    return Preset(
        id=row["id"],
        title=row["title"],
        continuous_depth_days=row["continuous_depth_days"],
        motion_depth_days=row["motion_depth_days"],
        faces=row["faces"],
        plates=row["plates"],
        is_adjustable=row["is_adjustable"],
        is_deleted=row["is_deleted"],
    )


async def cameras(
    tx: Transaction,
    cloud: CloudFacts,
    connection: int,
    states: Sequence[TariffState],
    now: datetime,
    *,
    limit: int | None = None,
) -> list[CameraDue]:
    """Cameras that are there and not as they should be, those never tried first.

    At most `limit`, or as many as one run takes.
    """
    right = [(one.id, one.is_quiet, preset) for one in states for preset in sorted(one.presets)]
    targets = [
        (one.id, one.is_quiet, one.plan.target) for one in states if one.plan.target is not None
    ]
    rows = await tx.fetch(
        _CAMERAS,
        cloud.id,
        connection,
        local_date(now, cloud.timezone),
        now,
        *columns_of(right),
        *columns_of(targets),
        [one.id for one in states if one.is_quiet],
        limit or CAMERAS_AT_ONCE,
    )
    presets = {(one.id, one.is_quiet): one.presets for one in states}
    return [
        CameraDue(
            id=row["id"],
            name=row["name"],
            wanted=CameraWanted(
                presets=presets.get((row["tariff"], row["quiet"]), frozenset()),
                target=row["target"],
                suspended=row["suspended"],
                is_switched_off=row["is_switched_off"],
            ),
            failures=row["failures"],
            words=row["wanted"],
        )
        for row in rows
    ]


def columns_of(rows: Sequence[tuple[int, bool, int]]) -> tuple[list[int], list[bool], list[int]]:
    """Rows of a tariff, whether quiet, and a preset as three columns."""
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


async def one(tx: Transaction, connection: int, now: datetime) -> tuple[Provisioned, Record] | None:
    """A connection, with its row of how it is reached; None when it is not to be written to now."""
    row = await tx.fetchrow(
        "select c.id, coalesce(c.same_as, c.id) as watcher, c.cloud, c.api, c.url, c.secret,"
        " c.organizations, c.provision_failures,"
        " l.slug from connection c join cloud l on l.id = c.cloud"
        " where c.id = $1 and c.provision and c.ended_at is null"
        " and (c.provision_retry_at is null or c.provision_retry_at <= $2)",
        connection,
        now,
    )
    if row is None:
        return None
    cloud = await tenancy.cloud_facts_by_id(tx, row["cloud"])
    wanted = row["organizations"]
    return (
        Provisioned(
            id=row["id"],
            watcher=row["watcher"],
            cloud=cloud,
            url=row["url"],
            organizations=None if wanted is None else frozenset(wanted),
            failures=row["provision_failures"],
        ),
        row,
    )
