"""The operator's overview: revenue and cost of the last month, the running one, what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can, shows
from portal.billing.period import Period, month_at
from portal.billing.rating import Side
from portal.books.queries import invoices
from portal.books.queries.invoices import InvoiceRow
from portal.kit.queries import tenancy
from portal.overview.queries import attention, cloud_dashboard, margin_ranking
from portal.overview.queries.cloud_dashboard import CloudHome, MonthFigures
from portal.overview.queries.margin_ranking import Losses, Ranked, What
from portal.routes.charts import Sparkline, sparkline
from portal.routes.format import Change, change, number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.attention import needs_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import estimate_of, next_close
from portal.routes.shared.overview import checklist
from portal.routes.shared.overview.causes import Cure, cause_in_words, cures_of, excess_of
from portal.routes.shared.progress import time_left
from portal.routes.shared.reports.charts import money_by_month
from portal.values.amounts import money
from portal.words import _, ngettext

GUARDS: Final = [requires(Permission.INVOICES_READ)]
NET: Final = frozenset({"revenue", "cost"})
"""Figures after discount and before tax."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the last closed month; `change` is against the month before it.

    `net` says whether it is after discount and before tax, which the page adds to it.
    """

    label: str
    amount: int
    net: bool
    change: Change | None
    spark: Sparkline | None
    good: str
    href: str


@dataclass(frozen=True, slots=True)
class Margins:
    """The card of margins: what is ranked, from which end, and the rows.

    Each row is told with where it leads, why it loses, and what cures that.

    `tabs` and `ends` are links, (label, address, whether it is this one); `lost` is the sentence of
    all cameras that lose money, "" where none does.
    """

    tabs: list[tuple[str, str, bool]]
    ends: list[tuple[str, str, bool]]
    name: str
    rows: list[tuple[Ranked, str, str, Sequence[Cure]]]
    lost: str
    lost_href: str


WHATS: Final[Mapping[What, str]] = {
    "subscribers": _("Subscribers"),
    "cameras": _("Cameras"),
    "tariffs": _("Tariffs"),
}
NAMES: Final[Mapping[What, str]] = {
    "subscribers": _("Subscriber"),
    "cameras": _("Camera"),
    "tariffs": _("Tariff"),
}
ENDS: Final = {"lowest": _("Lowest"), "highest": _("Highest")}


@get("/", guards=GUARDS)
async def home(request: HTMXRequest) -> Response[str]:
    """The page."""
    person, now = person_of(request), books_now(request)
    actor, cloud = person.actor, await tenancy.own_cloud(person.actor)
    scope = await CloudScope.of(request)
    found = await cloud_dashboard.get(actor, cloud, now=now)
    waiting = await attention.of_cloud(actor, cloud, now=now)
    without = sum(need.count for need in waiting if need.kind == "without_tariff")
    margins = shows(actor, "sales", "margin")
    last = found.months[-1] if found.months else None
    ended, currency = found.ended, found.cloud.currency
    return page(
        request,
        "cloud/home.html",
        block="margin",
        found=found,
        needs=needs_of(request.query_params, waiting, "/cloud", person.locale, now),
        checklist=await checklist.of_cloud(actor, scope, now=now, locale=person.locale),
        nothing=next_close(found.today, person.locale),
        estimate=_estimate(found, person.locale),
        currency=currency,
        last=last,
        before=Period.of(last.month).previous().start if last else None,
        figures=_figures(found.months, margins=margins),
        chart=money_by_month(
            found.months, found.waiting, found.running, currency, person.locale, margins=margins
        ),
        without=without,
        report=scope.at("reports", month=Period.of(found.running.month).key)
        if found.running
        else "",
        ranking=await _margins(request, scope, last, now) if margins and last else None,
        cameras_change=change(found.cameras, found.cameras_before),
        margins=margins,
        latest=await _latest(actor, now, margins=margins),
        may_close=can(actor, Permission.PERIODS_CLOSE),
        ended_key=Period.of(ended.month).key,
        eta=time_left(ended.closing_at, ended.done, ended.total, now),
    )


def _estimate(found: CloudHome, locale: str) -> str:
    """Which days the running month's estimate is of."""
    if found.running is None:
        return ""
    month = Period.of(found.running.month)
    return estimate_of(month_at(month, found.running.as_of, found.cloud.timezone), locale)


