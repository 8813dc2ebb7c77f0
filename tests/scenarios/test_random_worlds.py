"""Random worlds, driven through the API from nothing to closed books, against the second reading."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from portal.gateways.queue import NullQueue
from tests.billing.test_why import check
from tests.conftest import LONG
from tests.routes.api.conftest import House, house, kept_house
from tests.scenarios.oracle import DIGITS, Books, World, close
from tests.scenarios.worlds import random_world

__all__ = ["house", "kept_house"]

SEEDS = range(60 if LONG else 8)


async def found_cloud(api: House, slug: str, world: World, seed: int) -> None:
    """Make everything but usage."""
    ada = "ada"
    for code, service in world.services.items():
        await api.post(
            ada, "/services", {"code": f"{slug}-{code}", "name": code, "unit": "unit", **service}
        )
    await api.post(
        ada,
        "/clouds",
        {
            "slug": slug,
            "name": slug,
            "currency": world.currency,
            "timezone": world.timezone,
            "tax_percent": world.percents["tax"],
            "wholesale_discount_percent": world.percents["wholesale_discount"],
            "wholesale_tax_percent": world.percents["wholesale_tax"],
            "invoice_prefix": f"W{seed}",
            "manager": None,
        },
    )
    cloud = f"/clouds/{slug}"
    answer = await api.ask(ada, "PATCH", cloud, {"level_percents": world.level_percents})
    assert answer.status_code == 200, answer.text
    for rate in world.rates:
        await api.post(ada, f"{cloud}/rates", {**rate, "service": f"{slug}-{rate['service']}"})
    for code, versions in world.tariffs.items():
        first, *later = (_named(slug, version) for version in versions)
        await api.post(ada, f"{cloud}/tariffs", {"code": code, "name": code, **first})
        for version in later:
            await api.post(ada, f"{cloud}/tariffs/{code}/versions", version)
    for code, referral in world.referrals.items():
        await api.post(
            ada,
            f"{cloud}/referrals",
            {"code": code, "name": code, "email": "", "basis": "invoiced", **referral},
        )
    for number, subscriber in world.subscribers.items():
        await api.post(
            ada,
            f"{cloud}/subscribers",
            {"number": number, "name": f"S{number}", "email": "", **subscriber},
        )
    for name, owner in world.cameras.items():
        await api.post(
            ada, f"{cloud}/cameras", {"external_id": name, "name": name, "subscriber": owner}
        )
    for one in world.subscriptions:
        terms = {name: one[name] for name in ("tariff", "starts_on", "ends_on")}
        path = f"{cloud}/cameras/{quote(one['camera'], safe='')}/subscriptions"
        one["id"] = (await api.post(ada, path, terms))["id"]


def _named(slug: str, version: dict[str, Any]) -> dict[str, Any]:
    items = [{**item, "service": f"{slug}-{item['service']}"} for item in version["items"]]
    return {**version, "items": items}


async def send(api: House, slug: str, rows: list[Any], r: random.Random) -> None:
    """Send usage shuffled, some of it twice, some of it first too low."""
    sheet = [
        {"camera": camera, "day": day.isoformat(), "meter": meter, "quantity": quantity}
        for (camera, meter, day), quantity in rows
    ]
    sheet += [{**row, "quantity": row["quantity"] // 2} for row in r.sample(sheet, len(sheet) // 5)]
    r.shuffle(sheet)
    half = len(sheet) // 2
    for part in (sheet[:half], sheet[half - 10 :]):
        await api.post("ada", f"/clouds/{slug}/usage", part, status=200)


async def close_month(api: House, slug: str, month: str) -> None:
    """Begin the close by the API, and do a worker's work."""
    await api.post("ada", f"/clouds/{slug}/periods/{month}/close", {"accept_gaps": True}, 202)
    period = await api.sql(
        "select p.id from period p join cloud c on c.id = p.cloud"
        " where c.slug = $1 and to_char(p.starts_on, 'YYYY-MM') = $2",
        slug,
        month,
    )
    async with api.database.as_worker():
        await work_on_close(period, clock=lambda: datetime.now(UTC), queue=NullQueue())


async def read_all(api: House, path: str, **params: Any) -> list[Any]:
    items, cursor = [], None
    while True:
        page = await api.get(
            "ada", path, limit=1000, **params, **({"cursor": cursor} if cursor else {})
        )
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


