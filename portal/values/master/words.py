"""How people read the words of master data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.words import _

LABELS: Final[Mapping[str, str]] = {
    "standard": _("Taxed"),
    "exempt": _("Exempt"),
    "reverse_charge": _("Reverse charge"),
    "export": _("Export outside the EU"),
    "outside_scope": _("Outside the scope of tax"),
    "none": _("None: the PDF alone"),
    "facturx": _("Factur-X, inside the PDF"),
    "xrechnung": _("XRechnung"),
    "peppol": _("Peppol BIS Billing"),
}
"""Categories of tax, and formats of e-invoices."""
OUTSIDE_SCOPE: Final = "outside_scope"
REASONS: Final[Mapping[str, str]] = {
    "reverse_charge": _("Reverse charge: the customer owes the tax."),
    "export": _("No tax is charged: the service is supplied outside the European Union."),
    OUTSIDE_SCOPE: _("No tax is charged: the service is outside the scope of tax."),
}
"""Why no tax is charged, as documents say it, by category."""


def reason_of(category: str, given: str) -> str:
    """The sentence of a document: of its category, else as it was given; "" for the usual one."""
    if category in REASONS:
        return REASONS[category]
    if category and given:
        return _("No tax is charged: %(reason)s") % {"reason": given}
    return ""
