"""What people call the fields of forms, of refusals and of the audit log.

A field has one name everywhere: above its box, in a list of what is wrong, in the log. One that is
not here, of an older entry of the log, is called as it is written: "old_field" is "Old field".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.words import _, joined

NAMES: Final[Mapping[str, str]] = {
    "accept_gaps": _("Accepted gaps"),
    "account_manager": _("Account manager"),
    "action": _("Action"),
    "active": _("Active"),
    "address": _("Address"),
    "administrator_email": _("E-mail address of the first administrator"),
    "administrator_name": _("Name of the first administrator"),
    "api": _("API generation"),
    "api_key": _("API key"),
    "bank": _("Bank"),
    "base_unit": _("Base unit"),
    "basis": _("Basis"),
    "below_cost_reason": _("Reason for selling below cost"),
    "bill_when_disabled": _("Billed while disabled"),
    "camera": _("Camera"),
    "close_after_days": _("Days until the automatic close"),
    "close_automatically": _("Automatic close"),
    "cloud": _("Cloud"),
    "clouds": _("Clouds"),
    "code": _("Code"),
    "commission": _("Commission"),
    "company": _("Company"),
    "connection": _("Connection"),
    "copy_of": _("Prices of cloud"),
    "currency": _("Currency"),
    "day": _("Day"),
    "discount_percent": _("Discount percent"),
    "email": _("E-mail address"),
    "ends_on": _("Ends on"),
    "expires_at": _("Expires at"),
    "external_id": _("External id"),
    "follow_presets": _("Follow presets"),
    "forget_key": _("Forget the stored key"),
    "forget_login": _("Forget the stored login and password"),
    "from": _("From"),
    "invoice_prefix": _("Invoice prefix"),
    "is_default": _("Default"),
    "items": _("Items"),
    "key": _("Key"),
    "kind": _("Kind"),
    "language": _("Language"),
    "left_out": _("Entries left out before this one"),
    "level_percents": _("Percent by level"),
    "list_pricing": _("List price"),
    "locale": _("Locale"),
    "login": _("Login"),
    "manager": _("Manager"),
    "mapped": _("Mapped"),
    "margin_target": _("Target margin"),
    "measure": _("Measure"),
    "meter": _("Meter"),
    "monthly_price": _("Monthly price"),
    "name": _("Name"),
    "note": _("Note"),
    "number": _("Number"),
    "object": _("Object"),
    "offered": _("Offered"),
    "organization": _("Organization"),
    "organizations": _("Organizations"),
    "overage": _("Overage"),
    "partial": _("Partial results"),
    "password": _("Password"),
    "payment_days": _("Days for payment"),
    "percent": _("Percent"),
    "period": _("Period"),
    "permission": _("Permission"),
    "phone": _("Phone"),
    "preset": _("Preset"),
    "prices": _("Prices"),
    "pricing": _("Pricing"),
    "provision": _("Provision"),
    "quantity": _("Quantity"),
    "read_every_minutes": _("Minutes between readings"),
    "reason": _("Reason"),
    "referral": _("Referral"),
    "retail": _("Retail"),
    "role": _("Role"),
    "scopes": _("Permissions"),
    "second_factor": _("Second factor"),
    "service": _("Service"),
    "setup_fee": _("Set-up fee"),
    "short": _("Short name"),
    "side": _("Side"),
    "slug": _("Short name"),
    "sponsor": _("Sponsor"),
    "start_from": _("Start from"),
    "starts_on": _("Starts on"),
    "subscriber": _("Subscriber"),
    "suspended": _("Suspended"),
    "tariff": _("Tariff"),
    "tax_exempt": _("Tax exempt"),
    "tax_number": _("Tax number"),
    "tax_percent": _("Tax percent"),
    "timezone": _("Time zone"),
    "to": _("To"),
    "trial_days": _("Trial days"),
    "unit": _("Unit"),
    "unit_plural": _("Unit, plural"),
    "unit_size": _("Unit size"),
    "url": _("Address"),
    "user": _("Person"),
    "valid_from": _("Valid from"),
    "version": _("Version"),
    "wanted": _("Cameras wanted"),
    "wanted_tariff": _("Tariff wanted"),
    "who": _("Person or key"),
    "wholesale": _("Wholesale"),
    "wholesale_discount_percent": _("Wholesale discount percent"),
    "wholesale_tax_percent": _("Wholesale tax percent"),
}


def label_of(path: str) -> str:
    """A field as people read it: "tax_number" is "Tax number".

    One within another has the names of both, "items.1.service" is "Items · 1 · Service".
    """
    return joined([NAMES.get(name) or _humanized(name) for name in path.split(".")], " · ")


def _humanized(name: str) -> str:
    return name.replace("_", " ").capitalize()
