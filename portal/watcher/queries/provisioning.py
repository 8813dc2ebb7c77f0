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
from portal.words import told

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
where t.cloud = $1 order by t.id
"""
_PRESETS: Final = """
select w.preset as id, w.title, w.continuous_depth_days, w.motion_depth_days, w.faces, w.plates,
       w.is_adjustable, w.is_deleted, w.tariff
from watcher_preset w where w.cloud = $1
  and w.watcher = (select coalesce(c.same_as, c.id) from connection c where c.id = $2)
"""
_CAMERAS: Final = """
with right_ones as (select * from unnest($5::bigint[], $6::bigint[]) as r(tariff, preset)),
targets as (select * from unnest($7::bigint[], $8::bigint[]) as t(tariff, preset)),
cameras as (
  select i.camera as id, c.watcher_name as name, i.preset, i.enabled, s.tariff, t.preset as target,
         c.suspended or coalesce(b.suspended, false) as suspended,
         coalesce(p.is_switched_off, false) as is_switched_off,
         coalesce(p.failures, 0) as failures, coalesce(p.wanted, '') as tried,
         coalesce(p.message, '') as message, p.tried_at, p.retry_at,
         concat_ws(' ', t.preset, case when c.suspended or b.suspended then 'off' else 'on' end)
           as wanted
  from camera_interval i
  join camera c on c.cloud = i.cloud and c.id = i.camera
  left join subscriber b on b.cloud = i.cloud and b.id = c.subscriber
  left join subscription s on s.cloud = i.cloud and s.camera = i.camera
    and s.starts_on <= $3 and (s.ends_on is null or $3 < s.ends_on)
  left join targets t on t.tariff = s.tariff
  left join provisioned_camera p
    on p.cloud = i.cloud and p.connection = i.connection and p.camera = i.camera
  where i.cloud = $1 and i.connection = $2 and i.until is null
)
select id, name, tariff, target, suspended, is_switched_off, failures, wanted from cameras d
where (d.message <> '' or (d.suspended and d.enabled) or (not d.suspended and d.is_switched_off)
       or (d.target is not null and not exists (
             select from right_ones r where r.tariff = d.tariff and r.preset = d.preset)))
  and (d.retry_at is null or d.retry_at <= $4 or d.tried <> d.wanted)
order by d.tried_at nulls first, d.id limit $9
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
    the other, and the `message` that was kept of them.
    """

    id: int
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
    mapped: dict[int, set[int]] = {}
    for row in rows:
        mapped.setdefault(row["tariff"] or 0, set()).add(row["id"])
    used = {row["tariff"] for row in await tx.fetch(_IN_USE, cloud.id, connection, today)}
    states = []
    for row in await tx.fetch(_TARIFFS, cloud.id, connection):
        version = version_on(versions.get(row["id"], ()), today)
        if version is not None:
            numbers = mapped.get(row["id"], set()) | {row["preset"]}
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
            )
            states.append(_state(row, plan, alive))
    return states


def _state(row: Record, plan: PresetPlan, alive: Mapping[int, Preset]) -> TariffState:
    return TariffState(
        id=row["id"],
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
    pairs = [(state.id, preset) for state in states for preset in sorted(state.presets)]
    targets = [(state.id, state.plan.target) for state in states if state.plan.target is not None]
    rows = await tx.fetch(
        _CAMERAS,
        cloud.id,
        connection,
        local_date(now, cloud.timezone),
        now,
        [tariff for tariff, _ in pairs],
        [preset for _, preset in pairs],
        [tariff for tariff, _ in targets],
        [target for _, target in targets],
        limit or CAMERAS_AT_ONCE,
    )
    presets = {state.id: state.presets for state in states}
    return [
        CameraDue(
            id=row["id"],
            name=row["name"],
            wanted=CameraWanted(
                presets=presets.get(row["tariff"], frozenset()),
                target=row["target"],
                suspended=row["suspended"],
                is_switched_off=row["is_switched_off"],
            ),
            failures=row["failures"],
            words=row["wanted"],
        )
        for row in rows
    ]


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
