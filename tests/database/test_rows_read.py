"""A page of a list reads what it shows and some bounded more of it, however large the cloud is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import asyncpg

from portal.access import Actor, Role
from portal.bench import world
from portal.billing.period import MonthAt, Period
from portal.books.queries import invoices
from portal.db import Transaction, snapshot
from portal.kit.queries import tenancy
from portal.overview.forms import camera_filters
from portal.overview.queries import (
    cameras,
    customers,
    own_cameras,
    referral_dashboard,
    referred_subscribers,
    search,
    service_list,
)
from portal.overview.queries.reports import by_camera, by_cloud, by_subscriber
from portal.overview.queries.reports.rows import Wanted
from portal.usage.queries import coverage, months
from portal.watcher.queries import mappings, reconciliation, waiting
from portal.watcher.queries.reconciliation import Filters
from tests.conftest import Database

CAMERAS = 3_000
OCTOBER, NOVEMBER = Period.month(world.MONTH), Period.month("2026-11")
PAGE = 5
COUNTED = 20
READ_MAX = 500
"""Of 3 000 cameras and subscriptions, and 600 customers with what is said of each."""
# A few are special, as many as in a small cloud; a tenth is overdue, more than are counted.
_LIKE_LIFE = """
update subscriber set email = 'somebody-' || number || '@bench.test';
insert into invoice (cloud, subscriber, month, side, type, issuer, number, sequence, issued_at,
  issued_on, due_on, currency, locale, seller, buyer, discount_percent, tax_percent, subtotal,
  discount, taxable, tax, total)
select cloud, id, '2026-10-01', 'retail', 'invoice', cloud, number || '-B', number,
  '2026-11-01 12:00Z', '2026-11-01', '2026-11-15', 'EUR', 'en_US', '{}', '{}', 0, 0, 100, 0, 100,
  0, 100
from subscriber;
update subscriber set owes_from = case when number % 10 = 0 then '2026-10-10' else 'infinity' end::date;
update subscriber set email = '', suspended = true where number in (7, 13);
delete from subscription where camera in (select id from camera where external_id <= 'cam-0000010');
insert into connection (cloud, api, url, secret)
select id, 'v3', 'https://watcher.bench.test', '' from cloud;
insert into watcher_organization (cloud, watcher, organization, title, cameras, subscriber)
select s.cloud, n.id, s.number, s.name, s.number % 5, case when s.number % 50 > 0 then s.id end
from subscriber s join connection n on true;
insert into difference_month (cloud, month, until) select id, '2026-10-01', '2026-12-06' from cloud;
insert into difference (cloud, month, camera, subscriber, name, kind, days, worth, accepted, detail)
select cloud, '2026-10-01', id, subscriber, external_id, 'recorded_not_billed', 3, 77, false, ''
from camera where external_id <= 'cam-0000030';
delete from difference_mark;
insert into missing_days (cloud, month, until, begun, subscribed, missing)
select id, '2026-10-01', '2026-11-01', false, array_fill(3000, array[31]), array_fill(7, array[31])
from cloud;
insert into portal_user (email, name, role, cloud)
select 'ann@bench.test', 'Ann', 'account-manager', id from cloud;
update subscriber set account_manager = (select max(id) from portal_user) where number % 100 = 3;
delete from draft_mark;
insert into draft_margin (cloud, month, camera, subscriber, charges, revenue, cost, commission)
select cloud, '2026-11-01', id, subscriber, 990, 990, (id % 7) * 300, 0 from camera;
insert into draft_subscriber (cloud, month, subscriber, charges, revenue, cost, commission)
select cloud, month, subscriber, sum(charges), sum(revenue), sum(cost), 0 from draft_margin
group by cloud, month, subscriber;
insert into draft_tariff
  (cloud, month, tariff, cameras, charges, revenue, cost, commission)
