"""How an invoice is paid by transfer: its structured reference, and the code that phones read."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from segno import helpers

from portal.billing.money import format_minor
from portal.billing.numbering import payment_reference
from portal.values.bank import iban_of
from portal.values.document import DocumentValue

NAME_MAX: Final = 70
"""Letters of a name in the code."""
AMOUNT_MAX: Final = 99_999_999_999
"""Cents that a code may ask for."""


def reference_to_pay(value: DocumentValue) -> str:
    """The RF reference (ISO 11649) of an invoice whose seller has an IBAN; "" of all else."""
    is_paid_so = value.type == "invoice" and iban_of(value.seller.bank)
    return payment_reference(value.number) if is_paid_so else ""


def code_to_pay(value: DocumentValue) -> str:
    """The QR code of the transfer (EPC069-12), as an image's address; "" where there is none.

    It is of a SEPA transfer: in euro, above nothing, to an IBAN.
    """
    iban = iban_of(value.seller.bank)
    if value.type != "invoice" or value.currency != "EUR" or not iban:
        return ""
    if not 0 < value.total <= AMOUNT_MAX:
        return ""
    reference = reference_to_pay(value)
    code = helpers.make_epc_qr(
        name=value.seller.name[:NAME_MAX],
        iban=iban,
        amount=Decimal(format_minor(value.total, value.currency)),
        reference=reference or None,
        text=None if reference else value.number,
    )
    return str(code.svg_data_uri(border=0, omitsize=True))
