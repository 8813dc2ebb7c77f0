"""What the referrals of a period's documents earn on them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from portal.billing import commission as commissions
from portal.billing.commission import Basis, Commission, Referral
from portal.books.actions.closing.documents import Draft, Issue, Issued
from portal.books.queries import closing
from portal.db import Transaction
from portal.kit.actions.bulk import copy_rows


async def earn_commissions(
    tx: Transaction, issue: Issue, issued: Sequence[Issued]
) -> dict[int, list[Commission]]:
    """Store what the referrals of each retail document earn on it; by document row id."""
    referrals = await closing.referrals(tx, issue.cloud.id)
    earned = {
        one.id: earned_on(one.draft, referrals, issue.cloud.level_percents)
        for one in issued
        if one.draft.buyer is not None and one.draft.buyer.referral is not None
    }
    rows = [
        {
            "cloud": issue.cloud.id,
            "referral": row.referral,
            "subscriber": one.draft.buyer.id,
            "invoice": one.id,
            "document": one.number,
            "month": issue.period.start,
            "level": row.level,
            "basis": str(row.basis),
            "base": row.base,
            "percent": row.percent,
            "amount": row.amount,
        }
        for one in issued
        if one.draft.buyer is not None
        for row in earned.get(one.id, [])
    ]
    await copy_rows(tx, "commission", rows)
    await _keep_terms(tx, issue, issued, referrals)
    return earned


async def _keep_terms(
    tx: Transaction, issue: Issue, issued: Sequence[Issued], referrals: dict[int, Referral]
) -> None:
    """Keep what is earned as invoices are paid: who, on which level, at which percent."""
    rows = [
        {
            "cloud": issue.cloud.id,
            "referral": term.referral,
            "subscriber": one.draft.buyer.id,
            "invoice": one.id,
            "level": term.level,
            "percent": term.percent,
        }
        for one in issued
        if one.draft.buyer is not None and one.draft.buyer.referral is not None
        if one.draft.totals.total > 0
        for term in commissions.terms(
            one.draft.buyer.referral, referrals, issue.cloud.level_percents
        )
        if term.basis is Basis.COLLECTED
    ]
    await copy_rows(tx, "commission_term", rows)


def earned_on(
    draft: Draft, referrals: dict[int, Referral], level_percents: Sequence[Decimal]
) -> list[Commission]:
    """What referrals earn on a document that is issued: nothing where there is none."""
    if draft.type is None or draft.buyer is None or draft.buyer.referral is None:
        return []
    agreed = commissions.terms(draft.buyer.referral, referrals, level_percents)
    return commissions.on_issue(draft.totals.taxable, agreed)
