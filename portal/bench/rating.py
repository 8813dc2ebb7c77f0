"""The pure core alone: rating cameras, against plain sums over the same lists."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from portal.bench import world
from portal.bench.report import Report, machine, significant, whole
from portal.billing.period import Period
from portal.billing.pricing import PerUnit
from portal.billing.rating import (
    CameraUsage,
    Fleet,
    Item,
    Measure,
    PriceList,
    Prices,
    Rate,
    Service,
    Subscription,
    Version,
    rate_cameras,
)

ROUNDS: Final = 5
MONTH: Final = Period(world.FIRST, world.AFTER)
CURRENCY: Final = "EUR"
SINCE: Final = date(2026, 1, 1)
GB: Final = 10**9
SERVICES: Final = tuple(
    Service(place, code, f"meter {code}", size, Measure.UNIT_MONTH)
    for place, (code, size) in enumerate(
        [("continuous", 1), ("motion", 1), ("faces", 1), ("plates", 1), ("storage", GB)], start=1
    )
)
PRICES: Final = ("0.35", "0.20", "3.00", "4.00", "0.013")


def run(*, cameras: int) -> Report:
    """Rate that many cameras, wholesale and retail, in this process."""
    version = _version()
    prices = Prices(PriceList(MONTH, CURRENCY, _rates(), SERVICES), {version.tariff: (version,)})
    used = [_usage(number) for number in range(1, cameras + 1)]
    sold = {number: [_subscription(number)] for number in range(1, cameras + 1)}
    fleet = Fleet(used, sold)
    written = 0

    def rate() -> None:
        nonlocal written
        written = len(rate_cameras(prices, fleet).charges)

    def add() -> None:
        for usage in used:
            for values in usage.daily.values():
                sum(values)  # type: ignore[arg-type] # no day is absent here

    seconds, floor = _quickest(rate), _quickest(add)
    return Report(
        part="rating",
        title=f"{whole(cameras)} cameras, {whole(written)} charges, one process",
        columns=("seconds", "cameras/s"),
        rows=[
            ("rating", (f"{seconds:.3f}", whole(cameras / seconds))),
            ("sums alone", (f"{floor:.3f}", whole(cameras / floor))),
            ("ratio", ("", f"{floor / seconds:.2f}")),
        ],
        figures={
            "cameras": cameras,
            "charges": written,
            "cameras_per_second": significant(cameras / seconds),
            "floor_cameras_per_second": significant(cameras / floor),
            "ratio": significant(floor / seconds),
        },
        measured_on=machine(),
    )


def _quickest(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _rates() -> dict[int, Sequence[Rate]]:
    return {
        service.id: (Rate(service.id, service, SINCE, PerUnit(Decimal(unit_price))),)
        for service, unit_price in zip(SERVICES, PRICES, strict=True)
    }


def _version() -> Version:
    motion, storage = SERVICES[1], SERVICES[4]
    items = (
        Item(motion, Decimal(7), None),
        Item(storage, Decimal(60), PerUnit(Decimal("0.04"))),
    )
    return Version(
        id=1,
        tariff=1,
        valid_from=SINCE,
        monthly_price=Decimal("9.90"),
        setup_fee=Decimal(0),
        trial_days=0,
        bill_when_disabled=True,
        items=items,
    )


def _usage(number: int) -> CameraUsage:
    """As the cloud of the close has it: depths that vary, flags on every second camera, GBs."""
    depths = [1 + (number + day) % 14 for day in range(MONTH.days)]
    stored = 20 * GB + number * 37 % 90 * GB
    values = (
        depths,
        list(reversed(depths)),
        [1 - number % 2] * MONTH.days,
        [1 - number % 2] * MONTH.days,
        [stored + number * 7919 % 99_991 * day for day in range(MONTH.days)],
    )
    return CameraUsage(
        number,
        f"cam-{number:07d}",
        {service.meter: daily for service, daily in zip(SERVICES, values, strict=True)},
    )


def _subscription(number: int) -> Subscription:
    starts_on = date(2026, 3, 1) if number % 10 else MONTH.day(number // 10 % MONTH.days)
    return Subscription(number, number, 1 + number // 5, 1, starts_on, None)
