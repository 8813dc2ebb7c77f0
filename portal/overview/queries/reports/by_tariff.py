"""A month by tariff: a camera's month belongs to the tariff that it ended on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from portal.access import Actor, shows
from portal.billing.period import Period
from portal.books.queries.sums import real_use
from portal.books.queries.sums.real_use import ClosedMonth
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.reports import months
from portal.overview.queries.reports.months import Sums
from portal.overview.queries.reports.rows import MoneyRow, money_row, sum_of

_ROWS: Final = """
select t.id, t.code as key, t.name, sum(m.cameras)::int as cameras, {charges} as charges,
       sum(m.revenue)::bigint as revenue, {cost} as cost, {commission} as commission
from {table} m join tariff t on t.cloud = $1 and t.id = m.tariff
where m.cloud = $1 and m.{of} = $2 and m.subscriber is {whose}
group by t.id, t.code, t.name
"""


async def rows(
    actor: Actor, cloud: CloudFacts, period: Period, sums: Sums | None
) -> Sequence[MoneyRow]:
    """Each tariff that cameras were on; for who knows the `sums` of the month, the rest, too.

    That is what no tariff earned or cost: its `key` is "". An account manager has its own
    subscribers', without cost.
    """
    books_shown = shows(actor, "sales", "margin")
    async with snapshot(actor) as tx:
        books = await months.books_of(tx, cloud, period)
        named = {
            "table": f"{books.tariffs}_books" if books_shown else books.tariffs,
            "whose": "null" if books_shown else "not null",
            "cost": "sum(m.cost)::bigint" if books_shown else "null::bigint",
            "commission": "sum(m.commission)::bigint" if books_shown else "null::bigint",
            "charges": "null::bigint" if books.is_closed else "sum(m.charges)::bigint",
            "of": books.of,
        }
        found = await tx.fetch(_ROWS.format(**named), cloud.id, books.key)
        charged: dict[int, int] = {}
        if sums is not None and isinstance(books.key, int):
            closed = ClosedMonth(cloud=cloud.id, id=books.key, period=period)
            charged = await real_use.charged_by_tariff(tx, closed)
    listed = [
        money_row(cloud, row, charges=charged.get(row["id"], row["charges"])) for row in found
    ]
    if sums is None:
        return listed
    known = sum_of(cloud, listed)
    rest = MoneyRow(
        id=0,
        key="",
        name="",
        currency=cloud.currency,
        charges=None if known.charges is None else sums.charges - known.charges,
        revenue=sums.revenue - sums.later - (known.revenue or 0),
        cost=sums.cost - sums.unborne - (known.cost or 0),
        commission=sums.commission - (known.commission or 0),
    )
    is_some = any((rest.charges, rest.revenue, rest.cost, rest.commission))
    return [*listed, rest] if is_some else listed
