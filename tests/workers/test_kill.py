"""Workers are real processes here: killed in the middle, or racing each other, the books are the same."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
from arq.constants import in_progress_key_prefix

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import periods
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from portal.gateways.queue import QUEUE_NAME, NullQueue, open_queue
from portal.kit.queries import tenancy
from portal.tables.usage_days import DAYS
from tests.cast import NORTH
from tests.conftest import Database
from tests.factories import World, worked_example
from tests.services import TestServices
from tests.workers.processes import Start, redis_of, until

NOW = datetime(2026, 11, 2, tzinfo=UTC)
CAMERAS = 500
"""Four batches of a close."""
_FLEET = f"""
with homes as (
  insert into subscriber (cloud, number, name, discount_percent, referral)
  select $1, n, 'Home ' || n, n % 20, case when n % 3 = 0 then 1 end from generate_series(100, 199) n
  returning id, number
), cameras as (
  insert into camera (cloud, external_id, name, subscriber)
  select $1, 'cam-' || h.number || '-' || n, 'Camera', h.id
  from homes h, generate_series(1, $2::int / 100) n
  returning id, subscriber
), subscriptions as (
  insert into subscription (cloud, camera, subscriber, tariff, starts_on)
  select $1, id, subscriber, $3, '2026-10-01'::date + (id % 20)::int from cameras
  returning camera
)
insert into usage (cloud, month, camera, meter, {", ".join(DAYS)})
select $1, '2026-10-01', s.camera, m.meter,
       {", ".join(f"1 + (s.camera + {number}) % 7" for number in range(1, 32))}
from subscriptions s, unnest($4::smallint[]) m(meter)
"""


async def fleet() -> World:
    """The worked example, and a hundred homes with five cameras each beside it."""
    world = await worked_example()
    meters = [world.meters["recording.motion.depth"], world.meters["analytics.plates"]]
    async with atomic(SYSTEM) as tx:
        # Their sweep would close South as well, and take a number of the platform's series.
        await tx.execute("update cloud set close_automatically = false")
        await tx.execute(_FLEET, NORTH, CAMERAS, world.tariffs["home-7"], meters)
    return world


async def drafted_fleet() -> None:
    """The same with a draft of October, of whose cameras one has more usage since."""
    await fleet()
    await estimate_cloud(NORTH, now=NOW)
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            f"update usage u set {DAYS[0]} = 9 from camera c"
            " where c.id = u.camera and c.external_id = 'cam-120-1'"
        )


async def books() -> dict[str, list[tuple[object, ...]]]:
    """What a close made, without row ids and times: the same books compare equal."""
    queries = {
        "charges": "select c.external_id, h.side, h.kind, h.service, h.subscriber, h.quantity_numerator, h.quantity_denominator,"
        " h.amount from charge h join camera c on c.id = h.camera where h.cloud = 1 order by 1, 2, 3, 4",
        "measurements": "select c.external_id, m.subscriber, m.subscriptions::text, m.services::text,"
        " m.bases::text, m.days::text"
        " from measurement m join camera c on c.id = m.camera where m.cloud = 1 order by 1, 2",
        "invoices": "select number, subscriber, side, type, subtotal, discount, taxable, tax, total"
        " from invoice where cloud = 1 order by number",
        "lines": "select i.number, l.position, l.name, l.service_name, l.quantity, l.amount"
        " from invoice_line l join invoice i on i.id = l.invoice where l.cloud = 1 order by 1, 2",
        "commissions": "select document, level, referral, base, amount from commission where cloud = 1"
        " order by 1, 2",
        "margins": "select c.external_id, m.subscriber, m.revenue, m.cost, m.commission"
        " from margin m join camera c on c.id = m.camera where m.cloud = 1 order by 1, 2",
        "buyers": "select number, buyer::text, locale, tax_percent, discount_percent from invoice"
        " where cloud = 1 order by number",
        "customers": "select subscriber, revenue, cost, commission from subscriber_month"
        " where cloud = 1 order by 1",
        "tariffs": "select tariff, subscriber, cameras, revenue, cost, commission from tariff_month"
        " where cloud = 1 order by 1, 2",
        "months": "select retail, wholesale, commission, losing, lost from period where cloud = 1",
    }
    async with atomic(SYSTEM) as tx:
        return {
            name: [tuple(row.values()) for row in await tx.fetch(query)]
            for name, query in queries.items()
        }


def same(
    found: dict[str, list[tuple[object, ...]]], expected: dict[str, list[tuple[object, ...]]]
) -> None:
    """Both sets of books are equal; says which rows are not."""
    for name, rows in expected.items():
        assert set(found[name]) ^ set(rows) == set(), name
        assert len(found[name]) == len(rows), name


CLOSED = "select state = 'closed' from period where cloud = 1"


async def begin(services: TestServices, worker_id: str) -> None:
    queue = await open_queue(redis_of(services, worker_id))
    await queue.redis.flushdb()
    await periods.start_close(
        SYSTEM,
        await tenancy.get(SYSTEM, "north"),
        Period.month("2026-10"),
        accept_gaps=True,
        now=NOW,
        queue=queue,
    )
    await queue.close()


class _Undo(Exception):
    """Leaves a transaction without a trace."""


def undo() -> None:
    raise _Undo


@asynccontextmanager
async def undone() -> AsyncIterator[None]:
    """What is done inside has not happened afterwards."""
    with suppress(_Undo):
        async with atomic(SYSTEM):
            yield
            undo()


async def undisturbed() -> dict[str, list[tuple[object, ...]]]:
    """The books as one undisturbed worker makes them without a draft, in a transaction undone."""
    async with undone():
        async with atomic(SYSTEM) as tx:
            for table in ("draft_batch", "draft"):
                await tx.execute(f"delete from {table} where cloud = $1", NORTH)
        begun = await periods.start_close(
            SYSTEM,
            await tenancy.get(SYSTEM, "north"),
            Period.month("2026-10"),
            accept_gaps=True,
            now=NOW,
            queue=NullQueue(),
        )
        await work_on_close(begun.id, clock=lambda: NOW, queue=NullQueue())
        return await books()


@asynccontextmanager
async def _last_batch_held(database: Database) -> AsyncIterator[None]:
    """Meanwhile a close comes near its end and no further: however busy the machine is."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        async with connection.transaction():
            held = "select id from period_batch order by id desc limit 1 for update"
            assert await connection.fetchval(held), "the work is cut into batches already"
            yield
    finally:
        await connection.close()


