"""Services in words: what is measured, in which units, and by which meter."""

from collections.abc import Mapping
from typing import Final

from portal.catalog.queries.meters import Meter
from portal.words import _

SERVICES: Final = "/system/services"
MEASURES: Final[Mapping[str, str]] = {
    "unit_month": _("Average of the month"),
    "total": _("Sum of the month"),
    "peak": _("Highest day of the month"),
}
KINDS: Final[Mapping[str, str]] = {
    "gauge": _("how much there was on a day"),
    "counter": _("how much was added on a day"),
}


def meter_sentence(meter: Meter) -> str:
    """A meter as a choice: "recording.time, in seconds: how much was added on a day"."""
    facts = {"key": meter.key, "unit": meter.base_unit, "kind": KINDS[meter.kind]}
    return _("%(key)s, in %(unit)s: %(kind)s") % facts


def measured_as(measure: str, unit: str, meter: str) -> str:
    """What a service measures: "Average of the month, in days of recording.motion.depth"."""
    facts = {"measure": MEASURES[measure], "unit": unit, "meter": meter}
    return _("%(measure)s, in %(unit)s of %(meter)s") % facts
