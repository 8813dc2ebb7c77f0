"""The demo in a database: there once, and closed month by month without a hand on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

import asyncpg
import httpx
import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import periods
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.books.queries import commissions, invoices, margins
from portal.books.queries import periods as period_queries
from portal.books.queries import worklist as books_work
from portal.crypto import passwords
from portal.db import atomic, snapshot
from portal.demo import history
from portal.demo.history import Watching
from portal.demo.people import USERS
from portal.demo.seed import Seeded, seed
from portal.demo.simulator import create_simulator
from portal.demo.watched import together
from portal.errors import Conflict
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.kit.queries import tenancy
from portal.watcher.queries import reconciliation
from tests.conftest import Database
from tests.factories import two_clouds

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PASSWORD = "seven quiet otters"
CLOUDS = ("north", "south")
MONTHS = ("2026-08", "2026-09", "2026-10")
WATCHER = "http://127.0.0.1:1"
VAULT = Vault(["a key of this test"])
FOOTAGE_EVERY_DAYS = 20
"""Footage is most of the work and has tests of its own; here it is read now and then."""


async def sown(now: datetime, password: str) -> Seeded:
    return await seed(now, password, vault=VAULT, url=WATCHER)


async def read_history(now: datetime, days_max: int | None = None) -> int:
    """Read what was missed, as the first start does; how many days that was."""
    due = history.missed(await history.connections(), now)
    await read(dict(list(due.items())[:days_max]))
    return min(len(due), days_max or len(due))


async def read(due: Mapping[datetime, Sequence[Watching]]) -> None:
    """Read the simulated Watcher as it is at each time."""
    watching = await history.connections()
    seeds = together({one.cloud: one.months for one in watching})
    wire = httpx.ASGITransport(create_simulator(seeds))  # type: ignore[arg-type]
    await history.read(
        due,
        WATCHER,
        connect=partial(connect, allow_private=True, transport=wire),
        vault=VAULT,
        on_day=lambda _day: None,
        footage_every_days=FOOTAGE_EVERY_DAYS,
        transport=wire,
    )


async def close_what_is_due(now: datetime) -> list[tuple[str, Period]]:
    """As the sweep does, nobody accepting any gap."""
    closed: list[tuple[str, Period]] = []
    while found := await books_work.periods(now):
        for cloud_id, period in found:
            cloud = await tenancy.get_by_id(SYSTEM, cloud_id)
            begun = await periods.start_close(
                SYSTEM, cloud, period, accept_gaps=False, now=now, queue=NullQueue()
            )
            closed.append((cloud.slug, period))
            assert await work_on_close(begun.id, clock=lambda: now, queue=NullQueue())
    return closed


async def contents() -> dict[str, str]:
    """How many rows each table has, and a sum of their hashes."""
    async with snapshot(SYSTEM) as tx:
        tables = await tx.fetch(
            "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
            " and relnamespace = 'public'::regnamespace"
        )
        return {
            row["relname"]: await tx.fetchval(
                f"select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0)"
                f" from {row['relname']} t"
            )
            for row in tables
        }


@dataclass(frozen=True)
class Demo:
    """The database, what the first and the second start said, days read, and what was due."""

    database: Database
    first: Seeded
    again: Seeded
    before: dict[str, str]
    after: dict[str, str]
    days_read: tuple[int, int]
    closed: list[tuple[str, Period]]


@pytest.fixture(scope="module")
async def demo(services, template, worker_id: str) -> AsyncIterator[Demo]:
    """Seeded twice, read in two goes, then closed as far as it is due."""
    name = f"{template}_demo_{worker_id}"
    connection = await asyncpg.connect(services.database_url)
    await connection.execute(f'drop database if exists "{name}" with (force)')
    await connection.execute(f'create database "{name}" template "{template}" strategy file_copy')
    url = services.database(name)
    database = Database(name, url, url, url)
    async with database.as_worker():
        first, before = await sown(NOW, PASSWORD), await contents()
        again, after = await sown(NOW.replace(day=24), "another"), await contents()
        days_read = await read_history(NOW, days_max=3), await read_history(NOW)
        # What the workers read at once: a close waits for it.
        await read({NOW: await history.connections()})
        closed = await close_what_is_due(NOW)
        yield Demo(database, first, again, before, after, days_read, closed)
    await connection.execute(f'drop database if exists "{name}" with (force)')
    await connection.close()


async def test_a_second_start_adds_nothing_and_says_so(demo: Demo) -> None:
    assert (demo.first.added, demo.first.password_is_valid) == (True, True)
    assert (demo.again.added, demo.again.password_is_valid) == (False, False)
    assert demo.before == demo.after
    assert (await sown(NOW, PASSWORD)).password_is_valid


async def test_its_users_are_those_that_are_printed(demo: Demo) -> None:
    async with snapshot(SYSTEM) as tx:
        found = {
            row["email"]: row
            for row in await tx.fetch(
                "select u.email, u.role, u.password, c.slug, s.number, r.code from portal_user u"
                " left join cloud c on c.id = u.cloud left join subscriber s on s.id = u.subscriber"
                " left join referral r on r.id = u.referral"
            )
        }
        responsible = await tx.fetch(
            "select c.slug from cloud c join portal_user u on u.id = c.manager"
            " where u.email = 'manager@demo.test'"
        )
    assert set(found) == {user.email for user in demo.first.users}
    for user in USERS:
        row = found[user.email]
        assert (row["role"], row["slug"]) == (user.role, user.cloud)
        assert user.of == (row["code"] if isinstance(user.of, str) else row["number"])
    assert [row["slug"] for row in responsible] == ["north"]
    assert await passwords.verify(PASSWORD, found["sue@demo.test"]["password"])


async def test_three_months_of_both_clouds_close_by_themselves(demo: Demo) -> None:
    assert demo.closed == [(cloud, Period.month(one)) for one in MONTHS for cloud in CLOUDS]
    for cloud, month in demo.closed:
        facts = await period_queries.get(SYSTEM, await tenancy.get(SYSTEM, cloud), month, now=NOW)
        assert (facts.state, facts.trouble, list(facts.gaps)) == ("closed", "", [])
        assert list(facts.unrated) == []
        assert facts.retail > facts.wholesale > 0
        assert facts.commission > 0
    assert await books_work.periods(NOW) == []


@pytest.mark.parametrize("cloud", CLOUDS)
async def test_the_running_month_is_covered_up_to_yesterday(demo: Demo, cloud: str) -> None:
    facts = await period_queries.get(
        SYSTEM, await tenancy.get(SYSTEM, cloud), Period.month("2026-11"), now=NOW
    )
    assert (facts.state, list(facts.gaps)) == ("open", [])
    for row in await books_work.estimates(NOW):
        await estimate_cloud(row, now=NOW)
    async with snapshot(SYSTEM) as tx:
        nobodys = await tx.fetchval(
            "select e.wholesale from estimate e join cloud c on c.id = e.cloud"
            " where c.slug = $1 and e.subscriber is null",
            cloud,
        )
    assert (nobodys > 0) == (cloud == "north")  # a camera of North records on, paid by nobody


@pytest.mark.parametrize("cloud", CLOUDS)
async def test_most_subscribers_pay_and_a_few_cost(demo: Demo, cloud: str) -> None:
    rows, _ = await margins.list_page(
        SYSTEM, await tenancy.get(SYSTEM, cloud), Period.month("2026-10"), limit=1000
    )
    margin_of = dict.fromkeys((row.subscriber for row in rows), 0)
    for row in rows:
        margin_of[row.subscriber] += row.margin
    losing = [number for number, margin in margin_of.items() if margin < 0]
    assert 1 <= len(losing) <= len(margin_of) // 8
    revenue = sum(row.revenue for row in rows)
    assert 0.3 < sum(row.margin for row in rows) / revenue < 0.6
    if cloud == "north":
        assert [row.camera for row in rows if row.subscriber is None] == [
            "magazzini-ruota-quadra-aisle-2"
        ]


async def test_prices_that_changed_split_charges(demo: Demo) -> None:
    async with snapshot(SYSTEM) as tx:
        found = await tx.fetch(
            "select count(distinct h.rate), count(distinct h.version) filter (where t.code ="
            " 'business-30') from charge h join period p on p.id = h.period"
            " left join tariff t on t.id = h.tariff left join service s on s.id = h.service"
            " and h.side = 'wholesale' where p.starts_on in ('2026-09-01', '2026-10-01')"
            " and (s.code = 'continuous-day' or t.code = 'business-30')"
            " and h.cloud = (select id from cloud where slug = 'north')"
        )
    assert [tuple(row) for row in found] == [(2, 2)]


async def test_agents_earn_on_three_levels(demo: Demo) -> None:
    rows, _ = await commissions.list_page(SYSTEM, await tenancy.get(SYSTEM, "north"), limit=1000)
    assert {(row.referral, row.level) for row in rows} == {
        ("rex", 1), ("tess", 1), ("pia", 1), ("rex", 2), ("tess", 2), ("rex", 3),
    }  # fmt: skip


def cents(exact: Decimal) -> int:
    return int((exact * 100).quantize(Decimal(1), ROUND_HALF_UP))


def sues_figures(days: int) -> tuple[int, int, int, int, int, int]:
    """Subtotal, discount, taxable, tax, total and Rex's commission, in cents, by the rules alone."""
    subtotal = cents(Decimal("9.90")) + cents(Decimal("9.90") * (days - 15) / days)
    discount = cents(Decimal(subtotal) / 100 * 10 / 100)
    taxable = subtotal - discount
    tax = cents(Decimal(taxable) / 100 * 22 / 100)
    commission = cents(Decimal(taxable) / 100 * 15 / 100)
    return subtotal, discount, taxable, tax, taxable + tax, commission


