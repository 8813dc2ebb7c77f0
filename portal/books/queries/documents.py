"""Issued documents as values to print, with the usage they are based on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal.billing.money import plain
from portal.billing.period import Period
from portal.books.queries.document_usage import usage_of
from portal.db import Transaction
from portal.values.document import CameraUsageValue, DocumentValue, LineValue, Party

_INVOICE: Final = """
select i.*, o.number as credited_number, w.value as waiting_value
from invoice i left join invoice o on o.id = i.credits
left join invoice_wait w on w.cloud = i.cloud and w.invoice = i.id
where i.id = $1
"""


@dataclass(frozen=True, slots=True)
class Printable:
    """A document's value, and whose it is."""

    id: int
    cloud: int
    subscriber: int | None
    value: DocumentValue


async def printable(tx: Transaction, invoice_id: int) -> Printable:
    """Everything that the PDF of a document says; of one that waits, what it was to say then."""
    row = dict((await tx.fetch(_INVOICE, invoice_id))[0])
    if row["waiting_value"] is not None:
        value = DocumentValue.from_json(row["waiting_value"])
        return Printable(invoice_id, row["cloud"], row["subscriber"], value)
    period = Period.of(row["month"])
    lines = await tx.fetch(
        "select * from invoice_line where cloud = $1 and invoice = $2 order by position",
        row["cloud"],
        invoice_id,
    )
    usage: tuple[CameraUsageValue, ...] = ()
    if row["period"] is not None:
        usage = await usage_of(tx, row, period)
    return Printable(
        invoice_id,
        row["cloud"],
        row["subscriber"],
        _value(row, period, [dict(line) for line in lines], usage),
    )


def _value(
    row: Mapping[str, Any],
    period: Period,
    lines: Sequence[Mapping[str, Any]],
    usage: tuple[CameraUsageValue, ...],
) -> DocumentValue:
    notes = []
    if row["credited_number"]:
        notes.append(f"This note credits {row['credited_number']}: {row['reason']}")
    due_on = row["due_on"]
    return DocumentValue(
        type=row["type"],
        side=row["side"],
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=due_on,
        period=period.key,
        period_start=period.start,
        period_end=period.end,
        currency=row["currency"],
        locale=row["locale"],
        seller=_party(row["seller"]),
        buyer=_party(row["buyer"]),
        lines=tuple(_line(line, period) for line in lines),
        subtotal=row["subtotal"],
        discount_percent=plain(row["discount_percent"]),
        discount=row["discount"],
        taxable=row["taxable"],
        tax_percent=plain(row["tax_percent"]),
        tax=row["tax"],
        total=row["total"],
        exempt=row["tax_exempt"],
        payment_terms=(
            f"Payable within {(due_on - row['issued_on']).days} days of issue." if due_on else ""
        ),
        note=" ".join(notes) or None,
        usage=usage,
    )


def _party(facts: Mapping[str, Any]) -> Party:
    number = facts["customer_number"]
    return Party(
        name=facts["name"],
        address=tuple(facts["address"]),
        tax_number=facts["tax_number"] or None,
        email=facts["email"] or None,
        bank=tuple(facts["bank"]),
        customer_number=None if number is None else str(number),
    )


def _line(line: Mapping[str, Any], period: Period) -> LineValue:
    original = Period.of(line["original_period"])
    return LineValue(
        kind=line["kind"],
        description=line["description"],
        amount=line["amount"],
        quantity=plain(line["quantity"]),
        unit=line["unit"],
        detail=line["detail"] or None,
        unit_price=None if line["unit_price"] is None else plain(line["unit_price"]),
        original_period=None if original == period else original.key,
    )
