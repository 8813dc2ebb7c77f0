"""Referred subscribers: the list, and one with its months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.accounts.queries.users import Person
from portal.billing.period import Period, month_at
from portal.errors import no_such
from portal.kit.queries import tenancy
from portal.overview.queries import referred_subscribers
from portal.overview.queries.referral_dashboard import Expected
from portal.overview.queries.referred_subscribers import (
    STATES,
    ReferredMonths,
    ReferredPage,
    ReferredSubscriber,
)
from portal.routes.charts import Chart, Number, bar_chart
from portal.routes.format import change, month_short, number, quantity
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.referral.paths import NEW, SUBSCRIBERS, commissions_path
from portal.routes.shared.months import estimate_of
from portal.usage.queries import usage_sums
from portal.usage.queries.measured import Measured
from portal.values.amounts import money, money_tick
from portal.values.numbers import number_in
from portal.values.states import state_word
from portal.words import _

MONTHS: Final = 12
ZERO: Final = Decimal(0)
SERVICES_SHOWN: Final = 2
"""Of what subscribers used the services with the most of it; a file has all."""
SORTED: Final = (
    Column(_("Subscriber"), "name", of="of.name"),
    Column(_("Number"), of="of.number", kind="number", only_file=True),
    Column(_("State"), of="of.status", kind="state", only_file=True),
    Column(_("Tariffs"), of=lambda row: ", ".join(row.of.tariffs), only_file=True),
    Column(_("Since"), "since", of="of.since", kind="day", wide=True),
    Column(_("Cameras today"), "cameras", of="of.cameras", kind="number", wide=True, fact=True),
    Column(_("Last month"), "earned", of="of.earned", kind="money"),
    Column(_("Total"), "total", of="of.all_earned", kind="money", wide=True),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A subscriber, and what was used of each service, by its code."""

    of: ReferredSubscriber
    used: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Table:
    """The subscribers of a page with what they used and earned in a month, and the totals."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    totals: Sequence[str] | None


@get("/subscribers")
async def subscribers(request: HTMXRequest) -> Response[str] | Stream:
    """The page, or its rows."""
    person = person_of(request)
    listing = read_listing(
        SUBSCRIBERS, request.query_params, SORTED, filters=("q", "state"), default_sort="name"
    )
    text, state = listing.filters["q"] or None, listing.filters["state"]

    async def read(part: Listing) -> ReferredPage:
        return await referred_subscribers.list_page(
            person.actor,
            now=books_now(request),
            text=text,
            state=state if state in STATES else None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    async def more(part: Listing) -> Sequence[Row]:
        return (await table_of(person, await read(part))).rows

    found = await read(listing)
    table = await table_of(person, found)
    listing = listing.found(found.total, is_more=found.is_more)
    if listing.file:
        return await list_file(
            request, "subscribers", table.columns, table.rows, listing, more=more
        )
    return page(
        request,
        "referral/subscribers.html",
        block="rows",
        table=table,
        closed=found.closed,
        currency=person.currency,
        listing=listing,
        states=[(one, state_word(one)) for one in STATES],
        new_path=NEW,
        subscribers_path=SUBSCRIBERS,
    )


async def table_of(person: Person, found: ReferredPage) -> Table:
    """Subscribers with what they used in the last closed month; all of it where all are shown."""
    services: Sequence[Measured] = ()
    used: dict[str, Mapping[str, Decimal]] = {}
    sums: tuple[str, ...] = ()
    shown: set[str] = set()
    many = found.is_more or found.total > len(found.rows)
    if found.closed is not None:
        usage = await usage_sums.sum_by_subscriber(
            person.actor,
            await tenancy.own_cloud(person.actor),
            Period.of(found.closed),
            until=Period.of(found.closed).end,
            numbers=[one.number for one in found.rows],
            limit=max(1, len(found.rows)),
        )
        quantities = usage.sum.quantities
        services = usage.services
        most = sorted(services, key=lambda one: quantities.get(one.code, ZERO), reverse=True)
        shown = {one.code for one in most[:SERVICES_SHOWN]}
        used = {line.key: line.quantities for line in usage.lines}
        sums = tuple(
            "" if many else quantity(quantities.get(one.code), one.unit, person.locale, bare=True)
            for one in services
        )
    headings = [_used(one, hidden=one.code not in shown) for one in services]
    return Table(
        columns=[*in_currency(SORTED, person.currency), *headings],
        rows=[Row(one, used.get(str(one.number), {})) for one in found.rows],
        totals=_sums(person, found, sums, many=many),
    )


def _sums(
    person: Person, found: ReferredPage, used: Sequence[str], *, many: bool
) -> Sequence[str] | None:
    """The last line: cameras and commissions of all that match, and what all of a page used."""
    if found.sums is None:
        return None
    total = number(found.total, person.locale)
    return [
        *((_("Total of %(total)s") % {"total": total}) if many else "", "", "", "", ""),
        number(found.sums.cameras, person.locale),
        money(found.sums.earned, person.currency, person.locale),
        money(found.sums.all_earned, person.currency, person.locale),
        *used,
    ]


def _used(service: Measured, *, hidden: bool) -> Column:
    return Column(
        service.name,
        of=lambda row: row.used.get(service.code),
        kind="quantity",
        wide=True,
        only_file=hidden,
        unit=service.unit,
    )


@get("/subscribers/{number:str}")
async def subscriber(request: HTMXRequest, number: FromPath[str]) -> Response[str] | Stream:
    """One of them, month by month."""
    person = person_of(request)
    wanted = number_in(number)
    if wanted is None:
        raise no_such(_("subscriber"), number)
    found = await referred_subscribers.get(person.actor, wanted, now=books_now(request))
    columns = _months(found)
    listing = read_listing(f"{SUBSCRIBERS}/{wanted}", request.query_params, columns)
    listing = listing.found(len(found.months))
    if listing.file:
        return await list_file(request, f"months-{wanted}", columns, found.months, listing)
    earned = {one.month: one.earned for one in found.months}
    before = None if found.closed is None else Period.of(found.closed).previous().start
    return page(
        request,
        "referral/subscriber.html",
        found=found,
        estimate=expected_days(found.expected, person),
        before=before,
        closed_change=None if before is None else change(found.one.earned, earned.get(before)),
        chart=_chart(found, person.locale),
        columns=columns,
        listing=listing,
        totals=_totals(found, person.locale),
        paths={one.month: commissions_path(one.month, wanted) for one in found.months},
        all_path=commissions_path(None, wanted),
        subscribers_path=SUBSCRIBERS,
    )


def _months(found: ReferredMonths) -> tuple[Column, ...]:
    """A month's usage and commission, a column for each service."""

    def used(service: Measured) -> Column:
        return Column(
            service.name,
            of=lambda row: row.quantities.get(service.code),
            kind="quantity",
            wide=True,
            unit=service.unit,
        )

    return in_currency(
        (
            Column(_("Month"), of="month", kind="month"),
            Column(_("Cameras with usage"), of="cameras", kind="number", wide=True, fact=True),
            Column(_("Camera-days"), of="days", kind="number", wide=True, fact=True),
            Column(_("Commission"), of="earned", kind="money"),
            *map(used, found.services),
        ),
        found.currency,
    )


def expected_days(expected: Expected | None, person: Person) -> str:
    """Which days of the running month an estimate is of."""
    if expected is None:
        return ""
    made_at = month_at(Period.of(expected.month), expected.as_of, person.zone)
    return estimate_of(made_at, person.locale)


def _chart(found: ReferredMonths, locale: str) -> Chart:
    """Twelve months of commissions on this subscriber, up to the running one."""
    running = Period.of(found.today)
    months = [running.back(count).start for count in range(MONTHS - 1, -1, -1)]
    earned = {one.month: one.earned for one in found.months}

    def label(value: Number) -> str:
        return money(int(value), found.currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), found.currency, locale)

    return bar_chart(
        [month_short(month, locale) for month in months],
        [earned.get(month) for month in months],
        name=_("Commission"),
        label=label,
        tick=tick,
        height=200,
    )


def _totals(found: ReferredMonths, locale: str) -> list[str]:
    """Camera-days and commissions add up over months; quantities of a month do not."""
    days = number(sum(one.days for one in found.months), locale)
    earned = money(sum(one.earned or 0 for one in found.months), found.currency, locale)
    return ["", "", days, earned, *[""] * len(found.services)]
