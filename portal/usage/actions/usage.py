"""Usage comes in. A day's quantity only rises, so readings may come late, twice or in any order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from functools import partial as partial_of
from typing import Final

from portal import tables
from portal.access import Actor, Permission, can
from portal.billing.period import local_date
from portal.billing.usage import Calendar, Meter, refusal
from portal.customers.queries.cameras import Meant, Sent, meant
from portal.db import Transaction, atomic
from portal.errors import Forbidden, Invalid, InvalidLines
from portal.kit.actions import audit
from portal.kit.actions.drafts import mark_usage
from portal.kit.actions.locks import lock_books_shared
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts
from portal.tables.usage_days import DAYS, column_of
from portal.usage.forms.usage import Sheet
from portal.waiting import refuse_in_transaction
from portal.words import _

ROWS_AT_ONCE_MAX: Final = 500
"""Rows that are checked on the event loop; more are checked in a thread."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a sheet: rows that raised a quantity, rows that changed nothing, rows refused.

    `accepted + unchanged + len(rejected)` is the number of rows sent. Of two rows for the same
    camera, meter and day in one sheet, one counts as unchanged.
    """

    accepted: int
    unchanged: int
    rejected: list[tuple[int, str]]


@dataclass(slots=True)
class UsageColumns:
    """Good rows, column by column, as PostgreSQL's `unnest` takes them."""

    cameras: list[int] = field(default_factory=list)
    meters: list[int] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)

    def add(self, camera: int, meter: int, day: date, quantity: int) -> None:
        """One row: camera and meter by row id."""
        self.cameras.append(camera)
        self.meters.append(meter)
        self.days.append(day)
        self.quantities.append(quantity)


# What is there already is left alone: most readings of an hour say what the hour before said, and a
# conflict alone would lock, and so write, each of those rows. In order of the key, so that two
# sheets at once wait for each other instead of deadlocking. The columns are arrays written as text:
# for 50 000 rows the driver takes far longer to pack them than PostgreSQL to read them. Only the
# days that a sheet has are named. Which of them rose is known inside the update alone, where a row
# is locked and both values are at hand; `risen` takes it out.
_MERGE: Final = """
insert into usage as u (cloud, month, camera, meter, {days}, risen)
select $1, month, camera, meter, {days}, {new} from (
  select month, camera, meter, {picked} from (
    select camera, meter, quantity, day, date_trunc('month', day::timestamp)::date as month
    from unnest($2::text::bigint[], $3::text::smallint[], $4::text::date[], $5::text::bigint[])
      as i(camera, meter, day, quantity)
  ) i group by month, camera, meter
) i
where not exists (
  select from usage o
  where o.cloud = $1 and o.month = i.month and o.camera = i.camera and o.meter = i.meter
    and o.month = any($6::date[]) and {known})
order by month, camera, meter
on conflict (cloud, month, camera, meter) do update set {raised}, risen = {risen}
  where {rises}
returning month, camera, risen
"""


@lru_cache(maxsize=64)
def merge_text(numbers: tuple[int, ...]) -> str:
    """The statement for a sheet that has these days of months, 1 to 31."""
    days = [DAYS[number - 1] for number in numbers]
    bits = [1 << (number - 1) for number in numbers]
    rises = {day: f"excluded.{day} > coalesce(u.{day}, -1)" for day in days}
    return _MERGE.format(
        days=", ".join(days),
        new=_bits(dict(zip((f"{day} is not null" for day in days), bits, strict=True))),
        picked=", ".join(
            f"max(quantity) filter (where day - month = {number - 1}) as {day}"
            for number, day in zip(numbers, days, strict=True)
        ),
        known=" and ".join(f"(i.{day} <= o.{day} or i.{day} is null)" for day in days),
        raised=", ".join(f"{day} = greatest(u.{day}, excluded.{day})" for day in days),
        risen=_bits(dict(zip(rises.values(), bits, strict=True))),
        rises=" or ".join(rises.values()),
    )


def counted_text(numbers: tuple[int, ...]) -> str:
    """The same, which answers how many days of cameras and meters rose."""
    return (
        f"with changed as ({merge_text(numbers)})"  # noqa: S608 - ours
        " select coalesce(sum(bit_count(risen::bit(31))), 0) from changed"
    )


def _bits(conditions: Mapping[str, int]) -> str:
    return " | ".join(f"case when {one} then {bit} else 0 end" for one, bit in conditions.items())


