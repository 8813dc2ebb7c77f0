"""The list of a book's payments for a page: sorted, narrowed by state, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.access import Actor
from portal.db import snapshot
from portal.kit.queries.pages import Sorts
from portal.kit.queries.tenancy import CloudFacts

STATES: Final = ("received", "returned", "unidentified")
COUNTED_MAX: Final = 10_000
"""More payments than these are not counted: a page of them says "more than"."""
SORTS: Final = Sorts(
    {"paid_on": "p.paid_on", "amount": "p.amount", "reference": "p.reference"},
    tie="p.id",
    tie_turns=True,
)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment in a list; amounts in minor units. `subscriber` is None of nobody's yet.

    `unallocated` is on no invoice and was not refunded.
    """

    id: int
    paid_on: date
    subscriber: int | None
    name: str
    method: str
    reference: str
    state: str
    amount: int
    unallocated: int


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Rows of a page, and how many there are of them, or that there are more than so many."""

    rows: Sequence[PaymentRow]
    total: int
    is_more: bool


_RETURNED: Final = "exists (select from payment_return r where r.payment = p.id)"
_IS: Final = {
    None: "true",
    "received": f"p.subscriber is not null and not {_RETURNED}",
    "returned": _RETURNED,
    "unidentified": f"p.subscriber is null and not {_RETURNED}",
}
_ROWS: Final = f"""
select p.id, p.paid_on, s.number as subscriber, coalesce(s.name, '') as name, p.method,
       p.reference, p.amount,
       case when {_RETURNED} then 'returned' when p.subscriber is null then 'unidentified'
            else 'received' end as state,
       case when {_RETURNED} then 0 else p.amount
         - coalesce((select sum(a.amount) from allocation a
                     where a.cloud = p.cloud and a.payment = p.id), 0)
         - coalesce((select sum(f.amount) from refund_part f
                     where f.cloud = p.cloud and f.payment = p.id), 0) end::bigint as unallocated
from payment p left join subscriber s on s.cloud = p.cloud and s.id = p.subscriber
"""  # noqa: S608 - texts of ours


async def list_for_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    state: str | None,
    sort: str = "-paid_on",
    offset: int = 0,
    limit: int = 50,
) -> PaymentPage:
    """The payments of a cloud's subscribers that the actor sees; `state` is one of STATES."""
    which = f"p.issuer = $1 and {_IS[state]}"
    async with snapshot(actor) as tx:
        counted = await tx.fetchval(
            f"select count(*)::int from (select from payment p where {which} limit $2) one",  # noqa: S608 - texts of ours
            cloud.id,
            COUNTED_MAX + 1,
        )
        rows = await tx.fetch(
            f"{_ROWS} where {which}{SORTS.order_by(sort)} offset $2 limit $3",
            cloud.id,
            offset,
            limit,
        )
    total = min(counted, COUNTED_MAX)
    return PaymentPage([PaymentRow(**row) for row in rows], total, counted > COUNTED_MAX)
