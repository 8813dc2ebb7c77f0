"""Watcher and the books side by side: where they disagree in a month, and what to do about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.reconciliation import Difference, Kind, total_worth
from portal.routes.format import day, money, number
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
from portal.routes.shared.watcher.groups import CURED_BY_TARIFF, groups_of
from portal.watcher.queries import connection_health
from portal.watcher.queries import reconciliation as reads
from portal.watcher.queries.reconciliation import Reconciliation
from portal.words import _, joined, mapped

COLUMNS: Final = (
    Column(_("Camera"), "camera", of="found.camera"),
    Column(_("Difference"), "kind", of="found.kind", says="words.label", wide=True, fact=True),
    Column(_("Detail"), of="detail", only_file=True),
    Column(_("Days"), "days", of="found.days", kind="number", wide=True, fact=True),
    Column(_("Value"), "worth", of="found.worth", kind="money"),
)
SUMS: Final = (
    Column(_("What, and what to do"), of="kind", says="words.label"),
    Column(_("Differences"), of="count", kind="number", wide=True, fact=True),
    Column(_("Days"), of="days", kind="number", wide=True, fact=True),
    Column(_("Value"), of="worth", kind="money"),
)
KEYS: Final[Mapping[str, Callable[[Difference], Any]]] = {
    "kind": lambda one: list(Kind).index(one.kind),
    "camera": lambda one: one.camera or "",
    "days": lambda one: one.days,
    "worth": lambda one: one.worth,
}


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


_Lists = Mapping[str, tuple[str, Sequence[Column], Sequence[Any]]]
"""Lists of the page by name: what a file of one is called, its columns and rows."""


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
    found = await _compare(request, scope, chosen)
    shown = listing.in_order(_narrowed(found.differences, listing), KEYS)
    listing = listing.found(len(shown))
    of_page = listing.of_page(shown)
    excess = await excess_of(scope, _curable(of_page), books_now(request))
    rows = [_row(one, scope, chosen, locale, excess) for one in of_page]
    sums = _sums(found.differences)
    groups = await groups_of(scope, shown, chosen.period.key)
    if listing.file:
        lists: _Lists = {
            "groups": ("differences-by-customer", GROUPS, groups),
            "kinds": ("differences-by-kind", SUMS, sums),
        }
        wanted = next((name for name in lists if listing.wants(name)), "")
        called, columns, lines = lists.get(wanted, ("differences", COLUMNS, rows))
        return await list_file(
            request,
            called,
            in_currency(columns, found.currency),
            lines,
            listing,
            cloud=scope.cloud.slug,
            period=chosen.period.key,
            zone=scope.zone,
        )
    return scope.page(
        request,
        "reconciliation.html",
        block="report",
        chosen=chosen,
        months=month_options(chosen, locale),
        lead=_lead(chosen, locale),
        kinds=[(str(kind), words.label) for kind, words in KINDS.items()],
        groups=groups,
        group_columns=in_currency(GROUPS, found.currency),
        sums=sums,
        sum_columns=in_currency(SUMS, found.currency),
        count=len(found.differences),
        worth=total_worth(found.differences),
        currency=found.currency,
        connected=await connection_health.is_connected(scope.actor, scope.cloud),
        waiting=(await connection_health.waiting(scope.actor, scope.cloud)).total,
        columns=in_currency(COLUMNS, found.currency),
        rows=rows,
        totals=_totals(shown, found.currency, locale),
        listing=listing,
    )


def _totals(shown: Sequence[Difference], currency: str, locale: str) -> list[str]:
    days = number(sum(one.days for one in shown), locale)
    return ["", "", "", days, money(total_worth(shown), currency, locale)]


@get("/reconciliation/worth", guards=READERS)
async def worth(request: HTMXRequest) -> Response[str]:
    """What a month's differences come to, in a sentence: a part of a page."""
    scope = await CloudScope.of(request)
    chosen = await _chosen(request, scope)
    found = await _compare(request, scope, chosen)
    return fragment(
        request,
        "shared/watcher/worth.html",
        "worth",
        scope=scope,
        month=chosen.period.key,
        count=len(found.differences),
        worth=total_worth(found.differences),
        currency=found.currency,
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


async def _compare(request: HTMXRequest, scope: CloudScope, chosen: Chosen) -> Reconciliation:
    return await reads.get(scope.actor, scope.cloud, chosen.period, now=books_now(request))


def _sums(differences: Sequence[Difference]) -> list[Sum]:
    """By kind, in their own order; only those that there are."""
    found = []
    for kind, words in KINDS.items():
        of = [one for one in differences if one.kind == kind and not one.accepted]
        if of:
            days, amount = sum(one.days for one in of), sum(one.worth for one in of)
            found.append(Sum(str(kind), words, len(of), days, amount))
    return found


def _narrowed(differences: Sequence[Difference], listing: Listing) -> list[Difference]:
    kind, text = listing.filters["kind"], listing.filters["q"].casefold()
    return [
        one
        for one in differences
        if (kind not in set(Kind) or one.kind == kind) and text in (one.camera or "").casefold()
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
