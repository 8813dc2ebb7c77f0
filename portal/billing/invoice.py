"""Documents: charges → lines → totals, and credit notes by hand.

All amounts are minor units of the document's currency. Amounts on a credit note are negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from portal.billing.charge import Kind
from portal.billing.money import allocate, percent_of, round_half_away
from portal.errors import Conflict, Invalid
from portal.words import _

NONE: Final = Decimal(0)
_KIND_ORDER: Final[Mapping[Kind, int]] = MappingProxyType(
    {"recurring": 0, "setup": 1, "overage": 2, "service": 3}
)


class DocumentType(StrEnum):
    """An invoice asks for money, a credit note gives it back."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Line:
    """Charges of the same thing sold, summed. `unit_price` is None when they differ in it.

    What is the same: kind, tariff version, service and original period.
    """

    kind: Kind
    tariff: int | None
    version: int | None
    service: int | None
    original_period: date
    quantity: Fraction
    unit_price: Decimal | None
    amount: int

    def order(self) -> tuple[int, ...]:
        """Where it stands on its document: the own month first, then corrections of older ones.

        Within a month by tariff, version, kind and service.
        """
        return (
            -self.original_period.toordinal(),
            self.tariff or 0,
            self.version or 0,
            _KIND_ORDER[self.kind],
            self.service or 0,
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """The five figures at the foot of a document."""

    subtotal: int
    discount: int
    taxable: int
    tax: int
    total: int

    def __post_init__(self) -> None:
        if self.taxable != self.subtotal - self.discount or self.total != self.taxable + self.tax:
            raise ValueError("the totals of a document add up")


def totals(
    subtotal: int, discount_percent: Decimal, tax_percent: Decimal, *, exempt: bool = False
) -> Totals:
    """Discount and tax of a document, each rounded once; exempt from tax it has tax 0.

    Example: 15.01 with 10 % discount and 22 % tax → 1.50, 13.51, 2.97, 16.48.
    """
    discount = percent_of(subtotal, discount_percent)
    taxable = subtotal - discount
    tax = 0 if exempt else percent_of(taxable, tax_percent)
    return Totals(subtotal, discount, taxable, tax, taxable + tax)


def net_of(amounts: Sequence[int], discount: int) -> list[int]:
    """Each line's part of what a document comes to: its amount less its share of the discount.

    The discount is split by largest remainder, so the parts sum to the amount after discount.
    """
    parts = allocate(discount, amounts)
    return [amount - part for amount, part in zip(amounts, parts, strict=True)]


def document_type(figures: Totals) -> DocumentType | None:
    """What a period's figures become: None, for a total of 0, is not issued."""
    if figures.total == 0:
        return None
    return DocumentType.CREDIT_NOTE if figures.taxable < 0 else DocumentType.INVOICE


# Credit notes by hand ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Original:
    """An issued invoice as far as crediting it needs: its lines' amounts in order, its totals.

    `tax_percent` is the one its tax was calculated with, 0 when exempt.
    """

    lines: tuple[int, ...]
    totals: Totals
    tax_percent: Decimal


@dataclass(frozen=True, slots=True)
class Note:
    """A credit note: negative totals, and which lines it credits (none when it was by amount).

    `amounts` are those of its own lines, negative, before discount: one for each line credited, or
    a single one.
    """

    lines: tuple[int, ...]
    amounts: tuple[int, ...]
    totals: Totals


def credit_lines(original: Original, already: Sequence[Note], lines: Sequence[int]) -> Note:
    """Credit whole lines, each with its largest-remainder share of the discount.

    The tax is rounded on the note; the note that credits the last of the taxable amount takes the
    tax that is left, so that all notes sum to the invoice. Raises `Invalid` for a line that is not
    there, `Conflict` for a line credited before or more than is left.

    Example: 68.33, 68.33, 57.50, 85.00 at 20 % credited as lines 0, 2, 3, 1 → 82.00, 69.00, 102.00,
    81.99.
    """
    if not lines:
        raise Invalid({"lines": _("must name at least one line")})
    wrong = {
        f"lines[{place}]": _("there is no line %(index)s") % {"index": index}
        for place, index in enumerate(lines)
        if not 0 <= index < len(original.lines)
    }
    if wrong:
        raise Invalid(wrong)
    credited = {index for note in already for index in note.lines}
    if len(set(lines)) < len(lines) or credited.intersection(lines):
        raise Conflict(_("A line can be credited once."))
    shares = allocate(original.totals.discount, original.lines) if original.totals.discount else []
    subtotal = sum(original.lines[index] for index in lines)
    discount = sum(shares[index] for index in lines) if shares else 0
    left = _left(original, already)
    taxable = subtotal - discount
    if taxable > left.taxable:
        raise Conflict(_("That is more than is left of the invoice."))
    # Many small notes can round up to more tax than there was: it never goes above what is left.
    tax = min(percent_of(taxable, original.tax_percent), left.tax)
    if taxable == left.taxable:
        tax = left.tax
    if taxable + tax <= 0:
        raise Conflict(_("There is nothing to credit in that."))
    figures = Totals(-subtotal, -discount, -taxable, -tax, -(taxable + tax))
    return Note(tuple(lines), tuple(-original.lines[index] for index in lines), figures)


def credit_amount(original: Original, already: Sequence[Note], gross: int) -> Note:
    """Credit a gross amount: its tax is the part that the invoice's tax has in its total.

    Example: 5.00 of 16.48 with 2.97 tax: 4.10 and 0.90. What is left as a whole takes exactly the
    taxable amount and tax that are left. Raises `Invalid` for an amount that is not positive,
    `Conflict` for more than is left.
    """
    if gross <= 0:
        raise Invalid({"amount": _("must be above 0")})
    left = _left(original, already)
    if gross > left.total:
        raise Conflict(_("That is more than is left of the invoice."))
    tax = round_half_away(gross * original.totals.tax, original.totals.total)
    # Neither part goes above what is left of it: rounding aside, this changes nothing.
    tax = min(max(tax, gross - left.taxable), left.tax)
    if gross == left.total:
        tax = left.tax
    taxable = gross - tax
    return Note((), (-taxable,), Totals(-taxable, 0, -taxable, -tax, -gross))


def _left(original: Original, already: Sequence[Note]) -> Totals:
    """What is left of an invoice after its notes; their totals are negative."""
    taxable = original.totals.taxable + sum(note.totals.taxable for note in already)
    tax = original.totals.tax + sum(note.totals.tax for note in already)
    if original.totals.total <= 0 or taxable + tax <= 0:
        raise Conflict(_("There is nothing left to credit."))
    return Totals(taxable, 0, taxable, tax, taxable + tax)
