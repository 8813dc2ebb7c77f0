"""What the database keeps for lists is what its rows say, whoever changes them."""

from __future__ import annotations

from datetime import timedelta

from portal.access import SYSTEM, Actor
from portal.billing.period import Period
from portal.books.queries import invoices
from portal.books.queries.invoices import Filters
from portal.db import atomic, bound_by_policies
from portal.kit.queries import tenancy, zones
from portal.overview.forms import camera_filters
from portal.overview.queries import cameras, customers, margin_ranking
from tests.books.test_closing import close
from tests.cast import ANN, NORA, SAM
from tests.conftest import NOW, Database
from tests.factories import worked_example

_UNTIL = """
select c.external_id as key, c.served_until = coalesce(
  (select max(coalesce(s.ends_on, 'infinity')) from subscription s where s.camera = c.id),
  '-infinity') as right
from camera c
union all
select c.number::text, c.served_until = coalesce(
  (select max(coalesce(s.ends_on, 'infinity')) from subscription s where s.subscriber = c.id),
  '-infinity')
from subscriber c
"""
_OWES = """
select s.number, s.owes_from = coalesce((
  select min(b.due_on) from document_balance b join invoice i on i.id = b.invoice
  where i.subscriber = s.id and i.side = 'retail' and b.left > 0), 'infinity') as right,
  s.owes_from < 'infinity' as owes,
  s.unreachable = (s.email = '' or cardinality(s.address) = 0) as told
from subscriber s
"""
_LOST = """
select p.losing, p.lost, (
  select count(*) from (select camera from margin m where m.period = p.id group by camera
                        having sum(revenue - cost - commission) < 0) one) as losing_by_rows,
  coalesce((select -sum(margin) from (
    select sum(revenue - cost - commission) as margin from margin m where m.period = p.id
    group by camera having sum(revenue - cost - commission) < 0) one), 0) as lost_by_rows
from period p where p.state = 'closed'
"""
_CREDIT = """
insert into invoice (cloud, subscriber, month, side, type, issuer, number, sequence, issued_at,
  issued_on, currency, locale, seller, buyer, discount_percent,
  tax_percent, subtotal, discount, taxable, tax, total, credits)
select cloud, subscriber, '2026-11-01', side, 'credit_note', issuer, 'CN-1', 1, now(), '2026-11-05',
  currency, locale, seller, buyer, discount_percent, tax_percent, -subtotal, -discount, -taxable, -tax, -total, id
from invoice where side = 'retail' and cloud = 1 and total > 0 order by id limit 1
"""


async def until_is_right() -> bool:
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(_UNTIL)
    assert len(rows) > 3
    return all(row["right"] for row in rows)


async def test_until_when_somebody_is_served_follows_subscriptions(worker: Database) -> None:
    await worked_example()
    assert await until_is_right()
    for change in (
        "update subscription set ends_on = starts_on + 3 where id = (select min(id) from subscription)",
        "update subscription set ends_on = null where id = (select min(id) from subscription)",
        "delete from subscription where id = (select max(id) from subscription)",
        "delete from subscription",
    ):
        async with atomic(SYSTEM) as tx:
            await tx.execute(change)
        assert await until_is_right(), change


async def test_who_is_on_no_tariff_is_listed_whether_it_ended_or_is_yet_to_begin(
    worker: Database,
) -> None:
    await worked_example()
    cloud = await tenancy.get(NORA, "north")
    idle = camera_filters.Filters(tariff=camera_filters.WITHOUT)
    nobody = customers.Filters(state="no_cameras")
    before = (await cameras.list_page(NORA, cloud, idle, now=NOW)).total
    for change in ("ends_on = '2026-10-20'", "starts_on = '2027-01-01', ends_on = null"):
        async with atomic(SYSTEM) as tx:
            await tx.execute(f"update subscription set {change} where cloud = 1")
        assert (await cameras.list_page(NORA, cloud, idle, now=NOW)).total > before
        found = await customers.list_page(NORA, cloud, nobody, now=NOW)
        assert 1 in {row.number for row in found.rows}


async def sums_agree(actor: Actor) -> None:
    """What is kept beside what is added up: a text that ends every number takes the slow way."""
    for state in (None, *invoices.STATES):
        listed = [
            await invoices.list_for_portal(
                actor, "retail", Filters(state=state, text=text), now=NOW
            )
            for text in (None, "1")
        ]
        kept, added = listed
        assert (kept.sums, kept.states) == (added.sums, added.states), state
        assert [row.number for row in kept.rows] == [row.number for row in added.rows]


