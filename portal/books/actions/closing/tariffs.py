"""What each tariff and subscriber earned in a period, summed once, for lists read often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from portal.billing.margin import Margin
from portal.db import Transaction
from portal.kit.actions.bulk import copy_text

# Beside the rows by subscriber there is one of all of them.
_OF_ALL: Final = """
insert into tariff_month (cloud, period, tariff, subscriber, cameras, revenue, cost, commission)
select cloud, period, tariff, null, sum(cameras), sum(revenue), sum(cost), sum(commission)
from tariff_month where cloud = $1 and period = $2 and subscriber is not null
group by cloud, period, tariff
"""
_LOSSES: Final = """
select count(*)::int as losing, coalesce(-sum(margin), 0)::bigint as lost from (
  select sum(revenue - cost - commission) as margin from margin where cloud = $1 and period = $2
  group by camera having sum(revenue - cost - commission) < 0
) one
"""


async def losses(tx: Transaction, cloud: int, period_id: int) -> tuple[int, int]:
    """How many cameras lost money in a period, and how much, by its margins."""
    row = await tx.fetchrow(_LOSSES, cloud, period_id)
    assert row is not None, "a count is a row"
    return row["losing"], row["lost"]


async def write_months(
    tx: Transaction,
    of: tuple[int, int],
    margins: Sequence[Margin],
    numbers: Mapping[int, int],
    tariffs: Mapping[tuple[int, int], int],
) -> None:
    """Of some subscribers' margins, in a cloud and a period (row ids).

    `numbers` gives their row ids; `tariffs` the one that a camera of a subscriber (row ids) was on
    last, where its whole margin counts. Cost that no subscription bears is no tariff's.
    """
    by_tariff: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    by_subscriber: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in margins:
        if row.subscriber is None:
            continue
        subscriber = numbers[row.subscriber]
        amounts = row.revenue, row.cost, row.commission
        tariff = tariffs.get((row.camera, subscriber))
        if tariff is not None:
            _add(by_tariff[tariff, subscriber], (1, *amounts))
        _add(by_subscriber[subscriber], amounts)
    sums = ("revenue", "cost", "commission")
    await copy_text(
        tx,
        "tariff_month",
        ("cloud", "period", "tariff", "subscriber", "cameras", *sums),
        ((*of, *key, *found) for key, found in by_tariff.items()),
    )
    await copy_text(
        tx,
        "subscriber_month",
        ("cloud", "period", "subscriber", *sums),
        ((*of, subscriber, *found) for subscriber, found in by_subscriber.items()),
    )


def _add(sums: list[int], amounts: Sequence[int]) -> None:
    for place, amount in enumerate(amounts):
        sums[place] += amount


async def sum_tariffs(tx: Transaction, cloud: int, period_id: int) -> None:
    """What each tariff earned of all subscribers together."""
    await tx.execute(_OF_ALL, cloud, period_id)
