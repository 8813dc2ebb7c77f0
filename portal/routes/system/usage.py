"""What the clouds use: all of them, one by camera, one camera by day."""

from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.money import Money
from portal.books.queries import usage_costs
from portal.kit.queries import tenancy
from portal.routes.guards import person_of, requires
from portal.routes.listing import Column, Listing
from portal.routes.middleware.now import books_now
from portal.routes.reading import get
from portal.routes.shared.currencies import each_currency
from portal.routes.shared.months import chosen_month
from portal.routes.shared.usage import (
    Amounts,
    PageText,
    Report,
    amounts_of,
    report,
    usage_file,
    usage_listing,
    usage_page,
)
from portal.usage.queries import usage_sums
from portal.usage.queries.usage_sums import UsageLine, UsageTable
from portal.words import _

PATH: Final = "/system/usage"
GUARDS: Final = [requires(Permission.USAGE_READ)]
CLOUD: Final = Column(_("Cloud"), "cloud")
CAMERAS: Final = Column(_("Subscribed cameras"), "cameras", kind="number")
CAMERA: Final = Column(_("Camera"), "name")
WHOLESALE: Final = _("Wholesale")


@get("/usage", guards=GUARDS)
async def all_clouds(request: HTMXRequest) -> Response[str] | Stream:
    """A month of every cloud."""
    person, chosen = person_of(request), await chosen_month(request)
    listing = usage_listing(request, PATH, (CLOUD, CAMERAS))
    costs = await usage_costs.sum_by_cloud(person.actor, chosen.period)
    sums = {slug: Money(cost.amount, cost.currency) for slug, cost in costs.items()}
    total = each_currency(usage_costs.sum_by_currency(costs.values()), person.locale)

    def href(line: UsageLine) -> str:
        return f"{PATH}/{line.key}?{urlencode({'month': chosen.period.key})}"

    async def read(part: Listing) -> tuple[UsageTable, Report]:
        table = await usage_sums.sum_by_cloud(
            person.actor,
            chosen.period,
            now=books_now(request),
            text=part.filters["q"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )
        return table, report(
            table,
            CLOUD,
            locale=person.locale,
            href=href,
            cameras=CAMERAS,
            amounts=[Amounts(WHOLESALE, sums, total)],
        )

    if listing.file:
        return await usage_file(request, "usage", read, listing=listing, chosen=chosen)
    table, rows = await read(listing)
    words = PageText(
        _("Usage"),
        chosen.lead(_("Wholesale is after discount, before tax"), person.locale),
        search=_("Cloud"),
        empty=(_("No clouds yet"), _("Usage appears as soon as a cloud has cameras.")),
    )
    return usage_page(request, words, table=table, rows=rows, listing=listing, chosen=chosen)


@get("/usage/{cloud:str}", guards=GUARDS)
async def one_cloud(request: HTMXRequest, cloud: FromPath[str]) -> Response[str] | Stream:
    """A month of one cloud, camera by camera."""
    person = person_of(request)
    facts = await tenancy.get(person.actor, cloud)
    chosen = await chosen_month(request, facts)
    listing = usage_listing(request, f"{PATH}/{cloud}", (CAMERA,))

    def href(line: UsageLine) -> str:
        words = {"id": line.key, "month": chosen.period.key}
        return f"/system/clouds/{cloud}/camera?{urlencode(words)}"

    async def read(part: Listing) -> tuple[UsageTable, Report]:
        table = await usage_sums.sum_by_camera(
            person.actor,
            facts,
            chosen.period,
            until=chosen.until,
            text=part.filters["q"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            whole=not part.is_further,
        )
        keys = [line.key for line in table.lines]
        sales = await usage_costs.sum_by_camera(person.actor, facts, chosen.period, keys)
        amounts = []
        if sales is not None:
            columns, all_of = [(_("Wholesale"), "cost")], not part.filters["q"]
            amounts = amounts_of(sales, columns, facts.currency, person.locale, whole=all_of)
        return table, report(table, CAMERA, locale=person.locale, href=href, amounts=amounts)

    if listing.file:
        return await usage_file(
            request, "cameras", read, listing=listing, chosen=chosen, cloud=facts.slug
        )
    table, rows = await read(listing)
    words = PageText(
        facts.name,
        chosen.lead(
            _("Wholesale is after discount, before tax")
            if rows.has_amounts
            else _("Wholesale appears when the month is closed"),
            person.locale,
        ),
        crumbs=((_("Usage"), f"{PATH}?{urlencode({'month': chosen.period.key})}"),),
        search=_("Camera"),
        empty=(
            _("No cameras in this month"),
            _("They appear when they are subscribed or have usage."),
        ),
    )
    return usage_page(request, words, table=table, rows=rows, listing=listing, chosen=chosen)