select cloud, '2026-11-01', tariff, count(*), 0, 0, 0, 0 from subscription group by cloud, tariff;
analyze
"""
_READ = """
select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint
from pg_stat_xact_user_tables
"""
FEW = "7"
"""So many of every kind begin with it that they are looked at one by one, and no more."""
OF_CUSTOMERS = (
    customers.Filters(text="zz"),
    customers.Filters(text=f"subscriber {FEW}"),
    *(customers.Filters(state=one) for one in customers.STATES if one != "loses"),
    customers.Filters(tariff="home-7"),
)
OF_CAMERAS = (
    camera_filters.Filters(text="zz"),
    camera_filters.Filters(text=f"camera {FEW}"),
    *(camera_filters.Filters(state=one) for one in camera_filters.STATES),
    camera_filters.Filters(tariff="home-7"),
    camera_filters.Filters(tariff=camera_filters.WITHOUT),
    camera_filters.Filters(off=camera_filters.LOSES),
)


REPORTS_BY_CAMERA = (
    (by_camera.Filters(), "-margin"),
    (by_camera.Filters(loses=True), "margin"),
    (by_camera.Filters(text=f"camera {FEW}77"), "-margin"),
    (by_camera.Filters(subscriber="7"), "-margin"),
    (by_camera.Filters(tariff="home-7"), "-margin"),
)
REPORTS_BY_CUSTOMER = (
    (by_subscriber.Filters(), "-margin"),
    (by_subscriber.Filters(), "name"),
    (by_subscriber.Filters(loses=True), "margin"),
    (by_subscriber.Filters(text=f"subscriber {FEW}"), "-margin"),
)


async def read_by(database: Database, size: int) -> dict[str, int]:
    """How many rows each list reads of a cloud of so many cameras, as its operator."""
    owner = await asyncpg.connect(database.owner_url)
    try:
        cloud = await world.build(owner, size, used=False)
        for statement in _LIKE_LIFE.split(";"):
            await owner.execute(statement)
    finally:
        await owner.close()
    actor = Actor(Role.CLOUD_ADMINISTRATOR, "Olga", user=1, cloud=cloud)
    read = {}
    async with database.as_web(), snapshot(actor) as tx:
        # Small tables are read whole: what counts is whether a large one has to be.
        await tx.execute("set local enable_seqscan = off")
        await tx.execute("set local plan_cache_mode = auto")  # as installations plan
        facts = await tenancy.get(actor, world.SLUG)
        later = world.NOW + timedelta(days=30)
        for who in OF_CUSTOMERS:
            before = await rows_read(tx)
            await customers.list_page(actor, facts, who, now=later, limit=PAGE, counted=COUNTED)
            read[str(who)] = await rows_read(tx) - before
        for which in OF_CAMERAS:
            before = await rows_read(tx)
            await cameras.list_page(actor, facts, which, now=later, limit=PAGE, counted=COUNTED)
            read[str(which)] = await rows_read(tx) - before
        for of, sort in REPORTS_BY_CAMERA:
            before = await rows_read(tx)
            wanted = Wanted(sort, limit=PAGE, counted=COUNTED)
            found = await by_camera.list_page(
                actor, facts, NOVEMBER, of, until=NOVEMBER.end, wanted=wanted
            )
            assert found.rows
            read[f"report {of} {sort}"] = await rows_read(tx) - before
        for whom, sort in REPORTS_BY_CUSTOMER:
            before = await rows_read(tx)
            wanted = Wanted(sort, limit=PAGE, counted=COUNTED)
            found = await by_subscriber.list_page(
                actor, facts, NOVEMBER, whom, until=NOVEMBER.end, wanted=wanted
            )
            assert found.rows
            read[f"report {whom} {sort}"] = await rows_read(tx) - before
        for text in ("zz", "cam-0000777", f"Camera {FEW}77"):
            before = await rows_read(tx)
            await search.search(actor, text, search.SOURCES, limit=PAGE)
            read[f"search {text}"] = await rows_read(tx) - before
        for sort in ("number", "-name"):
            before = await rows_read(tx)
            await invoices.list_for_portal(
                actor, "retail", invoices.Filters(text=FEW), now=later, sort=sort
            )
            read[f"invoices {sort}"] = await rows_read(tx) - before
        for state in ("", "waiting", "mapped"):
            before = await rows_read(tx)
            listed = await mappings.list_for_portal(
                actor, facts, state=state, limit=PAGE, counted=COUNTED
            )
            assert len(listed.rows) == PAGE
            read[f"mappings {state}"] = await rows_read(tx) - before
        before = await rows_read(tx)
        assert len(await waiting.matches(actor, facts)) == 12
        read["what is called the same"] = await rows_read(tx) - before
        before = await rows_read(tx)
        seen = await reconciliation.look(actor, facts, OCTOBER, now=later)
        sums = await reconciliation.sums(actor, seen)
        assert sums.count == 30
        await reconciliation.page(actor, seen, Filters(), sort="kind", offset=0, limit=PAGE)
        await reconciliation.groups(actor, seen, Filters(), offset=0, limit=PAGE)
        read["reconciliation"] = await rows_read(tx) - before
        before = await rows_read(tx)
        lacking = await coverage.of_month(actor, facts, OCTOBER, now=later)
        assert (len(lacking), lacking[0].missing) == (31, 7)
        read["missing days"] = await rows_read(tx) - before
    return read


@asynccontextmanager
async def looking(actor: Actor) -> AsyncIterator[Transaction]:
    """A transaction in which no table is read whole: small ones are, large ones must not be."""
    async with snapshot(actor) as tx:
        await tx.execute("set local enable_seqscan = off")
        yield tx


async def rows_read(tx: Transaction) -> int:
    found: int = await tx.fetchval(_READ)
    return found


async def read_by_agent(database: Database) -> dict[str, int]:
    """The same of a referral with a thirtieth of the customers."""
    owner = await asyncpg.connect(database.owner_url)
    try:
        row = await owner.fetchrow("select cloud, id from referral where code = 'agent-3'")
    finally:
        await owner.close()
    assert row is not None, "the world has agents"
    rex = Actor(Role.REFERRAL, "Rex", user=2, cloud=row["cloud"], referral=row["id"])
    read = {}
    async with database.as_web(), looking(rex) as tx:
        for sort in ("number", "-name", "since", "cameras", "-earned"):
            before = await rows_read(tx)
            await referred_subscribers.list_page(rex, now=world.NOW, sort=sort, limit=PAGE)
            read[f"referred by {sort}"] = await rows_read(tx) - before
        for text in ("zz", f"subscriber {FEW}"):
            before = await rows_read(tx)
            await referred_subscribers.list_page(rex, now=world.NOW, text=text, limit=PAGE)
            read[f"referred {text}"] = await rows_read(tx) - before
        before = await rows_read(tx)
        await referral_dashboard.get(rex, now=world.NOW)
        read["home of a referral"] = await rows_read(tx) - before
    return read


async def read_by_some(database: Database) -> dict[str, int]:
    """The same of an account manager with six customers, and of one of these."""
    owner = await asyncpg.connect(database.owner_url)
    try:
        row = await owner.fetchrow(
            "select cloud, id, account_manager from subscriber where number = 103"
        )
    finally:
        await owner.close()
    assert row is not None, "the world has 600 subscribers"
    of = {"cloud": row["cloud"]}
    ann = Actor(Role.ACCOUNT_MANAGER, "Ann", user=row["account_manager"], **of)
    sue = Actor(Role.SUBSCRIBER, "Sue", user=3, subscriber=row["id"], **of)
    read = {}
    async with database.as_web():
        for who, documents in ((ann, 6), (sue, 1)):
            async with looking(who) as tx:
                before = await rows_read(tx)
                shown = await invoices.list_for_portal(
                    who, "retail", invoices.Filters(), now=world.NOW
                )
                assert (shown.total, len(shown.rows)) == (documents, documents)
                read[f"invoices of {who.name}"] = await rows_read(tx) - before
                before = await rows_read(tx)
                assert len(await invoices.latest(who, "retail", now=world.NOW)) == min(documents, 5)
                read[f"latest invoices of {who.name}"] = await rows_read(tx) - before
        async with looking(sue) as tx:
            facts = await tenancy.own_cloud(sue)
            before = await rows_read(tx)
            mine = await own_cameras.list_page(sue, facts, MonthAt(OCTOBER, world.NOW.date()))
            assert mine.total == 5
            read["own cameras"] = await rows_read(tx) - before
    return read


async def read_by_platform(database: Database) -> dict[str, int]:
    """The same of the platform's services and reports, which are of all clouds."""
    ada = Actor(Role.ADMINISTRATOR, "Ada", user=4)
    month = MonthAt(OCTOBER, world.NOW.date())
    read = {}
    async with database.as_web(), looking(ada) as tx:
        before = await rows_read(tx)
        assert len((await service_list.get(ada, now=world.NOW)).rows) >= 5
        read["services"] = await rows_read(tx) - before
        before = await rows_read(tx)
        assert await months.first(ada) == date(2026, 3, 1)
        assert len(await by_cloud.clouds(ada, month)) == 1
        await by_cloud.months(ada, [OCTOBER.start, NOVEMBER.start])
        read["reports of the platform"] = await rows_read(tx) - before
    return read


async def test_a_page_reads_no_more_of_a_large_cloud(database: Database) -> None:
    read = await read_by(database, CAMERAS) | await read_by_agent(database)
    read |= await read_by_some(database) | await read_by_platform(database)
    assert min(read.values()) > 0
    assert not {of: rows for of, rows in read.items() if rows > READ_MAX}
