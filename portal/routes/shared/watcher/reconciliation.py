"""Watcher and the books side by side: where they disagree in a month, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.reconciliation import Difference, Kind
from portal.routes.format import day, number
from portal.routes.format import month as month_name
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import fragment
from portal.routes.reading import get
from portal.routes.shared.cameras.readings import METER_NAMES
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import Chosen, chosen_month, month_options
from portal.routes.shared.overview.causes import Excess, cures_of_excess, excess_of
from portal.routes.shared.watcher.connections import READERS
from portal.routes.shared.watcher.groups import COLUMNS as GROUPS
from portal.routes.shared.watcher.groups import groups_of
from portal.values.amounts import money
from portal.watcher.queries import connection_health, mappings
from portal.watcher.queries import reconciliation as reads
from portal.watcher.queries.reconciliation import CURED_BY_TARIFF, Filters, Sight, Sums
from portal.words import _, joined, mapped

COLUMNS: Final[Sequence[Column]] = (
    Column(_("Camera"), "camera", of="found.camera"),
    Column(_("Difference"), "kind", of="found.kind", says="words.label", wide=True, fact=True),
    Column(_("Detail"), of="detail", only_file=True),
    Column(_("Days"), "days", of="found.days", kind="number", wide=True, fact=True),
    Column(_("Value"), "worth", of="found.worth", kind="money"),
)
SUMS: Final[Sequence[Column]] = (
    Column(_("What, and what to do"), of="kind", says="words.label"),
    Column(_("Differences"), of="count", kind="number", wide=True, fact=True),
    Column(_("Days"), of="days", kind="number", wide=True, fact=True),
    Column(_("Value"), of="worth", kind="money"),
)
FILE_PAGE: Final = 2_000
"""Rows of a file that are read at once."""


@dataclass(frozen=True, slots=True)
class PageText:
    """A kind in the words of people: what it is called, what it means, and what to do."""

    label: str
    means: str
    advice: str


KINDS: Final[dict[Kind, PageText]] = {
    Kind.RECORDED_NOT_BILLED: PageText(
        _("Recording but not billed"),
        _("A camera records and nobody is charged for it."),
        _(
            "Put it on a tariff, or switch it off in Watcher. Its value is what the platform"
            " charges for it."
        ),
    ),
    Kind.BILLED_NOT_THERE: PageText(
        _("Billed but not in Watcher"),
        _("A subscription is charged for a camera that Watcher does not show."),
        _("End the subscription, or find out why the camera is gone."),
    ),
    Kind.PRESET_DIFFERS: PageText(
        _("Preset differs"),
        _("The camera is billed by another tariff than the one its preset is mapped to."),
        _(
            "Change the tariff, or the preset in Watcher. Its value is the difference of "
            "the two prices."
        ),
    ),
    Kind.DEPTH_ABOVE_PRESET: PageText(
        _("Keeps more archive than its preset allows"),
        _("A camera keeps more days of archive than its preset says."),
        _("Shorten its archive in Watcher, or give it a larger preset."),
    ),
    Kind.DAY_NOT_READ: PageText(
        _("Day not read"),
        _("No reading of the day was complete, so its usage may be missing."),
        _("See why the readings failed, and send the day's usage if you have it."),
    ),
    Kind.NOT_MAPPED: PageText(
        _("Not mapped"),
        _("A camera is in an organization or under a preset that nobody has mapped."),
        _("Say whose the organization is, or which tariff the preset stands for."),
    ),
}


@dataclass(frozen=True, slots=True)
class Sum:
    """All differences of one kind; worth in minor units."""

    kind: str
    words: PageText
    count: int
    days: int
    worth: int


@dataclass(frozen=True, slots=True)
class Row:
    """A difference, and where it leads; `actions` are what to do about it, (label, path) each."""

    found: Difference
    words: PageText
    detail: str
    href: str
    actions: Sequence[tuple[str, str]]


@get("/reconciliation", guards=READERS)
async def reconciliation(request: HTMXRequest) -> Response[str] | Stream:
    """A month's differences: by kind, and one by one."""
    scope, locale = await CloudScope.of(request), person_of(request).locale
    chosen = await _chosen(request, scope)
    listing = read_listing(
        scope.reconciliation,
        request.query_params,
        COLUMNS,
        filters=("month", "kind", "q"),
        default_sort="kind",
    )
    which = Filters(listing.filters["kind"], listing.filters["q"])
    sight = await _look(request, scope, chosen)
    of_all = await reads.sums(scope.actor, sight)
    shown = await reads.sums(scope.actor, sight, which) if which != Filters() else of_all
    listing = listing.found(shown.count)
    listed = _Listed(request, scope, chosen, sight, which)
    if listing.file:
        return await listed.file(listing, of_all)
    groups, more_groups = await groups_of(scope, sight, which, chosen.period.key)
    currency = scope.cloud.currency
    return scope.page(
        request,
        "reconciliation.html",
        block="report",
        chosen=chosen,
        months=month_options(chosen, locale),
        lead=_lead(chosen, locale),
        kinds=[(str(kind), words.label) for kind, words in KINDS.items()],
        groups=groups,
        more_groups=more_groups,
        group_columns=in_currency(GROUPS, currency),
        sums=_sums(of_all),
        sum_columns=in_currency(SUMS, currency),
        count=of_all.count,
        worth=of_all.worth,
        currency=currency,
        connected=await connection_health.is_connected(scope.actor, scope.cloud),
        waiting=await mappings.count_waiting(scope.actor, scope.cloud),
        columns=in_currency(COLUMNS, currency),
        rows=await listed.page(listing),
        totals=_totals(shown, currency, locale),
        listing=listing,
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    """The lists of the page, as they are shown or as files."""

    request: HTMXRequest
    scope: CloudScope
    chosen: Chosen
    sight: Sight
    which: Filters

    async def page(self, listing: Listing) -> list[Row]:
        """A page of the differences, each with where it leads."""
        scope = self.scope
        found = await reads.page(
            scope.actor,
            self.sight,
            self.which,
            sort=listing.sort,
            offset=listing.offset,
            limit=listing.size,
        )
        excess = await excess_of(scope, _curable(found), books_now(self.request))
        locale = person_of(self.request).locale
        return [_row(one, scope, self.chosen, locale, excess) for one in found]

    async def file(self, listing: Listing, of_all: Sums) -> Stream:
        """One of the lists: by customer, by kind, or, without a part, all of them one by one."""
        called, columns = "differences", COLUMNS
        rows: Sequence[Any] = ()
        more = None
        if listing.wants("groups"):
            called, columns = "differences-by-customer", GROUPS
            month = self.chosen.period.key
            rows, _more = await groups_of(self.scope, self.sight, self.which, month, limit=None)
        elif listing.wants("kinds"):
            called, columns, rows = "differences-by-kind", SUMS, _sums(of_all)
        else:
            listing = replace(listing, size=FILE_PAGE)
            called, columns, rows, more = (
                "differences",
                COLUMNS,
                await self.page(listing),
                self.page,
            )
        return await list_file(
            self.request,
            called,
            in_currency(columns, self.scope.cloud.currency),
            rows,
            listing,
            more=more,
            cloud=self.scope.cloud.slug,
            period=self.chosen.period.key,
            zone=self.scope.zone,
        )


def _totals(shown: Sums, currency: str, locale: str) -> list[str]:
    return ["", "", "", number(shown.days, locale), money(shown.worth, currency, locale)]


@get("/reconciliation/worth", guards=READERS)
async def worth(request: HTMXRequest) -> Response[str]:
    """What a month's differences come to, in a sentence: a part of a page."""
    scope = await CloudScope.of(request)
    chosen = await _chosen(request, scope)
    found = await reads.sums(scope.actor, await _look(request, scope, chosen))
    return fragment(
        request,
        "shared/watcher/worth.html",
        "worth",
        scope=scope,
        month=chosen.period.key,
        count=found.count,
        worth=found.worth,
        currency=scope.cloud.currency,
    )


def _lead(chosen: Chosen, locale: str) -> str:
    """Which time is compared: of a running month also today, as far as it has been read."""
    said = _("%(name)s. What Watcher shows against what is billed.")
    if chosen.running:
        said = _("%(name)s, up to today. What Watcher shows against what is billed.")
    return said % {"name": month_name(chosen.period.start, locale)}


async def _chosen(request: HTMXRequest, scope: CloudScope) -> Chosen:
    """The month of the address, seen from the cloud's today; without one the running one."""
    return await chosen_month(request, scope.cloud)


async def _look(request: HTMXRequest, scope: CloudScope, chosen: Chosen) -> Sight:
    return await reads.look(scope.actor, scope.cloud, chosen.period, now=books_now(request))


def _sums(of_all: Sums) -> list[Sum]:
    """By kind, in their own order; only those that somebody is to look at."""
    return [
        Sum(str(one.kind), KINDS[one.kind], one.count, one.days, one.worth)
        for one in of_all.kinds
        if one.count
    ]


def _curable(differences: Sequence[Difference]) -> list[str]:
    """The cameras beside whose rows another tariff, their preset or accepting it is a cure."""
    of = [one for one in differences if one.kind in CURED_BY_TARIFF and not one.accepted]
    return [one.camera for one in of if one.camera is not None]


def _row(found: Difference, scope: CloudScope, chosen: Chosen, locale: str, excess: Excess) -> Row:
    href, actions = "", list[tuple[str, str]]()
    if found.camera is not None:
        href = f"{scope.camera}?{urlencode({'id': found.camera, 'month': chosen.period.key})}"
    if found.kind == Kind.NOT_MAPPED:
        actions.append((_("Map it"), f"{scope.mappings}?state=waiting"))
    elif found.camera is None:
        actions.append((_("Readings"), scope.path))
    elif found.kind in CURED_BY_TARIFF and not found.accepted:
        if can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
            actions.append((_("Change tariff"), scope.at("camera", "tariff", id=found.camera)))
        actions += cures_of_excess(scope, found.camera, excess, page=href)
    elif found.kind == Kind.RECORDED_NOT_BILLED:
        actions.append((_("See what to do"), href))
    detail = _detail(found, locale)
    if found.accepted:
        detail = joined((detail, _("accepted")), "; ")
    return Row(found, KINDS[found.kind], detail, href, actions)


def _detail(found: Difference, locale: str) -> str:
    """Days and meters as people call them; in what is not mapped stand titles of Watcher's own."""
    if found.kind == Kind.NOT_MAPPED:
        return found.detail

    def shown(value: Any) -> Any:
        if isinstance(value, date):
            return day(value, locale)
        return f"{METER_NAMES[value]}:" if value in METER_NAMES else value

    said: str = mapped(found.detail, shown)
    return said
