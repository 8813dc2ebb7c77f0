"""Finishing a close: all that follows the rating of the last camera, in one transaction.

Killed half-way, nothing of it has happened; done once, it finds the period closed and does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from portal import jobs, tables
from portal.access import SYSTEM
from portal.billing.commission import Commission
from portal.billing.period import Period
from portal.billing.rating import price_pools
from portal.books.actions.closing.charges import write_charges
from portal.books.actions.closing.commissions import earn_commissions
from portal.books.actions.closing.corrections import correct
from portal.books.actions.closing.documents import (
    Draft,
    Issue,
    Issued,
    draft_retail,
    draft_wholesale,
    issue_documents,
)
from portal.books.actions.closing.margins import margins_of
from portal.books.actions.closing.tariffs import losses, write_months
from portal.books.actions.estimates import drop_estimate
from portal.books.actions.money.at_issue import apply_credit_to_issued
from portal.books.actions.sending.due import note_closed
from portal.books.queries import closing
from portal.books.queries.rating import PriceBook
from portal.db import Transaction, atomic
from portal.kit.actions import audit
from portal.kit.actions.bulk import copy_text
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import update
from portal.kit.queries import tenancy
from portal.ports import Queue

_READY: Final = """
select cloud, starts_on from period
where id = $1 and state = 'closing'
  and not exists (
    select from period_batch b where b.cloud = period.cloud and b.period = $1 and b.done_at is null)
for update
"""


async def finish(period_id: int, book: PriceBook, *, now: datetime, queue: Queue) -> bool:
    """Price pools, correct, issue, earn and close, when every batch is rated; whether it did."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_READY, period_id)
        if row is None:
            return False
        cloud = await tenancy.cloud_facts_by_id(tx, row["cloud"])
        issue = Issue(cloud, period_id, Period.of(row["starts_on"]), now)
        await _price_pools(tx, book, period_id)
        await correct(tx, cloud, period_id, issue.period)
        retail = await draft_retail(tx, issue)
        wholesale = await draft_wholesale(tx, issue)
        issued = await issue_documents(tx, issue, retail)
        await issue_documents(tx, issue, [wholesale])
        earned = await earn_commissions(tx, issue, issued)
        await apply_credit_to_issued(tx, issue.cloud, issue.period_id)
        await _write_margins(tx, issue, retail, wholesale, _by_subscriber(issued, earned))
        await write_months(tx, issue.cloud.id, issue.period_id, issue.period)
        await _close(tx, issue, retail, wholesale, earned)

        enqueue_after_commit(queue, jobs.RENDER_DOCUMENTS)
        enqueue_after_commit(queue, jobs.SUM_REAL_USE, issue.period_id)
        # the next month of the cloud may have waited for this one
        enqueue_after_commit(queue, jobs.SWEEP)
        return True


async def _price_pools(tx: Transaction, book: PriceBook, period_id: int) -> None:
    shares = await closing.pool_shares(tx, book.cloud.id, period_id)
    for charges in price_pools(book.prices, shares):
        await write_charges(
            tx, cloud=book.cloud.id, period=period_id, about=book.period.start, charges=charges
        )


def _by_subscriber(
    issued: Sequence[Issued], earned: Mapping[int, Sequence[Commission]]
) -> dict[int, int]:
    """What referrals earned, by subscriber number."""
    return {
        one.draft.buyer.number: sum(row.amount for row in earned.get(one.id, ()))
        for one in issued
        if one.draft.buyer is not None
    }


async def _write_margins(
    tx: Transaction,
    issue: Issue,
    retail: Sequence[Draft],
    wholesale: Draft,
    commission: Mapping[int, int],
) -> None:
    sums = await closing.camera_sums(tx, issue.cloud.id, issue.period_id, issue.period)
    rows = margins_of(retail, wholesale, sums, commission)
    numbers = await closing.subscribers_by_number(tx, issue.cloud.id)
    await copy_text(
        tx,
        "margin",
        ("cloud", "period", "camera", "subscriber", "revenue", "cost", "commission"),
        (
            (
                issue.cloud.id,
                issue.period_id,
                row.camera,
                None if row.subscriber is None else numbers[row.subscriber],
                row.revenue,
                row.cost,
                row.commission,
            )
            for row in rows
        ),
    )


async def _close(
    tx: Transaction,
    issue: Issue,
    retail: Sequence[Draft],
    wholesale: Draft,
    earned: Mapping[int, Sequence[Commission]],
) -> None:
    figures = {
        "retail": sum(draft.totals.subtotal for draft in retail),
        "wholesale": wholesale.totals.subtotal,
        "commission": sum(row.amount for rows in earned.values() for row in rows),
    }
    losing, lost = await losses(tx, issue.cloud.id, issue.period_id)
    kept = {**figures, "losing": losing, "lost": lost}
    columns = {**kept, "state": "closed", "closed_at": issue.now, "trouble": ""}
    await update(tx, tables.Period, issue.period_id, columns)
    await drop_estimate(tx, issue.cloud.id, issue.period)
    await note_closed(tx, issue.cloud.id, issue.period)
    await audit.record(
        tx,
        SYSTEM,
        "period.closed",
        f"period {issue.period.key}",
        cloud=issue.cloud.id,
        after=figures,
    )
