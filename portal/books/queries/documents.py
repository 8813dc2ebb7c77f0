"""Issued documents as values to print, with the usage they are based on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from portal.billing.money import plain
from portal.billing.period import Period
from portal.books.queries.document_usage import usage_of
from portal.db import Transaction
from portal.kit.queries.look import letterhead_in
from portal.values import languages
from portal.values.document import CameraUsageValue, DocumentValue, LineValue, Party, payment_terms
from portal.values.lines import LineFacts
from portal.values.master.words import OUTSIDE_SCOPE, reason_of
from portal.words import _, speaking

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
        return Printable(
            id=invoice_id, cloud=row["cloud"], subscriber=row["subscriber"], value=value
        )
    period = Period.of(row["month"])
    language = languages.catalogue(languages.of_locale(row["locale"]))
    lines = await tx.fetch(
        "select * from invoice_line where cloud = $1 and invoice = $2 order by position",
        row["cloud"],
        invoice_id,
    )
    usage: tuple[CameraUsageValue, ...] = ()
    if row["period"] is not None:
        usage = await usage_of(tx, row, period)
    with speaking(language):
        value = _value(row, period, [dict(line) for line in lines], usage)
    worn = await letterhead_in(tx, row["cloud"] if row["side"] == "retail" else None)
    value = replace(value, colour=worn.colour, logo=worn.logo)
    return Printable(id=invoice_id, cloud=row["cloud"], subscriber=row["subscriber"], value=value)


def _value(
    row: Mapping[str, Any],
    period: Period,
    lines: Sequence[Mapping[str, Any]],
    usage: tuple[CameraUsageValue, ...],
) -> DocumentValue:
    notes = []
    if row["credited_number"]:
        facts = {"number": row["credited_number"], "reason": row["reason"]}
        notes.append(str(_("This note credits %(number)s: %(reason)s") % facts))
    due_on = row["due_on"]
    of_buyer = row["buyer"].get("facts", {})
    category = of_buyer.get("tax_category", "") if row["tax_exempt"] else ""
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
        seller=_party(row["seller"], category),
        buyer=_party(row["buyer"], category),
        lines=tuple(_line(line, period) for line in lines),
        subtotal=row["subtotal"],
        discount_percent=plain(row["discount_percent"]),
        discount=row["discount"],
        taxable=row["taxable"],
        tax_percent=plain(row["tax_percent"]),
        tax=row["tax"],
        total=row["total"],
        exempt=row["tax_exempt"],
        exempt_because=str(reason_of(category, of_buyer.get("exemption_reason", ""))),
        payment_terms=payment_terms(row["issued_on"], due_on),
        note=" ".join(notes) or None,
        usage=usage,
    )


def _party(facts: Mapping[str, Any], category: str) -> Party:
    """As printed; what is outside the scope of tax bears no VAT number."""
    number, more = facts["customer_number"], facts.get("facts", {})
    legal_name = more.get("legal_name", "")
    return Party(
        name=facts["name"],
        address=tuple(facts["address"]),
        tax_number=facts["tax_number"] or None,
        email=facts["email"] or None,
        bank=tuple(facts["bank"]),
        customer_number=None if number is None else str(number),
        legal_name=legal_name if legal_name != facts["name"] else "",
        vat_id="" if category == OUTSIDE_SCOPE else more.get("vat_id", ""),
        registration=more.get("registration", ""),
    )


def _line(line: Mapping[str, Any], period: Period) -> LineValue:
    original = Period.of(line["original_period"])
    facts = LineFacts(
        kind=line["kind"],
        name=line["name"],
        service=line["service_name"],
        unit=line["unit"],
        valid_from=line["valid_from"],
        corrects=None if original == period else original.start,
    )
    return LineValue(
        kind=line["kind"],
        description=str(facts.description),
        amount=line["amount"],
        quantity=plain(line["quantity"]),
        unit=str(facts.unit_in_words),
        detail=str(facts.detail) or None,
        unit_price=None if line["unit_price"] is None else plain(line["unit_price"]),
        original_period=None if original == period else original.key,
    )
