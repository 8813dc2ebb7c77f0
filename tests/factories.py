"""Making the world of a story directly in its tables, as the owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.access import CLOUD_ROLES, SYSTEM, Actor, Role
from portal.db import Transaction, atomic
from portal.tables.usage_days import column_of
from tests.cast import EVERYONE, NORTH, SOUTH

FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """What stands in the tables: row ids by name."""

    services: dict[str, int] = field(default_factory=dict)
    meters: dict[str, int] = field(default_factory=dict)
    tariffs: dict[str, int] = field(default_factory=dict)
    cameras: dict[str, int] = field(default_factory=dict)


def per_unit(price: str) -> dict[str, str]:
    """The pricing of so much a unit."""
    return {"model": "per_unit", "unit_price": price}


async def two_clouds() -> World:
    """The cast, two clouds with one service each of motion days and plates, and their tariffs."""
    world = World()
    async with atomic(SYSTEM) as tx:
        await _people(tx, lambda actor: actor.cloud is None)
        world.meters = {
            row["key"]: row["id"] for row in await tx.fetch("select id, key from meter")
        }
        await _clouds(tx)
        await _people(tx, lambda actor: actor.role in CLOUD_ROLES)
        for code, name, meter, unit, size, measure in (
            (
                "motion-day",
                "1 day of motion-activated recording",
                "recording.motion.depth",
                "day",
                1,
                "unit_month",
            ),
            ("plates", "Licence plates, 1 channel", "analytics.plates", "channel", 1, "unit_month"),
            ("storage", "1 GB stored", "archive.stored", "GB", 10**9, "unit_month"),
        ):
            world.services[code] = await tx.fetchval(
                "insert into service (code, name, meter, unit, unit_size, measure)"
                " values ($1, $2, $3, $4, $5, $6) returning id",
                code,
                name,
                world.meters[meter],
                unit,
                size,
                measure,
            )
        for cloud in (NORTH, SOUTH):
            await rate(tx, cloud, world.services["motion-day"], "2026-01-01", per_unit("0.50"))
            await rate(tx, cloud, world.services["plates"], "2026-01-01", per_unit("4.00"))
        await _customers(tx)
        await _people(tx, lambda actor: actor.role in {Role.SUBSCRIBER, Role.REFERRAL})
        for cloud, code in ((NORTH, "home-7"), (SOUTH, "south-7")):
            world.tariffs[code] = await tariff(
                tx,
                cloud,
                code,
                "Home 7",
                "2026-01-01",
                "9.90",
                {world.services["motion-day"]: "7", world.services["plates"]: "1"},
            )
    return world


async def _people(tx: Transaction, which: Callable[[Actor], bool]) -> None:
    """Those of the cast whose cloud, or whose subscriber or referral, is there by now."""
    for actor in filter(which, EVERYONE):
        await tx.execute(
            "insert into portal_user (id, email, name, role, cloud, subscriber, referral)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            actor.user,
            actor.name,
            actor.name.partition("@")[0].title(),
            str(actor.role),
            actor.cloud,
            actor.subscriber,
            actor.referral,
        )
    await tx.execute("select setval('portal_user_id_seq', 100)")


async def _clouds(tx: Transaction) -> None:
    for row in (
        (NORTH, "north", "North Telecom", "EUR", "Europe/Rome", "22", "5", "22", "NORTH", 3),
        (
            SOUTH,
            "south",
            "South Networks",
            "USD",
            "America/New_York",
            "8.875",
            "0",
            "0",
            "SOUTH",
            None,
        ),
    ):
        *facts, manager = row
        facts[5:8] = [Decimal(str(percent)) for percent in facts[5:8]]
        await tx.execute(
            "insert into cloud (id, slug, name, currency, timezone, tax_percent,"
            " wholesale_discount_percent, wholesale_tax_percent, invoice_prefix, manager,"
            " created_at, level_percents) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '{}')",
            *facts,
            manager,
            FOUNDED,
        )
    await tx.execute("select setval('cloud_id_seq', 100)")


async def _customers(tx: Transaction) -> None:
    for referral, cloud, code, percent in ((1, NORTH, "rex", "15"), (2, SOUTH, "liz", "10")):
        await tx.execute(
            "insert into referral (id, cloud, code, name, percent) values ($1, $2, $3, $4, $5)",
            referral,
            cloud,
            code,
            code.title(),
            Decimal(percent),
        )
    customers: tuple[tuple[int, int, int, str, str, int | None, int | None], ...] = (
        (1, NORTH, 1, "Sue", "10", 1, 6),
        (2, NORTH, 2, "Bob", "0", None, None),
        (3, SOUTH, 1, "Tim", "0", 2, None),
    )
    for subscriber, cloud, number, name, discount, brought_by, manager in customers:
        await tx.execute(
            "insert into subscriber (id, cloud, number, name, discount_percent, referral,"
            " account_manager) values ($1, $2, $3, $4, $5, $6, $7)",
            subscriber,
            cloud,
            number,
            name,
            Decimal(discount),
            brought_by,
            manager,
        )
    await tx.execute("select setval('referral_id_seq', 100), setval('subscriber_id_seq', 100)")


async def rate(
    tx: Transaction, cloud: int, service: int, valid_from: str, pricing: Mapping[str, Any]
) -> int:
    """A cloud's wholesale price of a service from a day on."""
    return int(
        await tx.fetchval(
            "insert into rate (cloud, service, valid_from, pricing) values ($1, $2, $3, $4)"
            " returning id",
            cloud,
            service,
            date.fromisoformat(valid_from),
            pricing,
        )
    )


