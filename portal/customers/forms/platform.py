"""What the company behind an installation says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.customers.forms.cloud import BANK
from portal.customers.forms.master import ADDRESS, SellerData
from portal.kit.forms.form import Change, change_of
from portal.values.kinds import PREFIX, Email, Text, Whole, Zone

SESSION_HOURS: Final = Whole(1, 720)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(SellerData):
    """The seller on wholesale invoices. `session_hours` without a page end anybody's session."""

    name: Annotated[str, Text(example="Camera Cloud Ltd")]
    address: Annotated[tuple[str, ...], ADDRESS]
    tax_number: Annotated[str, Text(64, minimum=0)]
    email: Annotated[str, Email(optional=True)]
    bank: Annotated[tuple[str, ...], BANK]
    invoice_prefix: Annotated[str, PREFIX]
    timezone: Annotated[str, Zone()]
    session_hours: Annotated[int, SESSION_HOURS]


@change_of(Company)
class CompanyChange(Change):
    """What is to be different about the company."""