_DAY: Final = """
select {day} from usage where cloud = $1 and camera = $2 and meter = $3 and month = $4 for update
"""
_SET: Final = """
insert into usage (cloud, camera, meter, month, {day}) values ($1, $2, $3, $4, $5)
on conflict (cloud, month, camera, meter) do update set {day} = excluded.{day}
"""
_MARK: Final = """
insert into usage_change (cloud, month, camera, days)
select $1, month, camera, days
from unnest($2::date[], $3::bigint[], $4::bigint[]) as c(month, camera, days)
order by month, camera
on conflict (cloud, month, camera) do update
set changed_at = now(), settled = null, days = usage_change.days | excluded.days
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """A sheet whose rows were looked at: good ones, and what is wrong with which lines."""

    cloud: int
    columns: UsageColumns
    rejected: list[tuple[int, str]]


async def check(
    actor: Actor, cloud: CloudFacts, sheet: Sheet, *, now: datetime, partial: bool = False
) -> Checked:
    """Look at every row of a sheet, in no transaction, to be stored by `ingest`.

    Fifty thousand rows take a while: no lock is held meanwhile, and others are answered. What was
    read stays true, for cameras and meters are never taken away. A bad row refuses the whole sheet
    (`InvalidLines`), unless `partial`. Raises RuntimeError inside a transaction.
    """
    if not can(actor, Permission.USAGE_WRITE):
        raise Forbidden(_("Sending usage is not yours to do."))
    refuse_in_transaction("A sheet of usage")
    async with atomic(actor) as tx:
        sent = {Sent(row.camera, row.connection) for row in sheet.rows}
        cameras = await meant(tx, cloud.id, sent)
        meters = await _meters(tx)
    look = partial_of(_check, sheet, cameras, meters, _calendar(cloud, now))
    is_small = len(sheet.rows) <= ROWS_AT_ONCE_MAX
    columns, rejected = look() if is_small else await asyncio.to_thread(look)
    rejected = sorted([*sheet.rejected, *rejected])
    if rejected and not partial:
        raise InvalidLines(rejected)
    return Checked(cloud.id, columns, rejected)


async def ingest(actor: Actor, sheet: Checked) -> Ingested:
    """Merge the good rows of a checked sheet by maximum."""
    if not can(actor, Permission.USAGE_WRITE):
        raise Forbidden(_("Sending usage is not yours to do."))
    async with atomic(actor) as tx:
        await lock_books_shared(tx, sheet.cloud)
        changed = await merge(tx, sheet.cloud, sheet.columns)
        return Ingested(changed, len(sheet.columns.days) - changed, sheet.rejected)


async def merge(tx: Transaction, cloud: int, columns: UsageColumns) -> int:
    """Store checked rows; how many (camera, meter, day) rose. Marks closed months to correct."""
    if not columns.days:
        return 0
    days = set(columns.days)
    months = sorted({day.replace(day=1) for day in days})
    closed = await _prepare_months(tx, cloud, months)
    arrays = [
        "{" + ",".join(map(str, column)) + "}"
        for column in (columns.cameras, columns.meters, columns.days, columns.quantities)
    ]
    numbers = tuple(sorted({day.day for day in days}))
    if closed:
        changed = await tx.fetch(merge_text(numbers), cloud, *arrays, months)
        late: dict[tuple[date, int], int] = defaultdict(int)
        for row in changed:
            if row["month"] in closed:
                late[row["month"], row["camera"]] |= int(row["risen"])
        await _mark(tx, cloud, late)
        count = sum(int(row["risen"]).bit_count() for row in changed)
    else:
        count = int(await tx.fetchval(counted_text(numbers), cloud, *arrays, months))
    if count:
        await mark_usage(tx, cloud, set(columns.cameras), months[0])
    return count


async def correct(
    actor: Actor,
    cloud: CloudFacts,
    row: Mapping[str, object],
    *,
    now: datetime,
) -> str:
    """Set one day's quantity as a person says, which may lower it; audited with the reason.

    `row` has `camera`, `connection`, `day`, `meter`, `quantity` and `reason`. Answers the camera's
    external id. A quantity that is there already is no correction: nothing is written. Raises
    `Invalid` by field.
    """
    if not can(actor, Permission.USAGE_WRITE):
        raise Forbidden(_("Correcting usage is not yours to do."))
    async with atomic(actor) as tx:
        await lock_books_shared(tx, cloud.id)
        quantity, camera = int(str(row["quantity"])), await _camera(tx, cloud.id, row)
        meter = (await _meters(tx)).get(str(row["meter"]))
        day, seconds = _calendar(cloud, now).read(str(row["day"]))
        if meter is None:
            raise Invalid({"meter": _("There is no meter %(meter)r.") % {"meter": row["meter"]}})
        problem = refusal(meter, quantity, seconds)
        if problem:
            raise Invalid({"quantity": problem.removeprefix("quantity: ")})
        month, key = day.replace(day=1), (cloud.id, camera.id, meter.id)
        closed = await _prepare_months(tx, cloud.id, [month])
        before = await tx.fetchval(_DAY.format(day=column_of(day)), *key, month)
        if before == quantity:
            return camera.external_id
        await tx.execute(_SET.format(day=column_of(day)), *key, month, quantity)
        correction = {
            "cloud": cloud.id,
            "camera": camera.id,
            "meter": meter.id,
            "day": day,
            "before": before,
            "after": quantity,
            "reason": row["reason"],
            "by": actor.name,
        }
        await insert(tx, tables.UsageCorrection, correction)
        await mark_usage(tx, cloud.id, [camera.id], day)
        if closed:
            await _mark(tx, cloud.id, {(month, camera.id): 1 << (day.day - 1)})
        await audit.record(
            tx,
            actor,
            "usage.correct",
            f"camera {camera.external_id} {row['meter']} {day}",
            cloud=cloud.id,
            before={"quantity": before},
            after={"quantity": quantity, "reason": row["reason"]},
        )
        return camera.external_id


def _calendar(cloud: CloudFacts, now: datetime) -> Calendar:
    return Calendar(cloud.timezone, local_date(now, cloud.timezone))


async def _camera(tx: Transaction, cloud: int, row: Mapping[str, object]) -> Meant:
    """The camera that a correction is about. Raises `Invalid` where it is not clear which."""
    connection = row.get("connection")
    sent = Sent(str(row["camera"]), None if connection is None else int(str(connection)))
    camera = (await meant(tx, cloud, [sent]))[sent]
    if camera.problem is not None:
        raise Invalid(dict([camera.problem]))
    return camera


async def _meters(tx: Transaction) -> dict[str, Meter]:
    rows = await tx.fetch("select id, key, base_unit, kind from meter")
    return {row["key"]: Meter(**row) for row in rows}


def _check(
    sheet: Sheet, cameras: Mapping[Sent, Meant], meters: Mapping[str, Meter], calendar: Calendar
) -> tuple[UsageColumns, list[tuple[int, str]]]:
    """Sort a sheet's rows into good ones and lines with what is wrong."""
    good, bad = UsageColumns(), []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        camera, meter = cameras[Sent(row.camera, row.connection)], meters.get(row.meter)
        if camera.problem is not None:
            bad.append((line, ": ".join(camera.problem)))
            continue
        if meter is None:
            bad.append((line, f"meter: there is no meter {row.meter[:80]!r}"))
            continue
        try:
            day, seconds = calendar.read(row.day)
        except Invalid as error:
            bad.append((line, f"day: {error.fields['day'][:200]}"))
            continue
        problem = refusal(meter, row.quantity, seconds)
        if problem:
            bad.append((line, problem))
            continue
        good.add(camera.id, meter.id, day, row.quantity)
    return good, bad


async def _prepare_months(tx: Transaction, cloud: int, months: Sequence[date]) -> frozenset[date]:
    """Make the partitions that are missing; which of the months have a close that has begun."""
    await tx.execute(
        "select ensure_usage_partition(month) from unnest($1::date[]) as m(month)", months
    )
    rows = await tx.fetch(
        "select starts_on from period where cloud = $1 and starts_on = any($2) and state <> 'open'",
        cloud,
        months,
    )
    return frozenset(row["starts_on"] for row in rows)


async def _mark(tx: Transaction, cloud: int, late: Mapping[tuple[date, int], int]) -> None:
    """Mark for the next close that usage of these cameras changed in closed months.

    By month and camera the days that changed, bit 0 the first.
    """
    if late:
        months, cameras = [month for month, _ in late], [camera for _, camera in late]
        await tx.execute(_MARK, cloud, months, cameras, list(late.values()))
