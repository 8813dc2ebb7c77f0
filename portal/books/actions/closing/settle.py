"""Once the last camera is rated: what all of them share, and what is left to do, cut into parts.

Pooled prices, corrections of older months, the platform's document and how its discount is spread.
In one transaction of one worker; killed half-way, nothing of it has happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from portal import tables
from portal.access import SYSTEM
from portal.billing.invoice import Totals
from portal.billing.money import Spread
from portal.billing.rating import pool_of
from portal.books.actions.closing import drafted
from portal.books.actions.closing.charges import write_charges
from portal.books.actions.closing.corrections import correct
from portal.books.actions.closing.documents import wholesale_document
from portal.books.actions.closing.parts import document_row
from portal.books.actions.closing.terms import Terms, read_terms
from portal.books.queries import closing
from portal.books.queries.rating import PriceBook
from portal.books.queries.sums import parts
from portal.db import Transaction, atomic
from portal.kit.actions.bulk import copy_rows
from portal.kit.actions.rows import upsert

PARTS: Final = 16
"""Into about so many parts the making of documents is cut…"""
CAMERAS_A_PART: Final = (500, 2_000)
"""…but each of customers with at least and about at most so many cameras and themselves."""

_HOLD: Final = "select from period where id = $1 and state = 'closing' for no key update"
_IS_SETTLED: Final = """
select exists (select from period_settled where cloud = $1 and period = $2)
"""
_IS_RATED: Final = """
select not exists (
  select from period_batch where cloud = $1 and period = $2 and done_at is null)
"""
_CUSTOMERS: Final = """
with weighed as (
  select s.number, 1 + coalesce(x.cameras, 0) as weight
  from subscriber s left join (
    select subscriber, count(*) as cameras from subscription
    where cloud = $1 and starts_on < $4 and (ends_on is null or ends_on > $3) group by subscriber
  ) x on x.subscriber = s.id
  where s.cloud = $1
),
size as (
  select greatest($6::bigint, least($7::bigint, sum(weight)::bigint / $5::bigint)) as most
  from weighed
)
insert into period_part (cloud, period, kind, first, last)
select $1, $2, 'customers', min(number), max(number)
from (
  select number, (sum(weight) over (order by number) - weight)::bigint / most as run
  from weighed, size
) one
group by run order by run
"""
_CAMERAS: Final = """
insert into period_part (cloud, period, kind, first, last)
select cloud, period, 'cameras', first_camera, last_camera from period_batch
where cloud = $1 and period = $2 and loose > 0 order by id
"""


async def settle(period_id: int, book: PriceBook, *, now: datetime) -> bool:
    """Do it, when every batch is rated and nobody has; whether it is done now."""
    of = book.cloud.id, period_id
    async with atomic(SYSTEM) as tx:
        if await tx.fetchval(_IS_SETTLED, *of):
            return True
        if await tx.fetchrow(_HOLD, period_id) is None or not await tx.fetchval(_IS_RATED, *of):
            return False
        # Asked again, because another worker may have settled it while this one waited.
        if await tx.fetchval(_IS_SETTLED, *of):
            return True
        await _price_pools(tx, book, period_id)
        corrected = await correct(tx, book.cloud, period_id, book.period)
        is_drafted = not corrected and await drafted.is_rated_so(tx, of, book.period)
        await settle_cost(tx, await read_terms(tx, period_id), now, is_drafted=is_drafted)
        span = book.period.start, book.period.end
        await tx.execute(_CUSTOMERS, *of, *span, PARTS, *CAMERAS_A_PART)
        await tx.execute(_CAMERAS, *of)
    return True


async def settle_cost(
    tx: Transaction, terms: Terms, now: datetime, *, is_drafted: bool = False
) -> None:
    """Draft what the platform asks of the cloud, and find how its discount is spread.

    With `is_drafted` the draft knows both, as long as the terms are those of then.
    """
    cloud = terms.cloud
    if is_drafted and await drafted.holds(tx, terms):
        document, spread = await drafted.cost(tx, terms)
    else:
        document, spread = await _cost(tx, terms)
    await copy_rows(tx, "period_document", [document])
    remainder, camera = (None, None) if spread.last is None else spread.last
    await upsert(
        tx,
        tables.PeriodSettled,
        {
            "cloud": cloud.id,
            "period": terms.period_id,
            "terms": terms.digest,
            "subtotal": spread.over,
            "discount": spread.total,
            "last_remainder": remainder,
            "last_camera": camera,
            "settled_at": now,
            "drafted": is_drafted,
        },
        key=("cloud", "period"),
    )


async def _cost(tx: Transaction, terms: Terms) -> tuple[dict[str, Any], Spread]:
    of = terms.cloud.id, terms.period_id
    lines = await closing.wholesale_lines(tx, *of)
    draft = wholesale_document(terms.cloud, (terms.platform.party, terms.party), lines)
    totals: Totals = draft.totals
    spread = await parts.spread_over_cost(tx, of, totals.discount, totals.subtotal)
    return document_row(terms, None, draft, []), spread


async def _price_pools(tx: Transaction, book: PriceBook, period_id: int) -> None:
    """Charge pooled services: some thousand cameras' shares at a time, however many there are."""
    of = book.cloud.id, period_id
    for service, rate in sorted(book.prices.wholesale.pools.items()):
        total = await parts.pool_total(tx, of, service)
        pool = pool_of(book.period, book.cloud.currency, rate, total)
        spread = await parts.spread_over_pool(tx, of, service, pool.amount, total)
        after = 0
        while shares := await parts.pool_shares_after(tx, of, service, after):
            await write_charges(
                tx,
                cloud=book.cloud.id,
                period=period_id,
                about=book.period.start,
                charges=pool.charges(shares, spread),
            )
            after = shares[-1].camera
