"""Reports in quantities: what was used of each service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from portal.routes.cells import shown
from portal.routes.format import ZONE
from portal.routes.listing import Column, Listing
from portal.routes.shared.reports.asked import NOBODY, Asked
from portal.routes.shared.reports.money import HEADS, KEYS
from portal.usage.queries import usage_groups, usage_sums
from portal.usage.queries.measured import Measured
from portal.usage.queries.usage_sums import UsageLine, UsageTable
from portal.words import _

SORTED_BY: Final = {"subscriber": "number", "camera": "name", "tariff": "name", "referral": "name"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is shown; `next` is the report of the level below."""

    line: UsageLine
    head: str
    href: str
    next: str = ""
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of lines with the columns of those services that were used, and their totals."""

    columns: tuple[Column, ...]
    rows: Sequence[Line]
    totals: Sequence[str]
    table: UsageTable


def columns_of(asked: Asked) -> tuple[Column, ...]:
    """The columns that are there whatever was used."""
    by = asked.by
    found = [
        Column(HEADS[by], SORTED_BY[by], of="head"),
        Column(KEYS[by], of="line.key", only_file=True),
    ]
    if by == "camera":
        found.append(Column(_("Subscriber"), of="line.owner", only_file=True))
        return (*found, Column(_("Days"), of="line.days", kind="number"))
    key = "cameras" if by == "subscriber" else None
    cameras = Column(
        _("Subscribed cameras"), key, of="line.cameras", kind="number", wide=True, fact=True
    )
    return (*found, cameras, Column(_("Camera-days"), of="line.days", kind="number"))


def service_column(service: Measured, label: str) -> Column:
    """What was used of a service in a line, in its unit."""
    return Column(
        label,
        of=lambda row: row.line.quantities.get(service.code),
        kind="rough",
        wide=True,
        unit=service.unit,
    )


def heading_of(service: Measured) -> str:
    """Its name, with the unit where that does not say it: "1 GB stored", "Archive, GB"."""
    said = service.unit.lower() in service.name.lower()
    facts = {"service": service.name, "unit": service.unit}
    return service.name if said else _("%(service)s, %(unit)s") % facts


async def lines_of(asked: Asked, listing: Listing, locale: str) -> Lines:
    """The page of a report that `listing` asks for."""
    table = await _table(asked, listing)
    columns = with_services(columns_of(asked), table)
    rows = [_line(asked, line) for line in table.lines]
    if asked.by in {"tariff", "referral"}:
        rows = [*listing.of_page(listing.in_order(rows, {"name": lambda row: row.head.lower()}))]
    return Lines(columns, rows, totals_of(columns, table, locale), table)


def with_services(columns: tuple[Column, ...], table: UsageTable) -> tuple[Column, ...]:
    """The columns, and one for each service that was used."""
    services = [service_column(service, heading_of(service)) for service in table.services]
    return (*columns, *services)


def totals_of(columns: Sequence[Column], table: UsageTable, locale: str) -> list[str]:
    """The texts below the columns."""
    whole = Line(table.sum, "", "")
    return [
        "" if column.kind == "text" else shown(column, whole, locale, ZONE) for column in columns
    ]


async def _table(asked: Asked, listing: Listing) -> UsageTable:
    scope, period, until = asked.scope, asked.chosen.period, asked.chosen.until
    filters, text = listing.filters, listing.filters.get("q") or None
    if asked.by in {"tariff", "referral"}:
        basis: usage_groups.Basis = "tariff" if asked.by == "tariff" else "referral"
        return await usage_groups.table(scope.actor, scope.cloud, period, basis, until=until)
    whole = not listing.is_further
    if asked.by == "camera":
        subscriber = filters.get("subscriber") or ""
        return await usage_sums.sum_by_camera(
            scope.actor,
            scope.cloud,
            period,
            until=until,
            subscriber=int(subscriber) if subscriber.isdigit() else None,
            tariff=filters.get("tariff") or None,
            text=text,
            sort=listing.sort,
            offset=listing.offset,
            limit=listing.size,
            whole=whole,
        )
    return await usage_sums.sum_by_subscriber(
        scope.actor,
        scope.cloud,
        period,
        until=until,
        referral=filters.get("referral") or None,
        text=text,
        sort=listing.sort,
        offset=listing.offset,
        limit=listing.size,
        whole=whole,
    )


def _line(asked: Asked, line: UsageLine) -> Line:
    scope, key, head = asked.scope, line.key, line.name or line.key
    if asked.by == "camera":
        href = scope.at("camera", id=key, month=asked.chosen.period.key)
        return Line(line, head, href, sub=line.owner)
    if asked.by == "subscriber":
        sub = _("Customer %(number)s") % {"number": key}
        below = asked.url(by="camera", subscriber=key)
        return Line(line, head, scope.at("subscribers", key), below, sub)
    if key == NOBODY:
        return Line(line, _("Without a referral"), asked.url(by="subscriber", referral=NOBODY))
    place = "tariffs" if asked.by == "tariff" else "referrals"
    level = {"by": "camera", "tariff": key}
    if asked.by == "referral":
        level = {"by": "subscriber", "referral": key}
    return Line(line, head, scope.at(place, quote(key, safe="")), asked.url(**level))
