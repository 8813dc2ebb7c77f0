"""The figures of one customer: cards above its page, and a chart of its months."""

from dataclasses import dataclass
from datetime import date

from portal.access import shows
from portal.billing.period import Period, month_at
from portal.overview.queries.customer import Account, Cameras, Customer
from portal.routes.charts import Chart, Number, Series, grouped_chart
from portal.routes.format import day as day_text
from portal.routes.format import month as month_name
from portal.routes.format import month_short
from portal.routes.format import number as number_text
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import estimate_of
from portal.routes.shared.subscribers.paths import invoice_path
from portal.values.amounts import money, money_tick
from portal.words import _, ngettext


@dataclass(frozen=True, slots=True)
class Card:
    """A figure of the head: its period, a note, and what it leads to."""

    label: str
    value: str
    period: str = ""
    note: str = ""
    href: str = ""


def cards_of(
    scope: CloudScope, found: Customer, account: Account, cameras: Cameras, locale: str
) -> list[Card]:
    """What stands above all else: the running month, the account, the last margin."""
    currency = found.currency
    cards = []
    if found.so_far is not None:
        made_at = month_at(Period.of(found.so_far.month), found.so_far.as_of, scope.cloud.timezone)
        cards.append(
            Card(
                _("This month so far"),
                money(found.so_far.revenue, currency, locale),
                estimate_of(made_at, locale),
                _so_far_note(found, locale),
            )
        )
    told = ngettext(
        "%(count)s camera on a tariff", "%(count)s cameras on tariffs", cameras.subscribed
    )
    cards.append(
        Card(
            _("Cameras"),
            number_text(cameras.total, locale),
            day_text(found.today, locale),
            told % {"count": cameras.subscribed},
            "#cameras",
        )
    )
    cards += _owed(scope, found, account, locale)
    if found.last is not None and found.last.margin is not None:
        cards.append(
            Card(
                _("Margin"),
                money(found.last.margin, currency, locale),
                month_name(found.last.month, locale),
                _("Revenue %(revenue)s, cost %(cost)s")
                % {
                    "revenue": money(found.last.revenue, currency, locale),
                    "cost": money(found.last.cost, currency, locale),
                },
                "#cameras",
            )
        )
    return cards


def _so_far_note(found: Customer, locale: str) -> str:
    """What the running month leaves, for who may know it."""
    so_far = found.so_far
    if so_far is None or so_far.cost is None or so_far.margin is None:
        return _("After discount, before tax")
    told = {
        name: money(amount, found.currency, locale)
        for name, amount in (
            ("cost", so_far.cost),
            ("commission", so_far.commission or 0),
            ("margin", so_far.margin),
        )
    }
    return _("Cost %(cost)s, commissions %(commission)s, margin %(margin)s") % told


def _owed(scope: CloudScope, found: Customer, account: Account, locale: str) -> list[Card]:
    """The last invoice, and what is open of all."""
    if not account.rows:
        return []
    currency = found.currency
    last = next((one for one in account.rows if one.type == "invoice"), account.rows[0])
    return [
        Card(
            _("Last invoice"),
            money(last.total, currency, locale),
            month_name(last.month, locale),
            last.number,
            invoice_path(scope, last.number),
        ),
        Card(
            _("Open"),
            money(account.open, currency, locale),
            day_text(found.today, locale),
            _open_note(account, found.today, locale),
            "#account",
        ),
    ]


def _open_note(account: Account, today: date, locale: str) -> str:
    """How many documents, and how late the oldest of them is."""
    if account.late_since is not None:
        days = (today - account.late_since).days
        late = ngettext(
            "Overdue for %(count)s day, since %(day)s",
            "Overdue for %(count)s days, since %(day)s",
            days,
        )
        return late % {"count": days, "day": day_text(account.late_since, locale)}
    if not account.open_count:
        return _("Everything is paid")
    told = ngettext("In %(count)s invoice", "In %(count)s invoices", account.open_count)
    return told % {"count": account.open_count}


def months_chart(scope: CloudScope, found: Customer, locale: str) -> Chart | None:
    """Revenue of the closed months, and margin beside it for those who may know it."""
    if not found.months:
        return None

    def label(value: Number) -> str:
        return money(int(value), found.currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), found.currency, locale)

    series = [Series(_("Revenue"), [month.revenue for month in found.months])]
    if shows(scope.actor, "sales", "margin"):
        series.append(Series(_("Margin"), [month.margin for month in found.months]))
    labels = [month_short(month.month, locale) for month in found.months]
    return grouped_chart(labels, series, label=label, tick=tick)