async def test_kept_sums_of_documents_are_those_of_their_rows(worker: Database) -> None:
    await worked_example()
    for slug in ("north", "south"):
        await close(slug, "2026-10")
    await sums_agree(NORA)
    async with atomic(SYSTEM) as tx:
        await tx.execute(_CREDIT)
    # As the web process reads them: what is kept of others' customers policies alone leave out.
    with bound_by_policies():
        for actor in (NORA, SAM, ANN):
            await sums_agree(actor)


async def test_a_subscribers_month_is_the_sum_of_its_cameras(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    async with atomic(SYSTEM) as tx:
        assert not await tx.fetch(
            "select cloud, period, subscriber, sum(revenue), sum(cost), sum(commission) from margin"
            " where subscriber is not null group by 1, 2, 3"
            " except select cloud, period, subscriber, revenue, cost, commission"
            " from subscriber_month"
        )
    cloud = await tenancy.get(NORA, "north")
    everything: tuple[margin_ranking.What, ...] = ("subscribers", "cameras", "tariffs")
    for what in everything:
        lowest, highest = [
            await margin_ranking.ranking(
                NORA,
                cloud,
                Period.month("2026-10"),
                what,
                lowest=end,
                now=NOW,
            )
            for end in (True, False)
        ]
        margins = [one.row.margin for one in lowest]
        assert margins == sorted(margins)
        assert margins[0] == highest[-1].row.margin


async def test_from_when_somebody_owes_follows_documents(worker: Database) -> None:
    await worked_example()
    for slug in ("north", "south"):
        await close(slug, "2026-10")
    owing = []
    for change in ("select", _CREDIT):
        async with atomic(SYSTEM) as tx:
            await zones.tell_todays(tx, NOW)
            await tx.execute(change)
            rows = await tx.fetch(_OWES)
        assert all(row["right"] and row["told"] for row in rows)
        owing.append(sum(row["owes"] for row in rows))
    assert owing[0] > owing[1] > 0, "a bill that was credited whole is owed by nobody"


async def test_what_cameras_lost_in_a_month_is_counted_when_it_closes(worker: Database) -> None:
    await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscriber set discount_percent = 99 where cloud = 1")
    for slug in ("north", "south"):
        await close(slug, "2026-10")
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(_LOST)
    assert len(rows) == 2
    for row in rows:
        assert (row["losing"], row["lost"]) == (row["losing_by_rows"], row["lost_by_rows"])
    cloud = await tenancy.get(NORA, "north")
    lost = await margin_ranking.losses(NORA, cloud, Period.month("2026-10"))
    assert lost.count > 0
    assert (lost.count, lost.amount) in {(row["losing"], row["lost"]) for row in rows}
    before = await margin_ranking.losses(NORA, cloud, Period.month("2026-09"))
    assert before == margin_ranking.Losses(0, 0)


async def test_a_list_of_many_begins_as_one_of_few(worker: Database) -> None:
    """Few that match are sorted by themselves; where there are more, the order is gone through."""
    await worked_example()
    await close("north", "2026-10")
    later = NOW + timedelta(days=60)
    cloud = await tenancy.get(NORA, "north")
    seen = 0
    of_customers = [customers.Filters(state=state) for state in customers.STATES]
    for who in (*of_customers, customers.Filters(tariff="home-7"), customers.Filters(text="s")):
        for sort in ("name", "-name", "number", "-number"):
            few = await customers.list_page(NORA, cloud, who, now=later, sort=sort)
            many = await customers.list_page(NORA, cloud, who, now=later, sort=sort, counted=1)
            assert many.rows[0:1] == few.rows[0:1], (who, sort)
            assert many.is_more == (few.total > 1)
            seen += many.is_more
    of_cameras = [camera_filters.Filters(state=state) for state in camera_filters.STATES]
    off = [camera_filters.Filters(off=one) for one in (camera_filters.KEEPS, camera_filters.LOSES)]
    on = [camera_filters.Filters(tariff=one) for one in ("home-7", camera_filters.WITHOUT)]
    for which in (*of_cameras, *off, *on, camera_filters.Filters(text="g")):
        for sort in ("name", "-name", "external_id"):
            page = await cameras.list_page(NORA, cloud, which, now=NOW, sort=sort)
            more = await cameras.list_page(NORA, cloud, which, now=NOW, sort=sort, counted=1)
            assert more.rows[0:1] == page.rows[0:1], (which, sort)
            assert more.is_more == (page.total > 1)
            seen += more.is_more
    assert seen > 8, "of most there were more than one"