async def tariff(
    tx: Transaction,
    cloud: int,
    code: str,
    name: str,
    valid_from: str,
    monthly_price: str,
    items: Mapping[int, str],
) -> int:
    """A tariff with one version that includes so much of each service (by id)."""
    row = await tx.fetchval(
        "insert into tariff (cloud, code, name) values ($1, $2, $3) returning id", cloud, code, name
    )
    version = await tx.fetchval(
        "insert into tariff_version (cloud, tariff, valid_from, monthly_price, setup_fee)"
        " values ($1, $2, $3, $4, 0) returning id",
        cloud,
        row,
        date.fromisoformat(valid_from),
        Decimal(monthly_price),
    )
    for position, (service, quantity) in enumerate(items.items()):
        await tx.execute(
            "insert into tariff_item (cloud, version, position, service, quantity)"
            " values ($1, $2, $3, $4, $5)",
            cloud,
            version,
            position,
            service,
            Decimal(quantity),
        )
    return int(row)


async def camera(
    tx: Transaction, cloud: int, external_id: str, subscriber: int | None = None
) -> int:
    """A camera, named as it is called."""
    return int(
        await tx.fetchval(
            "insert into camera (cloud, external_id, name, subscriber) values ($1, $2, $3, $4)"
            " returning id",
            cloud,
            external_id,
            external_id.title(),
            subscriber,
        )
    )


async def subscribe(
    tx: Transaction,
    cloud: int,
    camera: int,
    subscriber: int,
    tariff: int,
    starts_on: str,
    ends_on: str | None = None,
) -> int:
    """A subscription of a camera for `[starts_on, ends_on)`."""
    return int(
        await tx.fetchval(
            "insert into subscription (cloud, camera, subscriber, tariff, starts_on, ends_on)"
            " values ($1, $2, $3, $4, $5, $6) returning id",
            cloud,
            camera,
            subscriber,
            tariff,
            date.fromisoformat(starts_on),
            date.fromisoformat(ends_on) if ends_on else None,
        )
    )


async def use(
    tx: Transaction, cloud: int, camera: int, meter: int, days: Iterable[date], quantity: int
) -> None:
    """Usage of a camera on days, the same on each, whatever there was before."""
    by_month: dict[date, list[str]] = defaultdict(list)
    for day in days:
        by_month[day.replace(day=1)].append(column_of(day))
    for month, columns in by_month.items():
        await tx.execute("select ensure_usage_partition($1)", month)
        names, values = ", ".join(columns), ", ".join("$5" for _ in columns)
        sets = ", ".join(f"{name} = excluded.{name}" for name in columns)
        await tx.execute(
            f"insert into usage (cloud, month, camera, meter, {names})"
            f" values ($1, $2, $3, $4, {values})"
            f" on conflict (cloud, month, camera, meter) do update set {sets}",
            *(cloud, month, camera, meter, quantity),
        )


async def forget(tx: Transaction, cloud: int, day: date, camera: int | None = None) -> None:
    """No usage of a day, of one camera or of all."""
    column, month = column_of(day), day.replace(day=1)
    await tx.execute(
        f"update usage set {column} = null"
        " where cloud = $1 and month = $2 and ($3::bigint is null or camera = $3)",
        *(cloud, month, camera),
    )
    await tx.execute("delete from usage where days = 0")


def days(first: str, after: str) -> list[date]:
    """The dates `[first, after)`."""
    start, end = date.fromisoformat(first), date.fromisoformat(after)
    return [start + timedelta(days=offset) for offset in range((end - start).days)]


async def worked_example() -> World:
    """October 2026: Sue's *gate* all month and *yard* from the 16th; Tim's *dock* in South."""
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        for name, cloud, subscriber, plan, first in (
            ("gate", NORTH, 1, "home-7", "2026-10-01"),
            ("yard", NORTH, 1, "home-7", "2026-10-16"),
            ("dock", SOUTH, 3, "south-7", "2026-10-01"),
        ):
            world.cameras[name] = await camera(tx, cloud, name, subscriber)
            await subscribe(tx, cloud, world.cameras[name], subscriber, world.tariffs[plan], first)
            used = days(first, "2026-11-01")
            for meter, quantity in (("recording.motion.depth", 7), ("analytics.plates", 1)):
                await use(tx, cloud, world.cameras[name], world.meters[meter], used, quantity)
    return world
