"""What money that comes and goes earns: commissions that allocations and credit notes change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.billing import commission as commissions
from portal.billing.commission import Basis, Commission, Sold, Term
from portal.billing.money import round_half_away
from portal.books.queries.money.customers import Document
from portal.db import Transaction


@dataclass(frozen=True, slots=True)
class Cause:
    """An allocation of so much, below 0 one taken off; or a credit `note` of a gross amount."""

    invoice: int
    day: date
    amount: int
    allocation: int | None = None
    payment: int | None = None
    note: int | None = None
    taxable: int = 0
    """Of a note: what of its amount is taxable; both above 0."""


# What is earned as a document is paid was settled with it; of what was earned at once, rows tell.
_TERMS: Final = """
select t.invoice, t.referral, t.level, t.percent, t.basis, (
  select coalesce(sum(m.amount), 0)::bigint from commission m
  where m.cloud = $1 and m.invoice = t.invoice and m.referral = t.referral and m.level = t.level
) as before
from (
  select invoice, referral, level, percent, 'collected' as basis from commission_term
  where cloud = $1 and invoice = any($2)
  union all
  select invoice, referral, level, percent, basis from commission
  where cloud = $1 and invoice = any($2) and basis = 'invoiced' and note is null
    and allocation is null
) t order by t.invoice, t.level
"""


async def changed(
    tx: Transaction, cloud: int, documents: Mapping[int, Document], causes: Sequence[Cause]
) -> list[tuple[Document, Cause, Commission]]:
    """What causes earn or take back, one after the other; `documents` as before them all.

    The amounts are minor units, below 0 what is taken back. By invoice, then by level.
    """
    found = await tx.fetch(_TERMS, cloud, [cause.invoice for cause in causes])
    terms: dict[int, list[tuple[Term, int]]] = {}
    for row in found:
        term = Term(
            referral=row["referral"],
            level=row["level"],
            percent=row["percent"],
            basis=Basis(row["basis"]),
        )
        terms.setdefault(row["invoice"], []).append((term, row["before"]))
    made = []
    for invoice, agreed in terms.items():
        of = [cause for cause in causes if cause.invoice == invoice]
        document = documents[invoice]
        for term, before in agreed:
            changes = _changes(document, of, term, before)
            made += [(document, cause, change) for cause, change in changes]
    return made


def _changes(
    document: Document, causes: Sequence[Cause], term: Term, before: int
) -> list[tuple[Cause, Commission]]:
    """What each cause earns or takes back, one after the other, but for those that do neither."""
    balance = document.claim.balance
    paid, credited, taxable = balance.paid, balance.credited, document.credited_taxable
    changes = []
    for cause in causes:
        if cause.note is None:
            paid += cause.amount
            base = round_half_away(document.taxable * cause.amount, balance.total)
        else:
            credited += cause.amount
            taxable += cause.taxable
            base = -cause.taxable
        sold = Sold(document.taxable, balance.total, taxable, credited, paid)
        change = commissions.change(sold, term, before, base)
        if change is None:
            continue
        before += change.amount
        changes.append((cause, change))
    return changes
