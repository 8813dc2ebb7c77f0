"""What an issued document says, as one immutable value: everything a reader sees and nothing else.

The value is what gets stored beside the books: the document can be printed from it in ten years
without reading a name, a price or a tax rate from anywhere else.
"""

# No `from __future__ import annotations`: msgspec reads these types while the program runs.
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from portal.errors import Invalid
from portal.words import ngettext

DocumentType = Literal["invoice", "credit_note", "statement"]
Side = Literal["retail", "wholesale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The seller or the buyer as printed: `address` and `bank` are lines, in order.

    `bank` ("IBAN IT60 …") belongs to whoever is paid, `customer_number` to buyers. `legal_name` is
    there where it is another than `name`.
    """

    name: str
    address: tuple[str, ...] = ()
    tax_number: str | None = None
    email: str | None = None
    bank: tuple[str, ...] = ()
    customer_number: str | None = None
    legal_name: str = ""
    vat_id: str = ""
    registration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineValue:
    """One line. `kind` is the charge's (recurring, setup, overage, service) or a word of its own.

    `quantity` and `unit_price` are decimal strings ("3.5"; `unit_price` is None where tiers leave
    no single price); `amount` is in minor units. `original_period` ("2026-09") is set where the
    line corrects an earlier month.
    """

    kind: str
    description: str
    amount: int
    quantity: str
    unit: str = ""
    detail: str | None = None
    unit_price: str | None = None
    original_period: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraUsageValue:
    """One camera of the appendix: `days` charged, its `amount` in minor units.

    A row is what was used of one service: its short label, a decimal string, the unit's name. On
    the wholesale side `customer` is the cloud's subscriber with the camera, if there is one.
    """

    external_id: str
    name: str
    tariff: str
    days: int
    rows: tuple[tuple[str, str, str], ...]
    amount: int
    customer: str = ""
    customer_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentValue:
    """An invoice, a credit note, or a statement of what a referral, the `buyer` then, is paid.

    Amounts are in minor units, negative on a credit note.

    `period` ("2026-10") spans the days `[period_start, period_end)`. Percents are decimal strings
    ("22"). `locale` ("it_IT" or "it-IT") says how numbers and dates are written and on which
    paper. `exempt_because` is a sentence, "" for the usual one. `note` is a remark to the
    reader, such as which invoice is credited and why. `colour` (like "#0b4f8a"; "" is the usual
    one) and `logo` (a PNG, of bounded size) are the seller's look.
    """

    type: DocumentType
    side: Side
    number: str
    issued_on: date
    due_on: date | None
    period: str
    period_start: date
    period_end: date
    currency: str
    locale: str = "en"
    seller: Party
    buyer: Party
    lines: tuple[LineValue, ...]
    subtotal: int
    discount_percent: str
    discount: int
    taxable: int
    tax_percent: str
    tax: int
    total: int
    exempt: bool = False
    exempt_because: str = ""
    payment_terms: str = ""
    note: str | None = None
    usage: tuple[CameraUsageValue, ...] = ()
    colour: str = ""
    logo: bytes | None = None

    def to_json(self) -> str:
        """The value as JSON text. Equal values give equal text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "DocumentValue":
        """The value that `to_json` wrote.

        The order of the members does not matter, so `jsonb` can keep it. Raises Invalid, with what
        is wrong and where, when the text is no such value.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise Invalid({"document": str(error)}) from error


def payment_terms(issued_on: date, due_on: date | None) -> str:
    """When to pay, as a document says it in the language spoken; "" where nothing is due."""
    if due_on is None:
        return ""
    days = (due_on - issued_on).days
    terms = ngettext(
        "Payable within %(days)s day of issue.", "Payable within %(days)s days of issue.", days
    )
    return str(terms % {"days": days})