async def draft(api: House, slug: str, month: str) -> dict[str, Any]:
    """What a worker makes of a month on the second day of the next one."""
    now = datetime.combine(Period.month(month).end, time(12), UTC) + timedelta(days=1)
    cloud = await api.sql("select id from cloud where slug = $1", slug)
    async with api.database.as_worker():
        await estimate_cloud(cloud, now=now)
        return await drafted(slug, month)


async def drafted(slug: str, month: str) -> dict[str, Any]:
    """What is kept of a draft, by table."""
    async with atomic(SYSTEM) as tx:
        cloud = await tx.fetchval("select id from cloud where slug = $1", slug)
        of = cloud, Period.month(month).start
        return {
            table: [dict(row) for row in await tx.fetch(f"{_KEPT[table]}", *of)] for table in _KEPT
        }


_KEPT = {
    "draft": "select * from draft where cloud = $1 and month = $2",
    "documents": "select d.*, s.number from draft_invoice d join subscriber s on s.id = d.subscriber"
    " where d.cloud = $1 and d.month = $2 order by s.number",
    "before": "select taxable from invoice where cloud = $1 and side = 'retail'"
    " and month = ($2::date - interval '1 month')::date",
}
_ISSUED = (
    "select s.number, i.id, i.type, i.subtotal, i.discount, i.taxable, i.tax, i.total,"
    " coalesce(m.cost, 0) as cost, coalesce(m.commission, 0) as commission"
    " from invoice i join period p on p.id = i.period left join subscriber s on s.id = i.subscriber"
    " left join subscriber_month m on m.period = p.id and m.subscriber = i.subscriber"
    " where p.cloud = $1 and p.starts_on = $2 order by s.number"
)
FIGURES = ("type", "subtotal", "discount", "taxable", "tax", "total")


async def compare_draft(api: House, slug: str, month: str, before: dict[str, Any]) -> None:
    """The draft of a month is what its close has issued since, to the cent."""
    cloud = await api.sql("select id from cloud where slug = $1", slug)
    async with api.database.as_worker(), atomic(SYSTEM) as tx:
        issued = await tx.fetch(_ISSUED, cloud, Period.month(month).start)
        period = await tx.fetchrow(
            "select * from period where cloud = $1 and starts_on = $2",
            cloud,
            Period.month(month).start,
        )
        lines = await tx.fetch(
            "select invoice, kind, version, service, original_period, name, quantity, unit_price,"
            " amount from invoice_line where cloud = $1 order by invoice, position",
            cloud,
        )
    assert period is not None
    retail = [row for row in issued if row["number"] is not None]
    if not before["draft"]:  # nothing is subscribed in the month
        assert not retail
        return
    (kept,) = before["draft"]
    names = ("number", *FIGURES, "cost", "commission")
    wanted = [{name: row[name] for name in names} for row in retail]
    drafted = [one for one in before["documents"] if one["type"] is not None]
    assert [{name: one[name] for name in names} for one in drafted] == wanted
    for one, row in zip(drafted, retail, strict=True):
        assert _said(one["lines"]) == _said(line for line in lines if line["invoice"] == row["id"])
    of_platform = kept["wholesale_document"]
    for row in issued:
        if row["number"] is None:
            assert {name: of_platform[name] for name in FIGURES} == {n: row[n] for n in FIGURES}
    assert (kept["charges"], of_platform["subtotal"], kept["commission"]) == (
        period["retail"],
        period["wholesale"],
        period["commission"],
    )
    assert kept["revenue"] == sum(row["taxable"] for row in retail)
    assert kept["to_collect"] == sum(row["total"] for row in retail)
    if kept["bridge"] is not None:
        was = sum(row["taxable"] for row in before["before"])
        assert sum(kept["bridge"].values()) == kept["revenue"] - was


def _said(lines: Iterable[Any]) -> list[tuple[Any, ...]]:
    return [
        (
            *(line[name] for name in ("kind", "version", "service", "name", "amount")),
            str(line["original_period"]),
            Decimal(line["quantity"]),
            None if line["unit_price"] is None else Decimal(line["unit_price"]),
        )
        for line in lines
    ]