async def found_figures(month: str) -> tuple[int, int, int, int, int, int]:
    filters = invoices.Filters(period=Period.month(month), side="retail", subscriber=1)
    (mine,), _ = await invoices.list_page(
        SYSTEM, await tenancy.get(SYSTEM, "north"), filters, now=NOW
    )
    earned, _ = await commissions.list_page(SYSTEM, await tenancy.get(SYSTEM, "north"), limit=1000)
    (rex,) = (row for row in earned if row.document == mine.number)
    assert (rex.referral, rex.level, rex.base) == ("rex", 1, mine.taxable)
    return mine.subtotal, mine.discount, mine.taxable, mine.tax, mine.total, rex.amount


async def test_sues_invoice_is_the_worked_example(demo: Demo) -> None:
    assert await found_figures("2026-10") == (1501, 150, 1351, 297, 1648, 203) == sues_figures(31)
    rows, _ = await margins.list_page(
        SYSTEM, await tenancy.get(SYSTEM, "north"), Period.month("2026-10"), limit=1000
    )
    # Of North's discount her share is 0.5685: by largest remainder among all, 56 or 57 cents.
    assert sum(row.margin for row in rows if row.subscriber == 1) in {67, 68}


async def test_what_was_missed_is_read_where_it_was_left_off(demo: Demo) -> None:
    """A day each from 1 August to yesterday; killed after three, the rest was read later."""
    assert demo.days_read == (3, (NOW.date() - date(2026, 8, 1)).days - 3)
    assert history.missed(await history.connections(), NOW) == {}
    later = history.missed(await history.connections(), NOW.replace(day=25))
    assert [at.date() for at in later] == [date(2026, 11, 23), date(2026, 11, 24)]
    assert all(len(clouds) == 2 for clouds in later.values())


