"""A camera's days as strips: each service that its tariffs include, and how much there was."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from portal.billing.measure import ENABLED
from portal.billing.why.excess import Sold
from portal.routes.format import day as day_text
from portal.routes.format import quantity
from portal.routes.strips import Day, State, Strip, state_of, strip
from portal.usage.queries.camera_month import CameraMonth
from portal.usage.queries.measured import Measured
from portal.words import _


def strips_of(found: CameraMonth, sold: Sequence[Sold], locale: str) -> list[Strip]:
    """A row for each service that is sold, those with values first."""
    known = {one.code: one for one in found.services}
    rows = [
        _strip(found, terms, known[terms.service.code], locale)
        for terms in sold
        if terms.service.code in known
    ]
    return sorted(rows, key=lambda row: not row.has_values)


def _strip(found: CameraMonth, terms: Sold, service: Measured, locale: str) -> Strip:
    period = found.month.period

    def amount(value: Decimal | None) -> str:
        return quantity(value, service.unit_of(value), locale)

    def title(one: Day) -> str:
        told = {"day": day_text(one.day, locale), "value": amount(one.value)}
        if one.day >= found.month.until:
            return _("%(day)s: not over yet") % told
        if one.state == "off":
            return _("%(day)s: does not count") % told
        if one.state == "missing":
            return _("%(day)s: no usage known") % told
        if one.target:
            told["target"] = amount(one.target)
            return _("%(day)s: %(value)s of %(target)s") % told
        return _("%(day)s: %(value)s") % told

    days = [
        Day(
            one,
            _state(found, one, value := found.units(service, one), target),
            value,
            target,
        )
        for one, target in zip(period, terms.included, strict=True)
    ]
    included = sorted({one for one in terms.included if one})
    note = ""
    if included:
        told = " / ".join(amount(one) for one in included)
        note = _("%(quantity)s included") % {"quantity": told}
    return strip(service.heading, note, days, title=title)


def _state(found: CameraMonth, day: date, value: Decimal | None, target: Decimal | None) -> State:
    enabled = found.meter(ENABLED)
    is_off = enabled is not None and enabled.values[found.month.period.index(day)] == 0
    if target is None or is_off or day >= found.month.until:
        return "off"
    return state_of(value, target, is_known=found.is_known(day))
