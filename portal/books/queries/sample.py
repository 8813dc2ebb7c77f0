"""A document that shows how the others look: made as they are, of figures that nobody owes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from portal.billing.invoice import totals
from portal.billing.money import digits, plain
from portal.billing.period import Period
from portal.values import languages
from portal.values.document import DocumentValue, LineValue, Party, Side, payment_terms
from portal.values.lines import RECURRING, SERVICE, LineFacts
from portal.words import _, speaking

QUANTITIES: Final = (Decimal(2), Decimal("3.5"))
PRICES: Final = (Decimal(10), Decimal(2))
"""Of its two lines, a unit, in the currency's own unit: 20 and 7."""
SAMPLE: Final = "SAMPLE"
"""In place of a number of the series: none is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Whose documents it shows, with what decides how they are written."""

    name: str
    address: Sequence[str]
    tax_number: str
    email: str
    bank: Sequence[str]
    invoice_prefix: str
    currency: str
    locale: str
    tax_percent: Decimal
    payment_days: int


def sample_document(seller: Seller, side: Side, today: date) -> DocumentValue:
    """The last month of a customer that is made up, issued today; "Sample" stands all over it."""
    with speaking(languages.catalogue(languages.of_locale(seller.locale))):
        return _document(seller, side, today)


def _document(seller: Seller, side: Side, today: date) -> DocumentValue:
    period = Period.of(today).previous()
    lines = _lines(seller, side)
    figures = totals(sum(line.amount for line in lines), Decimal(10), seller.tax_percent)
    due_on = today + timedelta(days=seller.payment_days)
    customer = str(_("Sample customer"))
    return DocumentValue(
        type="invoice",
        side=side,
        number=f"{seller.invoice_prefix}-{today:%Y}-{SAMPLE}",
        issued_on=today,
        due_on=due_on,
        period=period.key,
        period_start=period.start,
        period_end=period.end,
        currency=seller.currency,
        locale=seller.locale,
        seller=Party(
            name=seller.name,
            address=tuple(seller.address),
            tax_number=seller.tax_number or None,
            email=seller.email or None,
            bank=tuple(seller.bank),
        ),
        buyer=Party(name=customer, address=(str(_("Sample street 1")),), customer_number="0"),
        lines=lines,
        subtotal=figures.subtotal,
        discount_percent="10",
        discount=figures.discount,
        taxable=figures.taxable,
        tax_percent=plain(seller.tax_percent),
        tax=figures.tax,
        total=figures.total,
        payment_terms=payment_terms(today, due_on),
        note=str(_("Sample: this is no invoice, and nothing is to be paid.")),
    )


def _lines(seller: Seller, side: Side) -> tuple[LineValue, ...]:
    names = (
        (str(_("Sample tariff")), RECURRING, ""),
        (str(_("Sample service")), SERVICE, str(_("day"))),
    )
    kinds = [(name, SERVICE if side == "wholesale" else kind, unit) for name, kind, unit in names]
    found = []
    for (name, kind, unit), quantity, price in zip(kinds, QUANTITIES, PRICES, strict=True):
        facts = LineFacts(
            kind=kind, name=name, service="", unit=unit, valid_from=None, corrects=None
        )
        found.append(
            LineValue(
                kind=kind,
                description=str(facts.description),
                amount=int(quantity * price * 10 ** digits(seller.currency)),
                quantity=plain(quantity),
                unit=str(facts.unit_in_words),
                unit_price=plain(price),
            )
        )
    return tuple(found)
