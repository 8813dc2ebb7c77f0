"""Policies of the catalog: meters, services, tariffs."""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import STAFF, here, is_role
from portal.tables.policy import Policy

P = Permission

_OWN_TERMS: Final = (
    f"{is_role('subscriber')} and {here()} and tariff in (select s.tariff from subscription s)"
)
_OWN_ITEMS: Final = (
    f"{is_role('subscriber')} and {here()} and version in (select v.id from tariff_version v)"
)

POLICIES: Final = (
    Policy("meter", ("anyone",), insert=(P.METERS_WRITE,)),
    Policy("service", ("anyone",), insert=(P.SERVICES_WRITE,)),
    Policy("tariff", (*STAFF, "by subscription"), insert=(P.TARIFFS_WRITE,)),
    # What a subscriber's own tariffs cost and include is no secret to it.
    Policy("tariff_version", (*STAFF, _OWN_TERMS), insert=(P.TARIFFS_WRITE,)),
    Policy("tariff_item", (*STAFF, _OWN_ITEMS), insert=(P.TARIFFS_WRITE,)),
)
