"""The referral's first page: what is payable, the months, the subscribers."""

from datetime import date
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.billing.period import Period
from portal.overview.queries import referral_dashboard, referred_subscribers
from portal.overview.queries.referral_dashboard import NEEDS_MAX, Home
from portal.routes.charts import Chart, Number, Series, stacked_chart
from portal.routes.format import Change, change, month_short
from portal.routes.guards import person_of
from portal.routes.listing import Column
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.referral.paths import (
    COMMISSIONS,
    NEW,
    PROFILE,
    STATEMENTS,
    SUBSCRIBERS,
    commissions_path,
)
from portal.routes.referral.subscribers import expected_days, table_of
from portal.values.amounts import money, money_tick
from portal.words import _

MONTHS: Final = 12
SUBSCRIBERS_SHOWN: Final = 5
COMMISSIONS_SHOWN: Final = 5
COMMISSION_COLUMNS: Final = (
    Column(_("Document")),
    Column(_("Of"), kind="percent", wide=True),
    Column(_("Commission"), kind="money"),
)


@get(name="referral-home")
async def home(request: HTMXRequest) -> Response[str]:
    """The page."""
    person = person_of(request)
    now = books_now(request)
    found = await referral_dashboard.get(person.actor, now=now)
    latest = await referral_dashboard.commissions(person.actor, now=now, limit=COMMISSIONS_SHOWN)
    rows = await referred_subscribers.list_page(
        person.actor, now=now, sort="-earned", limit=SUBSCRIBERS_SHOWN
    )
    return page(
        request,
        "referral/home.html",
        home=found,
        estimate=expected_days(found.expected, person),
        now=now,
        before=_before(found),
        closed_change=_closed_change(found),
        chart=earned_chart(found, person.locale),
        latest=latest.rows,
        latest_columns=COMMISSION_COLUMNS,
        table=await table_of(person, rows),
        total=rows.total,
        currency=found.currency,
        commissions_path=COMMISSIONS,
        statements_path=STATEMENTS,
        closed_path=commissions_path(found.closed),
        subscribers_path=SUBSCRIBERS,
        new_path=NEW,
        profile_path=PROFILE,
        needs=found.needs[:NEEDS_MAX],
        more=len(found.needs) > NEEDS_MAX,
    )


def _closed_change(found: Home) -> Change | None:
    """The last closed month against the one before it."""
    before = _before(found)
    if found.closed is None or before is None:
        return None
    return change(found.earned(found.closed), found.earned(before))


def _before(found: Home) -> date | None:
    """The month before the last closed one."""
    return None if found.closed is None else Period.of(found.closed).previous().start


def earned_chart(found: Home, locale: str) -> Chart:
    """Eleven ended months as they were earned, and the running one as it is expected."""
    months = [found.running.back(count).start for count in range(MONTHS - 1, -1, -1)]
    earned = [found.by_month.get(month) for month in months]
    series = [Series(_("Direct"), [None if one is None else one.own for one in earned])]
    if any(one.others for one in earned if one is not None):
        others = [None if one is None else one.others for one in earned]
        series.append(Series(_("Through your agents"), others))
    if found.expected is not None:
        amount = found.expected.amount + found.expected.others
        series.append(
            Series(
                _("So far this month"),
                [amount if month == found.running.start else None for month in months],
            )
        )

    def label(value: Number) -> str:
        return money(int(value), found.currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), found.currency, locale)

    labels = [month_short(month, locale) for month in months]
    return stacked_chart(labels, series, label=label, tick=tick)
