"""What an operator's cameras used: by subscriber, the cameras of one, one camera by day."""

from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, shows
from portal.accounts.queries.users import Person
from portal.billing.period import month_at
from portal.books.queries import usage_costs
from portal.books.queries.usage_costs import SalesMonth
from portal.customers.queries import subscribers
from portal.errors import no_such
from portal.kit.queries import tenancy
from portal.routes.format import money
from portal.routes.guards import person_of, requires
from portal.routes.listing import Column, Listing
from portal.routes.reading import get
from portal.routes.shared.months import Chosen, chosen_month, estimate_of
from portal.routes.shared.usage import (
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

PATH: Final = "/cloud/usage"
CAMERA_PATH: Final = "/cloud/camera"
GUARDS: Final = [requires(Permission.USAGE_READ)]
SUBSCRIBER: Final = Column(_("Subscriber"), "number")
CAMERAS: Final = Column(_("Subscribed cameras"), "cameras", kind="number", wide=True)
CAMERA: Final = Column(_("Camera"), "name")
REVENUE: Final = ((_("Revenue"), "revenue"),)
MARGIN: Final = (
    (_("Cost"), "cost"),
    (_("Commissions"), "commission"),
    (_("Margin"), "margin"),
)


@get("/usage", guards=GUARDS)
async def usage(request: HTMXRequest) -> Response[str] | Stream:
    """A month by subscriber, or with "?subscriber=" the cameras of one."""
    number = request.query_params.get("subscriber", "")
    if not number:
        return await _by_subscriber(request)
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise no_such(_("subscriber"), number)
    return await _by_camera(request, int(number))


async def _by_subscriber(request: HTMXRequest) -> Response[str] | Stream:
    person, chosen = person_of(request), await chosen_month(request)
    cloud = await tenancy.own_cloud(person.actor)
    listing = usage_listing(request, PATH, (SUBSCRIBER, CAMERAS))
    margins = shows(person.actor, "sales", "margin")
    sales = await usage_costs.sum_by_subscriber(person.actor, cloud, chosen.period, margins=margins)

    def href(line: UsageLine) -> str:
        return f"{PATH}?{urlencode({'subscriber': line.key, 'month': chosen.period.key})}"

    def number(line: UsageLine) -> str:
        return _("Customer %(number)s") % {"number": line.key}

    async def read(part: Listing) -> tuple[UsageTable, Report]:
        table = await usage_sums.sum_by_subscriber(
            person.actor,
            cloud,
            chosen.period,
            until=chosen.until,
            text=part.filters["q"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            whole=not part.is_further,
        )
        return table, report(
            table,
            SUBSCRIBER,
            locale=person.locale,
            href=href,
            sub=number,
            cameras=CAMERAS,
            amounts=amounts_of(
                sales,
                REVENUE + (MARGIN if sales.total.cost is not None else ()),
                person.currency,
                person.locale,
                whole=not part.filters["q"],
            ),
        )

    if listing.file:
        return await usage_file(request, "usage", read, listing=listing, chosen=chosen)
    table, rows = await read(listing)
    words = PageText(
        _("Usage"),
        _lead(chosen, sales, person),
        search=_("Subscriber"),
        empty=(_("No subscriptions in this month"), _("Usage is shown by whom a camera served.")),
    )
    return usage_page(request, words, table=table, rows=rows, listing=listing, chosen=chosen)


def _lead(chosen: Chosen, sales: SalesMonth, person: Person) -> str:
    """Which days and which amounts the page speaks of."""
    amounts = _("Revenue is after discount, before tax")
    if sales.as_of is not None:
        made_at = month_at(chosen.period, sales.as_of, person.zone)
        estimate = estimate_of(made_at, person.locale)
        return _("%(estimate)s. %(amounts)s.") % {"estimate": estimate, "amounts": amounts}
    if sales.estimated:
        return chosen.lead(_("There is no estimate yet"), person.locale)
    if not sales.unborne:
        return chosen.lead(amounts, person.locale)
    unborne = money(sales.unborne, person.currency, person.locale)
    return chosen.lead(
        _(
            "%(amounts)s; a further cost of %(unborne)s is of days on which "
            "cameras had no subscription"
        )
        % {"amounts": amounts, "unborne": unborne},
        person.locale,
    )


async def _by_camera(request: HTMXRequest, subscriber: int) -> Response[str] | Stream:
    person, chosen = person_of(request), await chosen_month(request)
    listing = usage_listing(request, PATH, (CAMERA,), filters=("subscriber",))
    cloud = await tenancy.own_cloud(person.actor)
    owner = await subscribers.get(person.actor, cloud, subscriber)

    def href(line: UsageLine) -> str:
        return f"{CAMERA_PATH}?{urlencode({'id': line.key, 'month': chosen.period.key})}"

    async def read(part: Listing) -> tuple[UsageTable, Report]:
        table = await usage_sums.sum_by_camera(
            person.actor,
            cloud,
            chosen.period,
            until=chosen.until,
            subscriber=subscriber,
            text=part.filters["q"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            whole=not part.is_further,
        )
        sales = None
        if shows(person.actor, "sales", "margin"):
            keys = [line.key for line in table.lines]
            sales = await usage_costs.sum_by_camera(
                person.actor, cloud, chosen.period, keys, subscriber=subscriber
            )
        return table, report(
            table,
            CAMERA,
            locale=person.locale,
            href=href,
            sub=lambda line: line.key if line.key != line.name else "",
            amounts=amounts_of(
                sales,
                REVENUE + MARGIN,
                person.currency,
                person.locale,
                whole=not part.filters["q"],
            )
            if sales
            else (),
        )

    if listing.file:
        name = f"usage-{subscriber}"
        return await usage_file(request, name, read, listing=listing, chosen=chosen)
    table, rows = await read(listing)
    words = PageText(
        owner.name,
        chosen.lead(_("Cameras of customer %(number)s") % {"number": owner.number}, person.locale),
        crumbs=((_("Usage"), f"{PATH}?{urlencode({'month': chosen.period.key})}"),),
        search=_("Camera"),
        empty=(_("No cameras in this month"), _("They appear when they are subscribed.")),
        action=(_("Subscriber"), f"/cloud/subscribers/{subscriber}"),
    )
    return usage_page(request, words, table=table, rows=rows, listing=listing, chosen=chosen)
