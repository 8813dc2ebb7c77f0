"""Master data: what documents say of whoever sells or buys; fields that several forms share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, TypeVar

from portal.customers.forms.lines import LINES
from portal.errors import Invalid
from portal.kit.forms.form import UNSET
from portal.values.bank import Bic, Iban
from portal.values.kinds import Choice, Text
from portal.values.master.codes import REGIMES
from portal.values.master.kinds import (
    CONTACT,
    POSTAL,
    Address,
    CreditorId,
    Endpoint,
    Postal,
    Reason,
    VatId,
)
from portal.words import _

STANDARD: Final = "standard"
EXEMPT: Final = "exempt"
CATEGORIES: Final = (STANDARD, EXEMPT, "reverse_charge", "export", "outside_scope")
FORMATS: Final = ("none", "facturx", "xrechnung", "peppol")
ADDRESS: Final = Address(LINES)
CATEGORY: Final = Choice(CATEGORIES)
REGIME: Final = Choice(REGIMES)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterData:
    """Who somebody is on documents. `postal` is the address field by field, {} without it."""

    legal_name: Annotated[str, Text(minimum=0, example="North Video S.r.l.")] = ""
    postal: Annotated[dict[str, str], POSTAL] = field(default_factory=dict)
    vat_id: Annotated[str, VatId()] = ""
    registration: Annotated[str, Text(64, minimum=0)] = ""
    contact: Annotated[dict[str, str], CONTACT] = field(default_factory=dict)
    endpoint: Annotated[str, Endpoint()] = ""
    iban: Annotated[str, Iban()] = ""
    bic: Annotated[str, Bic()] = ""
    creditor_id: Annotated[str, CreditorId()] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerData(MasterData):
    """Who sells; `tax_regime` is that of an Italian seller."""

    tax_regime: Annotated[str | None, REGIME] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerData(MasterData):
    """How somebody is billed. Without an `e_invoice` it is "facturx" where the data suffices."""

    buyer_reference: Annotated[str, Text(200, minimum=0)] = ""
    tax_category: Annotated[str, CATEGORY] = STANDARD
    exemption_reason: Annotated[str, Reason()] = ""
    e_invoice: Annotated[str | None, Choice(FORMATS)] = None


def with_postal(form: T) -> T:
    """A form whose address came field by field has it both ways."""
    given: Any = form
    if isinstance(given.address, Postal):
        made = replace(given, address=tuple(given.address), postal=given.address.parts)
    elif given.postal is not UNSET and given.postal:
        made = replace(given, address=tuple(Postal.of(given.postal)))
    else:
        return form
    return made  # type: ignore[no-any-return] # as it came


def settled(wanted: dict[str, Any], before: Any) -> dict[str, Any]:
    """What a change makes different, with what follows: lines that are sent alone are all there is.

    `before` has an address and its `postal`.
    """
    if "address" in wanted and "postal" not in wanted and before.postal:
        kept = tuple(Postal.of(before.postal))
        if wanted["address"] != kept:
            return {**wanted, "postal": {}}
    return wanted


def settled_tax(wanted: Mapping[str, Any], category: str) -> dict[str, Any]:
    """`tax_exempt` is any category but the standard one; either may be sent. Raises `Invalid`.

    `category` is the one of before. An exemption that names none is "exempt".
    """
    found = dict(wanted)
    if "tax_category" in found:
        exempt = found["tax_category"] != STANDARD
        if found.get("tax_exempt", exempt) != exempt:
            raise Invalid({"tax_category": _("contradicts whether the customer is tax exempt")})
        found["tax_exempt"] = exempt
    elif "tax_exempt" in found:
        is_so = (category != STANDARD) == found["tax_exempt"]
        found["tax_category"] = category if is_so else EXEMPT if found["tax_exempt"] else STANDARD
    return found