async def test_cameras_and_usage_came_from_watcher_alone(demo: Demo) -> None:
    async with snapshot(SYSTEM) as tx:
        by_hand = await tx.fetchval("select count(*) from subscription where follows is null")
        unseen = await tx.fetchval(
            "select count(*) from camera c where not exists"
            " (select from camera_interval i where i.camera = c.id)"
        )
        kept = await tx.fetch("select distinct state from reading")
    assert (by_hand, unseen, [row["state"] for row in kept]) == (0, 0, ["complete"])


async def test_watcher_and_the_books_disagree_where_the_story_says_so(demo: Demo) -> None:
    found = await reconciliation.get(
        SYSTEM, await tenancy.get(SYSTEM, "north"), Period.month("2026-10"), now=NOW
    )
    kinds: dict[str, set[str | None]] = defaultdict(set)
    for one in found.differences:
        kinds[one.kind].add(one.camera)
        assert one.worth > 0
    assert set(kinds) == {"recorded_not_billed", "not_mapped", "depth_above_preset"}
    assert kinds["recorded_not_billed"] == {"magazzini-ruota-quadra-aisle-2"}
    assert kinds["not_mapped"] == {"magazzini-ruota-quadra-aisle-2"}
    deep = {"ottica-luce-obliqua", "parcheggio-torre-storta", "cascina-acqua-ferma"}
    assert all(str(camera).startswith(tuple(deep)) for camera in kinds["depth_above_preset"])


async def test_an_installation_with_clouds_of_its_own_is_left_alone(worker: Database) -> None:
    await two_clouds()
    before = await contents()
    with pytest.raises(Conflict, match="empty"):
        await sown(NOW, PASSWORD)
    assert await contents() == before


async def test_what_fails_half_way_leaves_nothing(worker: Database) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "create function refuse() returns trigger language plpgsql as $$"
            " begin raise exception 'killed'; end $$;"
            "create trigger refuse before insert on watcher_preset for each statement execute function refuse()"
        )
    before = await contents()
    with pytest.raises(asyncpg.RaiseError, match="killed"):
        await sown(NOW, PASSWORD)
    assert await contents() == before
