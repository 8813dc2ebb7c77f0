"""The operator's overview: revenue and cost of the last month, the running one, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can, shows
from portal.billing.period import Period, month_at
from portal.billing.rating import Side
from portal.books.queries import invoices
from portal.books.queries.invoices import InvoiceRow
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries import attention, cloud_dashboard
from portal.overview.queries.cloud_dashboard import CloudHome, MonthFigures, Ranking
from portal.routes.charts import Chart, Number, Series, Sparkline, grouped_chart, sparkline
from portal.routes.format import Change, change, day, money, money_compact, month_alone, month_short
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.attention import needs_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import estimate_of
from portal.routes.shared.overview import checklist
from portal.routes.shared.progress import time_left
from portal.words import _

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
class Ranked:
    """Two lists by margin with their headings; `name` is what is ranked, `path` of its usage.

    `shows_key` writes the key below a name that is not it.
    """

    best: str
    worst: str
    name: str
    of: Ranking
    path: str
    shows_key: bool = False


@get("/", guards=GUARDS)
async def home(request: HTMXRequest) -> Response[str]:
    """The page."""
    person, now = person_of(request), books_now(request)
    actor, cloud = person.actor, await tenancy.own_cloud(person.actor)
    found = await cloud_dashboard.get(actor, cloud, now=now)
    margins = shows(actor, "sales", "margin")
    last = found.months[-1] if found.months else None
    ended = found.ended
    return page(
        request,
        "cloud/home.html",
        found=found,
        needs=needs_of(
            request, await attention.of_cloud(actor, cloud, now=now), "/cloud", person.locale, now
        ),
        checklist=await checklist.of_cloud(
            actor, await CloudScope.of(request), now=now, locale=person.locale
        ),
        nothing=_next_close(found, person.locale),
        estimate=_estimate(found, person.locale),
        currency=found.cloud.currency,
        last=last,
        before=Period.of(last.month).previous().start if last else None,
        figures=_figures(found.months, margins=margins),
        chart=_chart(found, person.locale, margins=margins),
        cameras_change=change(found.cameras, found.cameras_before),
        margins=margins,
        rankings=await _rankings(actor, found.cloud, last) if margins and last else [],
        latest=await _latest(actor, now, margins=margins),
        may_close=can(actor, Permission.PERIODS_CLOSE),
        ended_key=Period.of(ended.month).key,
        eta=time_left(ended.closing_at, ended.done, ended.total, now),
    )


def _next_close(found: CloudHome, locale: str) -> str:
    """What comes next: when the running month can be closed."""
    running = Period.of(found.today)
    return _("Next: %(month)s closes from %(day)s on.") % {
        "month": month_alone(running.start, locale),
        "day": day(running.end, locale),
    }


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


async def _rankings(actor: Actor, cloud: CloudFacts, last: MonthFigures) -> list[Ranked]:
    """Subscribers and cameras of the last closed month by margin, where there are any."""
    period = Period.of(last.month)
    both = [
        Ranked(
            _("Subscribers with the highest margin"),
            _("Subscribers with the lowest margin"),
            _("Subscriber"),
            await cloud_dashboard.subscribers_by_margin(actor, cloud, period),
            "/cloud/usage?subscriber=",
        ),
        Ranked(
            _("Cameras with the highest margin"),
            _("Cameras with the lowest margin"),
            _("Camera"),
            await cloud_dashboard.cameras_by_margin(actor, cloud, period),
            "/cloud/camera?id=",
            shows_key=True,
        ),
    ]
    return [one for one in both if one.of.best]


def _figures(months: Sequence[MonthFigures], *, margins: bool) -> list[Figure]:
    """What the latest closed month came to."""
    if not months:
        return []
    last = months[-1]
    before = months[-2] if _follow(months) else None
    key = Period.of(last.month).key
    names = [(_("Revenue"), "revenue", "up", f"/cloud/invoices?side=retail&month={key}")]
    if margins:
        names += [
            (_("Cost"), "cost", "down", f"/cloud/invoices?side=wholesale&month={key}"),
            (_("Commissions"), "commission", "", f"/cloud/commissions?month={key}"),
            (_("Margin"), "margin", "up", f"/cloud/usage?month={key}"),
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


def _chart(found: CloudHome, locale: str, *, margins: bool) -> Chart:
    def label(value: Number) -> str:
        return money(int(value), found.cloud.currency, locale)

    def tick(value: Number) -> str:
        return money_compact(int(value), found.cloud.currency, locale)

    series = [Series(_("Revenue"), [month.revenue for month in found.months])]
    if margins:
        series += [
            Series(_("Cost"), [month.cost for month in found.months]),
            Series(_("Commissions"), [month.commission for month in found.months]),
        ]
    labels = [month_short(month.month, locale) for month in found.months]
    return grouped_chart(labels, series, label=label, tick=tick)
