"""A pricing as people read it, in a line: "€0.50 per day", "up to 10: €0.50 each; above: €0.40"."""

from collections.abc import Callable
from decimal import Decimal

from portal.billing.pricing import Package, PerUnit, Pricing, Tier
from portal.routes.format import number
from portal.values.amounts import price
from portal.words import _, joined


def price_in_words(pricing: Pricing, currency: str, unit: str, locale: str) -> str:
    """The whole pricing; with "" for a currency the amounts of a list price, which has none."""

    def amount(value: Decimal) -> str:
        return price(value, currency, locale) if currency else number(value, locale)

    if isinstance(pricing, PerUnit):
        return _("%(price)s per %(unit)s") % {"price": amount(pricing.unit_price), "unit": unit}
    if isinstance(pricing, Package):
        told = _("%(price)s for each %(size)s %(unit)s") % {
            "price": amount(pricing.package_price),
            "size": number(pricing.package_size, locale),
            "unit": unit,
        }
        free = {"told": told, "count": number(pricing.free_units, locale)}
        return _("%(told)s, %(count)s free") % free if pricing.free_units else told
    return joined([_tier(tier, amount, locale) for tier in pricing.tiers], "; ")


def _tier(tier: Tier, amount: Callable[[Decimal], str], locale: str) -> str:
    """A step: "up to 10: €0.50 each + €2.00"."""
    each = _("%(price)s each + %(fee)s") if tier.flat_fee else _("%(price)s each")
    told = each % {"price": amount(tier.unit_price), "fee": amount(tier.flat_fee)}
    if tier.up_to is None:
        return _("above: %(told)s") % {"told": told}
    return _("up to %(bound)s: %(told)s") % {"bound": number(tier.up_to, locale), "told": told}
