"""One cloud as the platform sees it: whether it is healthy, what it buys, who runs it."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.accounts.queries import audit
from portal.billing.period import Period, local_date, month_at
from portal.books.queries import periods
from portal.customers.queries import clouds
from portal.overview.queries.clouds import cloud_overview
from portal.overview.queries.clouds.cloud_overview import Bought
from portal.overview.queries.system_dashboard import MONTHS
from portal.routes.charts import Chart, Number, Series, bar_chart, sparkline, stacked_chart
from portal.routes.format import change, month_short, number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.accounts.audit import line_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import estimate_of, from_first, today_of
from portal.routes.shared.overview import checklist
from portal.routes.shared.progress import time_left
from portal.routes.shared.realm import Realm
from portal.values.amounts import money, money_tick
from portal.words import _

READERS: Final = [requires(Permission.CLOUDS_READ, Permission.MARGINS_READ)]
MONTHS_SHOWN: Final = 6
ENTRIES_SHOWN: Final = 5
TONES: Final = 6
"""Series that the colours of a chart tell apart; the smallest of more are drawn as one."""
DAYS: Final = "days"
"""What "?chart=" says for camera-days; anything else is wholesale."""
CHANGES: Final = audit.Wanted(but="sign-in")
"""Of the log: who comes and goes changes nothing of a cloud."""


@get("/clouds/{cloud:str}", guards=READERS)
async def overview(request: HTMXRequest) -> Response[str]:
    """The page; to htmx the chart, by wholesale or by camera-days."""
    person, now, scope = person_of(request), books_now(request), await CloudScope.of(request)
    actor, facts = scope.actor, scope.cloud
    found = await cloud_overview.get(actor, facts, now=now)
    line = found.line
    by_days = request.query_params.get("chart") == DAYS
    months = (await periods.list_page(actor, facts, now=now))[:MONTHS_SHOWN]
    running = Period.of(local_date(now, facts.timezone))
    before = Period.of(line.ended).previous().start
    may_see_log = can(actor, Permission.AUDIT_READ)
    entries = (
        await audit.list_page(actor, facts, CHANGES, limit=ENTRIES_SHOWN) if may_see_log else ()
    )
    realm = Realm(actor, scope)
    estimated = month_at(running, line.as_of or now, facts.timezone)
    return page(
        request,
        "system/clouds/overview.html",
        block="history",
        scope=scope,
        checklist=await checklist.of_cloud(actor, scope, now=now, locale=person.locale),
        zone=scope.zone,
        cloud=await clouds.get(actor, facts),
        found=found,
        line=line,
        today=today_of(request, person),
        before=before,
        last_change=None if line.last is None else change(line.last, line.months.get(before)),
        cameras_change=change(line.cameras, line.cameras_before),
        spark=sparkline(
            [line.months.get(month, 0) for month in from_first(line.months, _axis(running))]
        ),
        running=running.start,
        estimate=estimate_of(estimated, person.locale) if line.as_of else "",
        by_days=by_days,
        chart=await _chart(request, scope, running, by_days=by_days),
        months=[(month, month.month < running.start) for month in months],
        eta={line.slug: time_left(line.closing_at, line.done, line.total, now)},
        entries=[line_of(realm, one) for one in entries],
        may_see_log=may_see_log,
        may_price=can(actor, Permission.RATES_WRITE),
        may_edit=can(actor, Permission.CLOUDS_WRITE),
        may_suspend=can(actor, Permission.CLOUDS_CREATE),
        may_see_people=can(actor, Permission.STAFF_READ),
    )


def _axis(running: Period) -> list[date]:
    """The first days of the twelve months before the running one."""
    return [running.back(count).start for count in range(MONTHS, 0, -1)]


async def _chart(
    request: HTMXRequest, scope: CloudScope, running: Period, *, by_days: bool
) -> Chart:
    """Twelve months of what the cloud bought by service, or of its camera-days."""
    locale, now = person_of(request).locale, books_now(request)
    axis = _axis(running)
    if by_days:
        axis = [*axis[1:], running.start]
        days = await cloud_overview.camera_days(scope.actor, scope.cloud, now=now)
        axis = from_first([month for month, count in days.items() if count], axis)
        return bar_chart(
            [month_short(month, locale) for month in axis],
            [days.get(month, 0) for month in axis],
            name=_("Camera-days"),
            label=lambda value: number(int(value), locale),
        )
    currency = scope.cloud.currency

    def label(value: Number) -> str:
        return money(int(value), currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), currency, locale)

    bought = await cloud_overview.bought(scope.actor, scope.cloud, now=now)
    axis = from_first([month for one in bought for month in one.months], axis)
    return stacked_chart(
        [month_short(month, locale) for month in axis],
        _series(bought, axis),
        label=label,
        tick=tick,
    )


def _series(bought: Sequence[Bought], axis: Sequence[date]) -> list[Series]:
    """A series for each service, the largest first; those beyond the colours together."""
    shown, rest = (
        (bought, []) if len(bought) <= TONES else (bought[: TONES - 1], bought[TONES - 1 :])
    )
    series = [Series(one.name, [one.months.get(month, 0) for month in axis]) for one in shown]
    if rest:
        others = [sum(one.months.get(month, 0) for one in rest) for month in axis]
        series.append(Series(_("Others"), others))
    return series
