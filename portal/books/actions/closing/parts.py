"""Making a part of a period's documents, without numbers, and the margins of their cameras.

Any number of workers do this at the same time. Nothing of it can be seen until the month is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from portal.access import SYSTEM
from portal.billing.commission import Commission
from portal.billing.margin import Margin
from portal.billing.money import Spread
from portal.books.actions.closing import drafted
from portal.books.actions.closing.commissions import earned_on, kept_commissions, kept_terms
from portal.books.actions.closing.documents import Draft, kept_lines, retail_document
from portal.books.actions.closing.margins import costs_after, margins_of
from portal.books.actions.closing.tariffs import write_months
from portal.books.actions.closing.terms import Terms, read_terms
from portal.books.queries import closing
from portal.books.queries.money import adjustments
from portal.books.queries.sums import parts
from portal.db import Transaction, atomic, snapshot
from portal.kit.actions.bulk import copy_rows, copy_text
from portal.values import languages

# As with batches of cameras; whoever finds none that waits, waits for those that others are at, so
# that all of them are done, or undone by who was killed, before it goes on.
_CLAIM: Final = """
update period_part set done_at = $3, terms = $4
where id = (
  select id from period_part
  where cloud = $1 and period = $2 and done_at is null
  order by id limit 1 for update {waiting}
)
returning id, kind, first, last, set_config('synchronous_commit', 'off', true)
"""
_SPREAD: Final = """
select subtotal, discount, last_remainder, last_camera, drafted from period_settled
where cloud = $1 and period = $2
"""


async def make_parts(period_id: int, *, now: datetime) -> None:
    """Make parts until none waits and nobody is at one."""
    async with snapshot(SYSTEM) as tx:
        terms = await read_terms(tx, period_id)
    for waiting in ("skip locked", ""):
        while await _make_part(terms, waiting, now):
            pass


async def _make_part(terms: Terms, waiting: str, now: datetime) -> bool:
    """Claim one part and store what it comes to, in one transaction; False when none waits."""
    of = terms.cloud.id, terms.period_id
    async with atomic(SYSTEM) as tx:
        part = await tx.fetchrow(_CLAIM.format(waiting=waiting), *of, now, terms.digest)
        if part is None:
            return False
        row = await tx.fetchrow(_SPREAD, *of)
        assert row is not None, "parts are cut once a period is settled"
        if not (row["drafted"] and await drafted.holds(tx, terms) and await _take(tx, terms, part)):
            make = _of_customers if part["kind"] == "customers" else _of_cameras
            spread = drafted.kept_spread(row, total=row["discount"], over=row["subtotal"])
            await make(tx, terms, part, spread)
    return True


async def _take(tx: Transaction, terms: Terms, part: Record) -> bool:
    """Take from the draft what it is worth; whether that is all of the part."""
    if part["kind"] == "cameras":
        await drafted.take_cameras(tx, terms, part)
        return True
    numbers = await parts.customers(tx, terms.cloud.id, part["first"], part["last"])
    return await drafted.take_customers(tx, terms, part, list(numbers.values()))


async def _of_customers(tx: Transaction, terms: Terms, part: Record, spread: Spread) -> None:
    cloud, of = terms.cloud, (terms.cloud.id, terms.period_id)
    numbers = await parts.customers(tx, cloud.id, part["first"], part["last"])
    ids = list(numbers.values())
    lines = await closing.retail_lines(tx, *of, ids)
    drafts = [
        retail_document(cloud, terms.party, buyer, lines[buyer.id])
        for buyer in await closing.buyers(tx, cloud.id, list(lines))
    ]
    earned = [earned_on(draft, terms.referrals, cloud.level_percents) for draft in drafts]
    rows = [
        document_row(terms, part["id"], draft, of_draft)
        for draft, of_draft in zip(drafts, earned, strict=True)
    ]
    await copy_rows(tx, "period_document", rows)
    sums = await parts.sums_of(tx, of, terms.period, ids)
    commission = {row["number"]: row["commission"] for row in rows}
    adjusted, names = await adjustments.of_month(tx, cloud.id, terms.period, ids)
    sums = replace(sums, names={**names, **sums.names})
    # A camera that served two has a row for each; the other's is in the part that the other is in.
    margins = [
        row
        for row in margins_of(drafts, costs_after(sums, spread), sums, commission, adjusted)
        if row.subscriber in numbers
    ]
    await _write_margins(tx, terms, margins, numbers)
    tariffs = await parts.last_tariffs(tx, cloud.id, terms.period, ids)
    await write_months(tx, of, margins, numbers, tariffs)


async def _of_cameras(tx: Transaction, terms: Terms, part: Record, spread: Spread) -> None:
    of = terms.cloud.id, terms.period_id
    sums = await parts.loose_costs(tx, of, terms.period, part["first"], part["last"])
    await _write_margins(tx, terms, margins_of([], costs_after(sums, spread), sums, {}), {})


async def _write_margins(
    tx: Transaction, terms: Terms, margins: Iterable[Margin], numbers: Mapping[int, int]
) -> None:
    """Store them; `numbers` gives the row ids of subscribers."""
    of = terms.cloud.id, terms.period_id
    columns = ("cloud", "period", "camera", "subscriber", "revenue", "cost", "commission")
    rows = (
        (
            *of,
            row.camera,
            None if row.subscriber is None else numbers[row.subscriber],
            row.revenue,
            row.cost,
            row.commission,
        )
        for row in margins
    )
    await copy_text(tx, "margin", columns, rows)


def document_row(
    terms: Terms, part: int | None, draft: Draft, earned: Sequence[Commission]
) -> dict[str, Any]:
    """A document as it waits for its number."""
    buyer = draft.buyer
    return {
        "cloud": terms.cloud.id,
        "period": terms.period_id,
        "part": part,
        "side": draft.side,
        "subscriber": None if buyer is None else buyer.id,
        "number": None if buyer is None else buyer.number,
        "version": None if buyer is None else buyer.version,
        "type": None if draft.type is None else str(draft.type),
        "locale": languages.spoken_in(
            terms.cloud.locale, None if buyer is None else buyer.language
        ),
        "buyer": draft.parties[1].as_object(),
        "discount_percent": draft.discount_percent,
        "tax_percent": draft.tax_percent,
        "tax_exempt": draft.tax_exempt,
        **asdict(draft.totals),
        "commission": sum(row.amount for row in earned),
        "lines": kept_lines(draft.lines, terms.names),
        "earned": kept_commissions(earned),
        "collected": kept_terms(draft, terms.referrals, terms.cloud.level_percents),
    }
