"""What was used in a month by tariff, and by the referral of the customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

from portal.access import Actor, shows
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.queries import kept_sums, month_sums
from portal.usage.queries.kept_sums import SumRow
from portal.usage.queries.usage_sums import NOBODY, UsageTable, table_of

Basis = Literal["tariff", "referral"]
_ROWS: Final = {"tariff": month_sums.OF_TARIFF, "referral": month_sums.OF_REFERRAL}
_OF: Final = {"tariff": "p.tariff", "referral": "coalesce(s.referral, 0)"}
_COUNTS: Final = """
select 'count' as what, {of} as of, 1 as key, count(distinct p.camera) as total, 0 as peak
from subscription p join subscriber s on s.id = p.subscriber
where p.cloud = $1 and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2) group by 2
"""
_NAMES: Final = {
    "tariff": "select id, code as key, name from tariff where cloud = $1 and id = any($2)",
    "referral": "select id, code as key, name from referral where cloud = $1 and id = any($2)",
}


async def sums(
    tx: Transaction, basis: Basis, cloud: int, start: date, until: date
) -> list[Mapping[str, Any]]:
    """What each tariff's or referral's cameras used on the days before `until`.

    Rows of (what, of, key, total, peak): "meter", camera-"days", and the "count" of cameras.
    """
    counts = await tx.fetch(_COUNTS.format(of=_OF[basis]), cloud, start, until)
    ids = [row["of"] for row in counts]
    each = await tx.fetch(month_sums.each(_ROWS[basis]), cloud, start, until, ids)
    meters = [{**row, "what": "meter" if row["what"] == "of" else row["what"]} for row in each]
    return [*meters, *(dict(row) for row in counts)]


async def table(
    actor: Actor, cloud: CloudFacts, period: Period, basis: Basis, *, until: date
) -> UsageTable:
    """A line for each tariff, or each referral and NOBODY, with cameras in the month.

    A camera that was on two tariffs counts in both, on its days with each.
    """
    async with snapshot(actor) as tx:
        kept = None
        if shows(actor, "sales", "margin"):
            kept = await kept_sums.find(tx, cloud.id, period, basis)
        rows: Sequence[SumRow] = (
            await sums(tx, basis, cloud.id, period.start, until) if kept is None else kept.rows
        )
        cameras = {row["of"]: int(row["total"]) for row in rows if row["what"] == "count"}
        names = {row["id"]: row for row in await tx.fetch(_NAMES[basis], cloud.id, [*cameras])}
        of: list[SumRow] = [
            {**row, "what": "of" if row["what"] == "meter" else row["what"]}
            for row in rows
            if row["what"] in {"meter", "days"}
        ]
        whole: list[SumRow] = [row for row in rows if row["what"] == "meter"]
        lines = [
            {
                "id": one,
                "key": names[one]["key"] if one in names else NOBODY,
                "name": names[one]["name"] if one in names else "",
                "cameras": count,
            }
            for one, count in cameras.items()
        ]
        found = await table_of(tx, period, [*of, *whole], lines)
    return found if kept is None else found.dated(kept.as_of)
