"""What the referrals of a period's documents earn on them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from portal.billing import commission as commissions
from portal.billing.commission import Basis, Commission, Referral
from portal.books.actions.closing.documents import Draft


def earned_on(
    draft: Draft, referrals: dict[int, Referral], level_percents: Sequence[Decimal]
) -> list[Commission]:
    """What referrals earn on a document that is issued: nothing where there is none."""
    if draft.type is None or draft.buyer is None or draft.buyer.referral is None:
        return []
    agreed = commissions.terms(draft.buyer.referral, referrals, level_percents)
    return commissions.on_issue(draft.totals.taxable, agreed)


def kept_commissions(earned: Sequence[Commission]) -> list[dict[str, Any]]:
    """Commissions as JSON keeps them: percents as decimals in text."""
    return [
        {
            "referral": row.referral,
            "level": row.level,
            "basis": str(row.basis),
            "base": row.base,
            "percent": str(row.percent),
            "amount": row.amount,
        }
        for row in earned
    ]


def kept_terms(
    draft: Draft, referrals: dict[int, Referral], level_percents: Sequence[Decimal]
) -> list[dict[str, Any]]:
    """What is earned as an invoice is paid, as JSON: who, on which level, at which percent."""
    if draft.buyer is None or draft.buyer.referral is None or draft.totals.total <= 0:
        return []
    return [
        {"referral": term.referral, "level": term.level, "percent": str(term.percent)}
        for term in commissions.terms(draft.buyer.referral, referrals, level_percents)
        if term.basis is Basis.COLLECTED
    ]
