"""Policies of the catalog: meters, services, tariffs."""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import STAFF, here, is_role, on_own_tariff
from portal.tables.policy import Columns, Policy

P = Permission

_OWN_TERMS: Final = on_own_tariff("tariff_version.tariff")
_OWN_ITEMS: Final = (
    f"{is_role('subscriber')} and {here()} and version in (select v.id from tariff_version v)"
)

# What an agent offers: whoever brings a customer says which tariff is wanted.
_OFFERED: Final = f"{is_role('referral')} and {here()} and offered"
_OFFERED_TERMS: Final = (
    f"{is_role('referral')} and {here()} and tariff in (select t.id from tariff t where t.offered)"
)
_OFFERED_ITEMS: Final = (
    f"{is_role('referral')} and {here()} and version in (select v.id from tariff_version v)"
)

POLICIES: Final = (
    Policy("meter", ("anyone",), insert=(P.METERS_WRITE,)),
    # What a cloud is charged is between it and the platform, and so is where that began.
    Policy(
        "service",
        ("anyone",),
        insert=(P.SERVICES_WRITE,),
        update=(
            Columns(
                (P.SERVICES_WRITE,),
                (
                    *("name", "short", "unit", "unit_plural", "list_pricing"),
                    *("meter", "unit_size", "measure"),
                ),
            ),
        ),
        hidden=("list_pricing",),
    ),
    Policy(
        "tariff",
        (*STAFF, "subscriber's tariffs", "referral's tariffs", _OFFERED),
        insert=(P.TARIFFS_WRITE,),
        update=(Columns((P.TARIFFS_WRITE,), ("name", "note", "offered", "is_default")),),
    ),
    # What a subscriber's own tariffs cost and include is no secret to it.
    Policy(
        "tariff_version",
        (*STAFF, _OWN_TERMS, _OFFERED_TERMS),
        insert=(P.TARIFFS_WRITE,),
        hidden=("below_cost_reason",),
    ),
    Policy("tariff_item", (*STAFF, _OWN_ITEMS, _OFFERED_ITEMS), insert=(P.TARIFFS_WRITE,)),
)
