"""One service: the prices of all clouds side by side, what they bought, and tariffs with it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.pricing import Pricing, pricing_from
from portal.overview.queries import service_list
from portal.overview.queries.service_list import CloudPrice, ServicePage
from portal.routes.charts import Chart, Number, Series, stacked_chart
from portal.routes.format import day, month_short
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.pricing_words import price_in_words
from portal.routes.reading import get
from portal.routes.shared.months import from_first
from portal.routes.system.services.words import SERVICES, measured_as
from portal.values.amounts import money, money_tick
from portal.words import _

READERS: Final = [requires(Permission.SERVICES_READ, Permission.RATES_READ)]
TONES: Final = 6


TARIFFS: Final = "tariffs"
"""The list of tariffs below, as it is asked for as a file."""
TARIFF_COLUMNS: Final = (
    Column(_("Tariff"), of="name"),
    Column(_("Code"), of="code", only_file=True),
    Column(_("Cloud"), of="cloud_name"),
    Column(_("Included"), of="quantity", kind="quantity"),
)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What a cloud pays in words: now, and what follows."""

    of: CloudPrice
    price: str
    next: str


PRICE_COLUMNS: Final = (
    Column(_("Cloud"), of="of.name"),
    Column(_("Short name"), of="of.slug", only_file=True),
    Column(_("Price"), of="price"),
    Column(_("Since"), of="of.since", kind="day", wide=True),
    Column(_("Next"), of="next", wide=True),
)


@get("/services/{code:str}", guards=READERS)
async def service(request: HTMXRequest, code: FromPath[str]) -> Response[str] | Stream:
    """The page, or the file of one of its tables."""
    person = person_of(request)
    found = await service_list.get_page(
        person.actor, code, now=books_now(request), zone=person.zone
    )
    one, locale = found.service, person.locale

    def told(pricing: Pricing | None, currency: str) -> str:
        return "" if pricing is None else price_in_words(pricing, currency, one.unit, locale)

    def following(row: CloudPrice) -> str:
        if row.next is None:
            return ""
        facts = {"price": told(row.next, row.currency), "day": day(row.next_from, locale)}
        return _("%(price)s from %(day)s") % facts

    lines = [PriceLine(row, told(row.price, row.currency), following(row)) for row in found.prices]
    listing = read_listing(f"{SERVICES}/{code}", request.query_params, PRICE_COLUMNS)
    if listing.wants():
        return await list_file(request, "prices", PRICE_COLUMNS, lines, listing.found(len(lines)))
    if listing.wants(TARIFFS):
        part = listing.found(len(found.tariffs))
        return await list_file(request, TARIFFS, TARIFF_COLUMNS, found.tariffs, part)
    stored = one.list_pricing
    return page(
        request,
        "system/services/service.html",
        service=one,
        measured=measured_as(one.measure, one.unit_plural or one.unit, one.meter),
        list_price=told(None if stored is None else pricing_from(stored), ""),
        found=found,
        prices=lines,
        columns=PRICE_COLUMNS,
        listing=listing,
        charts=[(currency, _chart(found, currency, locale)) for currency in sorted(found.bought)],
        may_write=can(person.actor, Permission.SERVICES_WRITE),
        back=SERVICES,
        history=f"/system/audit?{urlencode({'object': f'service {one.code}'})}"
        if can(person.actor, Permission.AUDIT_READ)
        else "",
    )


def _chart(found: ServicePage, currency: str, locale: str) -> Chart:
    """Twelve months of revenue in one currency, a series for each cloud, the largest first."""

    def label(value: Number) -> str:
        return money(int(value), currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), currency, locale)

    ranked = sorted(found.bought[currency].items(), key=lambda of: (-sum(of[1].values()), of[0]))
    cut = len(ranked) if len(ranked) <= TONES else TONES - 1
    axis = from_first([month for _name, of in ranked for month in of], found.months)
    series = [
        Series(name, [months.get(month, 0) for month in axis]) for name, months in ranked[:cut]
    ]
    if rest := ranked[cut:]:
        others = [sum(of.get(month, 0) for _name, of in rest) for month in axis]
        series.append(Series(_("Others"), others))
    labels = [month_short(month, locale) for month in axis]
    return stacked_chart(labels, series, label=label, tick=tick)
