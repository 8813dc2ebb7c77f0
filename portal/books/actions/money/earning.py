"""Commissions as money comes and goes: each allocation and credit note earns or takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal import tables
from portal.billing.commission import Commission
from portal.billing.period import Period
from portal.books.queries.money.customers import Customer, Document
from portal.books.queries.money.earnings import Cause, changed
from portal.db import Transaction
from portal.kit.actions.rows import insert


async def earn(
    tx: Transaction,
    customer: Customer,
    documents: Mapping[int, Document],
    causes: Sequence[Cause],
) -> None:
    """Store what causes earn or take back, one after the other; `documents` as before them all.

    The platform pays no commission: nothing is earned on what clouds owe it.
    """
    if customer.subscriber is None:
        return
    for document, cause, change in await changed(tx, customer.cloud, documents, causes):
        await insert(tx, tables.Commission, _row(customer, document, cause, change))


def _row(
    customer: Customer, document: Document, cause: Cause, change: Commission
) -> dict[str, object]:
    return {
        "cloud": customer.cloud,
        "referral": change.referral,
        "subscriber": customer.subscriber,
        "invoice": document.claim.id,
        "payment": cause.payment,
        "document": document.claim.number,
        "month": Period.of(cause.day).start,
        "level": change.level,
        "basis": str(change.basis),
        "base": change.base,
        "percent": change.percent,
        "amount": change.amount,
        "note": cause.note,
        "allocation": cause.allocation,
        "day": cause.day,
    }
