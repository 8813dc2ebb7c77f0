"""Why a camera's month costs what it does: each charge with its formula, as page and as file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.billing.money import rounded
from portal.billing.period import Period
from portal.books.queries.why import Agreement, ChargeReason
from portal.routes.listing import Column
from portal.routes.reasons import said
from portal.words import _


def what_of(row: ChargeReason) -> str:
    """What a charge is for."""
    if row.kind == "recurring":
        return _("Monthly price")
    if row.kind == "setup":
        return _("Set-up")
    if row.kind == "overage":
        return _("%(service)s, beyond what is included") % {"service": row.service_name}
    return row.service_name


COLUMNS: Final = (
    Column(_("What"), of=lambda row: row.service_name or row.kind, says=what_of),
    Column(_("Tariff"), of="tariff"),
    Column(_("Quantity"), of=lambda row: rounded(row.quantity), kind="quantity"),
    Column(_("Unit"), of="unit"),
    Column(_("Unit price"), of="unit_price", kind="price"),
    Column(_("Why"), of="formula"),
    Column(_("Of"), of="original_period", kind="month"),
    Column(_("Billed with"), of="billed_in", kind="month"),
    Column(_("Amount"), of="amount", kind="money"),
)


@dataclass(frozen=True, slots=True)
class WhyLine:
    """A charge as it is shown; `of` is its month where that is another than the page's.

    `later` is the month whose close made it, where that is a later one. `differs` is what cannot
    be explained, `changed` usage that came since.
    """

    what: str
    tariff: str
    formula: str
    amount: int
    of: date | None
    later: date | None
    differs: bool
    changed: bool


def lines_of(
    rows: Sequence[ChargeReason], period: Period, names: Mapping[str, str], locale: str
) -> list[WhyLine]:
    """Charges of a camera as lines; `names` are what its tariffs are called, by code."""
    return [
        WhyLine(
            what=what_of(row),
            tariff=names.get(row.tariff, row.tariff) if row.tariff else "",
            formula=said(row, locale),
            amount=row.amount,
            of=None if row.original_period == period.start else row.original_period,
            later=None if row.billed_in in {None, period.start} else row.billed_in,
            differs=row.agreement is Agreement.DIFFERS,
            changed=row.agreement is Agreement.CHANGED,
        )
        for row in rows
    ]
