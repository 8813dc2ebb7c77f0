"""The report by service: what is bought, sold in tariffs and really used, and what is oversold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from portal.access import Permission, can
from portal.overview.queries.reports import by_service
from portal.overview.queries.reports.by_service import ServiceRow
from portal.routes.listing import Column, Listing
from portal.routes.shared.reports.asked import Asked
from portal.values.amounts import money
from portal.words import _


@dataclass(frozen=True, slots=True)
class Line:
    """A service as it is shown, and where it lies."""

    row: ServiceRow
    head: str
    href: str
    sub: str = ""
    next: str = ""

    @property
    def currency(self) -> str:
        """That of its cost."""
        return self.row.currency


@dataclass(frozen=True, slots=True)
class Lines:
    """The services in order, and the texts below the columns."""

    rows: Sequence[Line]
    total: int
    totals: Sequence[str] | None


NAME: Final = (
    Column(_("Service"), "name", of="head"),
    Column(_("Code"), of="row.code", only_file=True),
    Column(_("Unit"), of="row.unit", only_file=True),
)
BOUGHT: Final = (
    Column(_("Bought"), "bought", of="row.bought", kind="rough", wide=True),
    Column(_("Cost"), "cost", of="row.cost", kind="money", wide=True),
)
SOLD: Final = (
    Column(_("Sold in tariffs"), "sold", of="row.sold", kind="rough", wide=True),
    Column(_("Really used"), "used", of="row.used", kind="rough"),
    Column(_("Sold less used"), "oversold", of="row.oversold", kind="rough", wide=True),
)


def columns_of(asked: Asked) -> tuple[Column, ...]:
    """The columns, as far as this person may know what stands below them."""
    return (*NAME, *(BOUGHT if asked.margins else ()), *SOLD)


async def lines_of(asked: Asked, listing: Listing, locale: str) -> Lines:
    """All services of the month, in the order that `listing` asks for."""
    scope = asked.scope
    table = await by_service.get(
        scope.actor, scope.cloud, asked.chosen.period, until=asked.chosen.until
    )

    def figure(name: str) -> Any:
        return lambda row: getattr(row.row, name) or 0

    keys: Mapping[str, Any] = {
        "name": lambda row: row.head.lower(),
        **{name: figure(name) for name in ("bought", "cost", "sold", "used", "oversold")},
    }
    rows = listing.in_order([_line(asked, row) for row in table.rows], keys)
    totals = None
    if table.cost is not None:
        cost = money(table.cost, scope.cloud.currency, locale)
        totals = [cost if one.of == "row.cost" else "" for one in columns_of(asked)]
    return Lines(listing.of_page(rows), len(rows), totals)


def _line(asked: Asked, row: ServiceRow) -> Line:
    scope = asked.scope
    href = ""
    if scope.inside and can(scope.actor, Permission.RATES_READ):
        href = f"{scope.at('prices')}#{row.code}"
    elif not scope.inside:
        href = f"/system/services/{quote(row.code, safe='')}"
    used = asked.url(by="camera", show="quantities") if row.used else ""
    return Line(row, row.name, href, next=used)