@asynccontextmanager
async def _held(database: Database, table: str) -> AsyncIterator[None]:
    """Meanwhile nobody writes to a table."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in share row exclusive mode")
            yield
    finally:
        await connection.close()


WAITS = "select count(*) > 0 from pg_locks where relation = '{}'::regclass and not granted"


async def test_killed_in_every_phase_a_close_comes_to_the_same_books(
    worker: Database, services: TestServices, worker_id: str, start_worker: Start
) -> None:
    """As it rates, settles what all cameras share, makes documents in parts, and issues them.

    It was drafted, and a batch has changed since.
    """
    await drafted_fleet()
    expected = await undisturbed()
    assert len(expected["charges"]) > CAMERAS
    await begin(services, worker_id)
    async with _last_batch_held(worker):
        killed = start_worker()
        await until("select count(*) > 0 from period_batch where done_at is not null")
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
    nothing = "select count(*) = 0 from invoice where cloud = 1"
    for table in ("period_settled", "margin", "invoice"):
        async with _held(worker, table):
            killed = start_worker()
            await until(WAITS.format(table))
            os.killpg(killed.pid, signal.SIGKILL)
            killed.wait()
        async with atomic(SYSTEM) as tx:
            assert await tx.fetchval(nothing), "there is no half of a month"
            assert not await tx.fetchval(CLOSED)
    start_worker()
    await until(CLOSED)
    same(await books(), expected)


async def test_what_many_killed_workers_had_begun_is_not_in_the_way_of_the_next(
    worker: Database, services: TestServices, worker_id: str, start_worker: Start
) -> None:
    await worked_example()
    await begin(services, worker_id)
    queue = await open_queue(redis_of(services, worker_id))
    await queue.redis.flushdb()
    # As they lie there when their workers were killed: more than a worker reads of the queue.
    for _ in range(120):
        job = await queue.redis.enqueue_job("sweep", _queue_name=QUEUE_NAME)
        assert job is not None
        await queue.redis.set(in_progress_key_prefix + job.job_id, b"1", ex=3600)
    await queue.close()
    start_worker()
    await until(CLOSED)


async def test_three_workers_racing_for_two_closes_at_once_make_the_books_of_one(
    worker: Database, services: TestServices, worker_id: str, start_worker: Start
) -> None:
    await drafted_fleet()
    expected = await undisturbed()
    for _ in range(3):
        start_worker()
    await asyncio.gather(*(begin(services, worker_id) for _ in range(2)))
    await until(CLOSED)
    same(await books(), expected)
