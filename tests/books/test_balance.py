"""What is left of documents as PostgreSQL says it, held to the law, for everybody who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.access import SYSTEM, Actor
from portal.billing.balance import Balance
from portal.billing.charge import Side
from portal.billing.period import Period, local_date
from portal.books.queries import invoices
from portal.books.queries.invoices import Filters
from portal.db import Transaction, atomic, snapshot
from portal.kit.queries import tenancy, zones
from portal.overview.queries import attention, system_dashboard
from tests.cast import ADA, BOB, CARL, LIZ, NORA, NORTH, PAUL, SAM, SOUTH, SUE, TIM
from tests.conftest import Database
from tests.factories import two_clouds

ZONES = (
    *("Pacific/Kiritimati", "Asia/Kathmandu", "Europe/Rome", "UTC", "CET"),
    *("America/Havana", "America/New_York", "Pacific/Pago_Pago"),
)
SUBSCRIBERS = {1: NORTH, 2: NORTH, 3: SOUTH}
LAST = Period.month("2199-12")


@dataclass(frozen=True, slots=True)
class Document:
    """What is issued: to a subscriber of SUBSCRIBERS, or to North by the platform where None.

    Due so many days from now in UTC; the notes are amounts that credit it. So much of the rest is
    `paid` and `lost`; `doubted` ones are disputed.
    """

    subscriber: int | None
    total: int
    due_in: int | None
    notes: tuple[int, ...]
    paid: int = 0
    lost: int = 0
    doubted: bool = False

    @property
    def cloud(self) -> int:
        return NORTH if self.subscriber is None else SUBSCRIBERS[self.subscriber]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    total = draw(st.integers(-5, 10).filter(bool))
    left, notes = total, []
    while left > 0 and draw(st.booleans()):
        notes.append(draw(st.integers(1, left)))
        left -= notes[-1]
    due_in = None if total < 0 else draw(st.none() | st.integers(-2, 2))
    paid = draw(st.integers(0, max(0, left)))
    lost = draw(st.integers(0, max(0, left - paid)))
    customer = draw(st.sampled_from((None, *SUBSCRIBERS)))
    return Document(customer, total, due_in, tuple(notes), paid, lost, draw(st.booleans()))


_number = count(1)
_PAID = """
with p as (
  insert into payment (issuer, cloud, subscriber, currency, amount, paid_on, method, reference)
  values ($4, $1, $2, 'EUR', $5, current_date, 'bank', $6) returning id)
