"""Rates: what a cloud pays for each service, by date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portal import tables
from portal.access import Actor
from portal.db import snapshot
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a service from `valid_from` on; `pricing` in its JSON shape."""

    service: str
    valid_from: date
    pricing: dict[str, Any]


_SELECT: Final = f"""
select {select_list(Rate, tables.Rate, "r", service="s.code")}
from rate r join service s on s.id = r.service
where r.cloud = $1 and (s.code, r.valid_from) > ($2, $3) order by s.code, r.valid_from limit $4
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates with the currency that their prices are in."""

    currency: str
    rows: list[Rate]


async def list_page(
    actor: Actor, cloud: CloudFacts, *, after: tuple[str, date] | None = None, limit: int = 100
) -> Rates:
    """A cloud's rates by service and date, those after `after`."""
    service, day = after or ("", date.min)
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT,
            cloud.id,
            service,
            day,
            limit,
        )
    return Rates(cloud.currency, [row_of(Rate, row) for row in rows])
