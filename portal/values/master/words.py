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