insert into allocation (issuer, cloud, subscriber, payment, invoice, amount, day)
select $4, $1, $2, p.id, $3, $5, current_date from p
"""
_LOST = """
insert into write_off (issuer, cloud, subscriber, invoice, amount, day)
values ($4, $1, $2, $3, $5, current_date)
"""
_DOUBTED = """
insert into dispute (issuer, cloud, subscriber, invoice, reason, opened_at)
values ($4, $1, $2, $3, 'not mine', now())
"""


@pytest.fixture
async def story(database: Database) -> Database:
    """Two clouds and their people, before anything has been issued."""
    async with database.as_worker():
        await two_clouds()
    return database


async def issue(tx: Transaction, one: Document, today: date) -> int:
    """Store a document and its notes; each invoice is of a month of its own. Returns its id."""
    number = next(_number)
    month = LAST.back(number).start
    period = await tx.fetchval(
        "insert into period (cloud, starts_on) values ($1, $2) returning id", one.cloud, month
    )
    due_on = None if one.due_in is None else today + timedelta(days=one.due_in)
    first = await _store(tx, one, f"{number}", one.total, month, due_on=due_on, period=period)
    for place, amount in enumerate(one.notes):
        await _store(tx, one, f"{number}-{place}", -amount, month, credited=first)
    issuer = 0 if one.subscriber is None else one.cloud
    about = one.cloud, one.subscriber, first, issuer
    if one.paid:
        await tx.execute(_PAID, *about, one.paid, f"ref {number}")
    if one.lost:
        await tx.execute(_LOST, *about, one.lost)
    if one.doubted:
        await tx.execute(_DOUBTED, *about)
    return first


async def _store(
    tx: Transaction,
    one: Document,
    number: str,
    total: int,
    month: date,
    *,
    due_on: date | None = None,
    period: int | None = None,
    credited: int | None = None,
) -> int:
    wholesale = one.subscriber is None
    return await tx.fetchval(
        "insert into invoice (cloud, subscriber, period, month, side, type, issuer, number,"
        " sequence, issued_at, issued_on, due_on, currency, locale, seller, buyer,"
        " discount_percent, tax_percent, subtotal, discount, taxable, tax, total, credits)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, 1, now(), $4, $9, 'EUR', 'en', '{}', $12,"
        " 0, 0, $10, 0, $10, 0, $10, $11) returning id",
        one.cloud,
        one.subscriber,
        period,
        month,
        "wholesale" if wholesale else "retail",
        "invoice" if total > 0 else "credit_note",
        0 if wholesale else one.cloud,
        number,
        due_on,
        total,
        credited,
        {"name": "Somebody"},
    )


def may_see(actor: Actor, one: Document) -> bool:
    if actor in {ADA, PAUL}:
        return True
    if actor.subscriber is not None:
        return actor.subscriber == one.subscriber
    return actor in {NORA, SAM} and actor.cloud == one.cloud


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    issued=st.lists(documents(), min_size=1, max_size=8),
    places=st.tuples(*(st.sampled_from(ZONES) for _ in range(3))),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
async def test_the_view_says_of_every_document_what_the_law_says(
    story: Database, issued: list[Document], places: Sequence[str], now: datetime
) -> None:
    """Any documents and notes, any day, any zones of the platform and two clouds; each for whom."""
    platform, *clouds = places
    zone_of = dict(zip((0, NORTH, SOUTH), places, strict=True))
    async with story.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute("update platform set timezone = $1", platform)
        for cloud, zone in zip((NORTH, SOUTH), clouds, strict=True):
            await tx.execute("update cloud set timezone = $2 where id = $1", cloud, zone)
        stored = {await issue(tx, one, now.date()): one for one in issued}
    async with story.as_web():
        for actor in (ADA, PAUL, NORA, SAM, SUE, BOB, TIM, LIZ):
            async with snapshot(actor) as tx:
                await zones.tell_todays(tx, now)
                rows = await tx.fetch(
                    "select * from document_balance where invoice = any($1)", list(stored)
                )
            seen = {row["invoice"]: row for row in rows}
            assert set(seen) == {row for row, one in stored.items() if may_see(actor, one)}
            for row, said in seen.items():
                one = stored[row]
                balance = Balance(one.total, sum(one.notes), one.paid, said["due_on"], one.lost)
                today = local_date(now, zone_of[0 if one.subscriber is None else one.cloud])
                assert (said["credited"], said["paid"]) == (balance.credited, balance.paid)
                assert (said["left"], said["status"]) == (balance.left, balance.status)
                assert (said["written_off"], said["disputed"]) == (one.lost, one.doubted)
                assert said["overdue"] == balance.is_overdue(today)
                assert said["state"] == balance.state(today)


async def test_a_day_that_nobody_told_is_an_error_not_a_guess(story: Database) -> None:
    """A list that forgot to say which day it is would show nothing overdue, and nobody would see."""
    async with story.as_worker():
        async with atomic(SYSTEM) as tx:
            await issue(tx, Document(1, 5, -1, ()), date(2026, 11, 14))
        async with snapshot(SYSTEM) as tx:
            with pytest.raises(asyncpg.PostgresError):
                await tx.fetch("select overdue from document_balance")


async def test_every_list_home_and_page_goes_by_the_calendar_of_the_issuer(story: Database) -> None:
    """At noon of the 14th in UTC it is the 15th on Kiritimati, and still the 14th in New York."""
    now = datetime(2026, 11, 14, 12, tzinfo=UTC)
    numbers: dict[Side, str] = {}
    documents_of: dict[Side, Document] = {
        "retail": Document(1, 7, 0, ()),
        "wholesale": Document(None, 9, 0, ()),
    }
    async with story.as_worker(), atomic(SYSTEM) as tx:
        for side, one in documents_of.items():
            row = await issue(tx, one, now.date())
            numbers[side] = await tx.fetchval("select number from invoice where id = $1", row)
    for platform, own, overdue in (
        ("Pacific/Kiritimati", "America/New_York", "wholesale"),
        ("America/New_York", "Pacific/Kiritimati", "retail"),
    ):
        async with story.as_worker(), atomic(SYSTEM) as tx:
            await tx.execute("update platform set timezone = $1", platform)
            await tx.execute("update cloud set timezone = $2 where id = $1", NORTH, own)
        async with story.as_web():
            for side, number in numbers.items():
                state = "overdue" if side == overdue else "open"
                for actor in (ADA, NORA, *([SUE] if side == "retail" else [])):
                    listed = await invoices.list_for_portal(actor, side, Filters(), now=now)
                    latest = await invoices.latest(actor, side, now=now)
                    page = await invoices.get(
                        actor, await tenancy.get(actor, "north"), number, now=now
                    )
                    assert [row.state for row in listed.rows] == [state]
                    assert [row.state for row in latest] == [state]
                    assert (page.state, page.status, page.left) == (state, "open", page.total)
                    late = await invoices.list_for_portal(
                        actor, side, Filters(state="overdue"), now=now
                    )
                    assert late.total == (side == overdue)
            (due,) = (await system_dashboard.get_overview(PAUL, now=now)).due
            assert (due.left, due.late_left) == (9, 9 if overdue == "wholesale" else 0)
            waiting = await attention.of_cloud(NORA, await tenancy.own_cloud(NORA), now=now)
            late_left = [need.amount for need in waiting if need.kind == "overdue"]
            assert late_left == ([7] if overdue == "retail" else [])


async def test_lists_are_narrowed_by_state(story: Database) -> None:
    now = datetime(2026, 11, 14, 12, tzinfo=UTC)
    async with story.as_worker(), atomic(SYSTEM) as tx:
        for one in (
            Document(1, 11, 1, (2,)),
            Document(1, 13, -2, ()),
            Document(1, 17, -2, (8, 9)),
            Document(1, -19, None, ()),
        ):
            await issue(tx, one, now.date())
    async with story.as_web():
        for state, totals in (
            ("open", {11, 13}),
            ("overdue", {13}),
            ("settled", {17}),
            ("credit_note", {-19, -2, -8, -9}),
            (None, {11, 13, 17, -19, -2, -8, -9}),
        ):
            found = await invoices.list_for_portal(CARL, "retail", Filters(state=state), now=now)
            assert {row.total for row in found.rows} == totals
            assert (found.total, [of.total for of in found.sums]) == (len(totals), [sum(totals)])