async def compare(api: House, slug: str, world: World, month: str, books: Books) -> None:
    """Everything that the API shows of a closed month equals the second reading's."""

    def minor(text: str) -> int:
        return int(Decimal(text).scaleb(DIGITS[world.currency]))

    charges = await read_all(api, f"/clouds/{slug}/charges", period=month)
    shown: Counter[Any] = Counter()
    for one in charges:
        service = (one["service"] or "").removeprefix(f"{slug}-")
        key = (one["kind"], one["side"], one["camera"], one["subscriber"], service)
        shown[*key, one["original_period"]] += minor(one["amount"])
    expected: Counter[Any] = Counter()
    for (key, about), amount in books.charges.items():
        parts: tuple[Any, ...] = key
        kind, side, camera, subscriber, _, _, service = parts
        expected[kind, side, camera, subscriber, service, about] += amount
    assert {k: v for k, v in shown.items() if v} == {k: v for k, v in expected.items() if v}
    assert sorted(minor(one["amount"]) for one in charges) == sorted(books.charges.values())

    invoices = await read_all(api, f"/clouds/{slug}/invoices", period=month)
    figures = ("subtotal", "discount", "taxable", "tax", "total")
    papers = {one["subscriber"]: tuple(minor(one[name]) for name in figures) for one in invoices}
    wanted: dict[int | None, tuple[Any, ...]] = {
        number: tuple(vars(paper).values()) for number, paper in books.retail.items()
    }
    if books.wholesale.total:
        wanted[None] = tuple(vars(books.wholesale).values())
    assert papers == wanted
    for one in invoices:
        assert sum(minor(line["amount"]) for line in one["lines"]) == minor(one["subtotal"])
        assert (one["type"] == "credit_note") == (minor(one["total"]) < 0)
    retail = [one for one in invoices if one["side"] == "retail"]
    assert [one["subscriber"] for one in retail] == sorted(one["subscriber"] for one in retail)

    await compare_reasons(api, slug, world, invoices)

    commissions = await read_all(api, f"/clouds/{slug}/commissions", period=month)
    assert sorted(
        (c["referral"], c["level"], c["subscriber"], minor(c["base"]), minor(c["amount"]))
        for c in commissions
    ) == sorted(books.commissions)

    margins: dict[str, list[int]] = {}
    for one in await read_all(api, f"/clouds/{slug}/margins", period=month):
        sums = margins.setdefault(one["camera"], [0, 0, 0])
        for place, name in enumerate(("revenue", "cost", "commission")):
            sums[place] += minor(one[name])
    assert {c: tuple(m) for c, m in margins.items() if any(m)} == books.margins


async def compare_reasons(
    api: House, slug: str, world: World, invoices: list[dict[str, Any]]
) -> None:
    """Every line is the sum of its rows, and every row's formula makes its amount."""
    for one in invoices:
        for n, line in enumerate(one["lines"]):
            rows = await read_all(api, f"/clouds/{slug}/invoices/{one['number']}/lines/{n}")
            assert sum(Decimal(row["amount"]) for row in rows) == Decimal(line["amount"])
            for row in rows:
                # Usage that came late may wait for the next close; nothing else is a difference.
                assert row["agreement"] != "differs", row
                minor = int(Decimal(row["amount"]).scaleb(DIGITS[world.currency]))
                # A part of a pool is a minor unit away at most; others are exact in billing's tests.
                check(row["formula"], minor, world.currency, share=line["kind"] == "service")


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_random_world_is_billed_as_the_rules_say(house: House, seed: int) -> None:
    world, months = random_world(seed)
    slug, r = f"w{seed}", random.Random(-seed - 1)
    await found_cloud(house, slug, world, seed)
    everything = dict(world.usage)
    # A tenth of the first months' usage comes only after they are closed.
    late = {
        key: quantity
        for key, quantity in everything.items()
        if f"{key[2]:%Y-%m}" != months[-1] and r.random() < 0.1
    }
    world.usage = {key: quantity for key, quantity in everything.items() if key not in late}
    closed: dict[str, dict[Any, int]] = {}
    await send(house, slug, list(world.usage.items()), r)
    for month in months:
        if month == months[-1]:
            await send(house, slug, list(late.items()), r)
            world.usage = everything
        before = await draft(house, slug, month)
        await close_month(house, slug, month)
        await compare_draft(house, slug, month, before)
        books = close(world, month, closed)
        await compare(house, slug, world, month, books)
        closed[month] = books.charges
