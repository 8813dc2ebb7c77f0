"""Documents of a draft as a list, and what a close needs to know beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.billing.numbering import issue_year, number_of
from portal.billing.period import Period
from portal.db import snapshot
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A subscriber's document in a draft; `last` is the total of the month before, if it is closed.

    `cost` and `commission` are 0 to those who may not know them. Without a `type` none is issued.
    """

    number: int
    name: str
    type: str | None
    subtotal: int
    discount: int
    taxable: int
    tax: int
    total: int
    last: int | None
    cost: int
    commission: int
    cameras: int

    @property
    def difference(self) -> int | None:
        """How much more than the month before."""
        return None if self.last is None else self.total - self.last

    @property
    def margin(self) -> int:
        """What is left of it."""
        return self.taxable - self.cost - self.commission


SORTS: Final = Sorts(
    {
        "name": "lower(s.name)",
        "number": "s.number",
        "total": "d.total",
        "last": "d.last",
        "difference": "abs(d.total - d.last)",
    },
    tie="s.number",
    optional=frozenset({"last", "difference"}),
)
_WHICH: Final = """
from draft_invoice d join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
where d.cloud = $1 and d.month = $2
  and ($3::text is null or strpos(lower(s.name), lower($3)) > 0 or s.number::text = $3)
"""
_ROWS: Final = f"""
select s.number, s.name, d.type, d.subtotal, d.discount, d.taxable, d.tax, d.total, d.last,
       d.cameras,
       coalesce((select c.cost from draft_invoice_cost c where c.id = d.id), 0) as cost,
       coalesce((select c.commission from draft_invoice_cost c where c.id = d.id), 0) as commission
{_WHICH}
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of them, and how many there are."""

    rows: Sequence[DraftRow]
    total: int


async def listed(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    text: str | None = None,
    sort: str = "name",
    offset: int = 0,
    limit: int = 50,
) -> Listed:
    """Every subscriber that is charged, has cameras, or was billed the month before."""
    of = (cloud.id, period.start, text)
    async with snapshot(actor) as tx:
        total = await tx.fetchval(f"select count(*)::int {_WHICH}", *of)
        ordered = f"{_ROWS}{SORTS.order_by(sort)}"
        rows = await numbered(tx, ordered, of, total, offset=offset, limit=limit) if total else []
    return Listed([DraftRow(**row) for row in rows], total)


async def founded_at(actor: Actor, cloud: CloudFacts) -> datetime:
    """When a cloud was set up here: months that were due before are closed by people alone."""
    async with snapshot(actor) as tx:
        found: datetime = await tx.fetchval("select created_at from cloud where id = $1", cloud.id)
    return found


_LAST_NUMBER: Final = "select last_number from series where issuer = $1 and year = $2"


async def next_number(actor: Actor, cloud: CloudFacts, now: datetime) -> str:
    """The number that the cloud's next document gets, if it is issued now."""
    year = issue_year(now, cloud.timezone)
    async with snapshot(actor) as tx:
        last = await tx.fetchval(_LAST_NUMBER, cloud.id, year) or 0
    return number_of(cloud.invoice_prefix, year, last + 1)