async def _latest(
    actor: Actor, now: datetime, *, margins: bool
) -> list[tuple[str, Side, Sequence[InvoiceRow]]]:
    """The latest to subscribers and, apart, from the platform: (title, side, invoices)."""
    titles: list[tuple[str, Side]] = [(_("Latest invoices to subscribers"), "retail")]
    if margins:
        titles.append((_("Latest invoices from the platform"), "wholesale"))
    return [(title, side, await invoices.latest(actor, side, now=now)) for title, side in titles]


async def _margins(
    request: HTMXRequest, scope: CloudScope, last: MonthFigures, now: datetime
) -> Margins:
    """Subscribers, cameras or tariffs of the last closed month, those that lose most first.

    Unasked it is about cameras where some lose money, so that the way to the cure is short.
    """
    locale, asked = person_of(request).locale, request.query_params
    end = "highest" if asked.get("margin") == "highest" else "lowest"
    period = Period.of(last.month)
    lost = await margin_ranking.losses(scope.actor, scope.cloud, period)
    unasked: What = "cameras" if lost.count else "subscribers"
    what: What = next((one for one in WHATS if one == asked.get("by")), unasked)
    found = await margin_ranking.ranking(
        scope.actor, scope.cloud, period, what, lowest=end == "lowest", now=now
    )
    keeping = [one.row.key for one in found if what == "cameras" and one.cause == "keeps_more"]
    excess = await excess_of(scope, keeping, now)

    def paths(row: Ranked) -> str:
        if what == "cameras":
            return scope.at("camera", id=row.row.key, month=period.key)
        return scope.at(what, quote(row.row.key, safe=""))

    return Margins(
        [(label, f"/cloud?by={one}&margin={end}", one == what) for one, label in WHATS.items()],
        [(label, f"/cloud?by={what}&margin={one}", one == end) for one, label in ENDS.items()],
        NAMES[what],
        [
            (
                row,
                paths(row),
                cause_in_words(row.cause, row.row.discount_percent, locale),
                cures_of(scope, what, row.row.key, row.cause, excess),
            )
            for row in found
        ],
        _lost(lost, scope.cloud.currency, locale),
        scope.at("reports", by="camera", state="loses", month=period.key),
    )


def _lost(lost: Losses, currency: str, locale: str) -> str:
    if not lost.count:
        return ""
    told = {
        "count": number(lost.count, locale),
        "amount": money(lost.amount, currency, locale),
    }
    return (
        ngettext(
            "%(count)s camera loses %(amount)s a month",
            "%(count)s cameras lose %(amount)s a month",
            lost.count,
        )
        % told
    )


def _figures(months: Sequence[MonthFigures], *, margins: bool) -> list[Figure]:
    """What the latest closed month came to."""
    if not months:
        return []
    last = months[-1]
    before = months[-2] if _follow(months) else None
    key = Period.of(last.month).key
    names = [(_("Revenue"), "revenue", "up", f"/cloud/reports?month={key}")]
    if margins:
        names += [
            (_("Cost"), "cost", "down", f"/cloud/reports?by=service&month={key}"),
            (_("Commissions"), "commission", "", f"/cloud/reports?by=referral&month={key}"),
            (_("Margin"), "margin", "up", f"/cloud/reports?by=camera&month={key}"),
        ]
    return [
        Figure(
            label,
            getattr(last, name),
            name in NET,
            change(getattr(last, name), None if before is None else getattr(before, name)),
            sparkline([getattr(month, name) for month in months]),
            good,
            href,
        )
        for label, name, good, href in names
    ]


def _follow(months: Sequence[MonthFigures]) -> bool:
    """Whether the last two are neighbours: months may be closed in any order."""
    return len(months) > 1 and Period.of(months[-1].month).previous().start == months[-2].month
