"""Reports in money: what each subscriber, camera, tariff or referral earned and cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from litestar.plugins.htmx import HTMXRequest

from portal.billing.drafting.surprises import Cause
from portal.overview.queries import margin_ranking
from portal.overview.queries.margin_ranking import Row, What
from portal.overview.queries.reports import lines as reads
from portal.overview.queries.reports.lines import LATER, UNBORNE, By, Narrowed
from portal.overview.queries.reports.months import Month
from portal.overview.queries.reports.rows import MoneyRow, Wanted
from portal.routes.cells import shown
from portal.routes.format import ZONE
from portal.routes.guards import person_of
from portal.routes.listing import Column, Listing
from portal.routes.middleware.now import books_now
from portal.routes.shared.overview.causes import (
    NO_EXCESS,
    Cure,
    Excess,
    cause_in_words,
    cures_of,
    excess_of,
)
from portal.routes.shared.reports.asked import NOBODY, Asked
from portal.words import _

WHAT: Final[dict[str, What]] = {
    "subscriber": "subscribers",
    "camera": "cameras",
    "tariff": "tariffs",
}
KINDS: Final[dict[str, By]] = {
    "subscriber": "subscriber",
    "camera": "camera",
    "tariff": "tariff",
    "referral": "referral",
}
HEADS: Final = {
    "subscriber": _("Subscriber"),
    "camera": _("Camera"),
    "tariff": _("Tariff"),
    "referral": _("Referral"),
}
KEYS: Final = {
    "subscriber": _("Number"),
    "camera": _("Camera id"),
    "tariff": _("Code"),
    "referral": _("Code"),
}
LOSES: Final = "loses"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is shown: what it is, where it leads, and why it loses money.

    `next` is the report of the level below, `sub` says more below its name.
    """

    row: MoneyRow
    head: str
    href: str
    next: str = ""
    sub: str = ""
    cause: str = ""
    cures: Sequence[Cure] = ()

    @property
    def currency(self) -> str:
        """That of its amounts."""
        return self.row.currency


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of lines, how many there are, and the texts below the columns."""

    rows: Sequence[Line]
    total: int
    is_more: bool
    totals: Sequence[str] | None


def columns_of(asked: Asked) -> tuple[Column, ...]:
    """The columns of a report, as far as this person may know what stands below them."""
    by, margins = asked.by, asked.margins
    sortable = by in {"subscriber", "referral"}
    each = by == "camera"
    found = [
        Column(HEADS[by], "name" if sortable or not margins or by == "tariff" else None, of="head"),
        Column(KEYS[by], of="row.key", only_file=True),
    ]
    if each:
        found += [
            # Of the cameras of one it would say the same in every line.
            Column(
                _("Subscriber"),
                of="row.owner",
                wide=True,
                fact="subscriber" not in asked.narrowed,
                only_file="subscriber" in asked.narrowed,
            ),
            Column(_("Customer number"), of="row.subscriber", kind="text", only_file=True),
            Column(_("Days"), of="row.days", kind="number", wide=True),
        ]
    elif by == "referral":
        found.append(
            Column(_("Subscribers"), of="row.subscribers", kind="number", wide=True, fact=True)
        )
    else:
        found.append(Column(_("Cameras"), of="row.cameras", kind="number", wide=True, fact=True))
    if by == "subscriber":
        found.append(Column(_("Days"), of="row.days", kind="number", wide=True))
    # A phone keeps the margin, and what was charged beside the name.
    charged = Column(_("Charges"), of="row.charges", kind="money", wide=margins or not each)
    discount = Column(_("Discount"), of="row.discount", kind="money", wide=True)
    # Charges of a tariff are summed of a whole cloud, not of one's own subscribers.
    told = margins or by != "tariff"
    found += [replace(charged, fact=charged.wide)] if told else []
    if not each or margins:
        found += [
            *([discount] if told else []),
            Column(
                _("Revenue"),
                "revenue" if not margins or (not each and by != "subscriber") else None,
                of="row.revenue",
                kind="money",
                wide=margins,
            ),
        ]
    if margins:
        found += [
            Column(_("Cost"), of="row.cost", kind="money", wide=True),
            Column(_("Commissions"), of="row.commission", kind="money", wide=True),
            Column(_("Margin"), "margin", of="row.margin", kind="money"),
            Column(_("%"), of="row.margin_percent", kind="percent", wide=True),
        ]
        if by in WHAT:
            found.append(Column(_("Cause"), of="cause", wide=True))
    return tuple(found)


def default_sort(asked: Asked, state: str = "") -> str:
    """Those that earn most come first; where margins are not known, those that are charged most.

    Of those that lose money the one comes first that loses most.
    """
    if asked.margins:
        return "margin" if state == LOSES else "-margin"
    return "name" if asked.by == "camera" else "-revenue"


async def lines_of(
    request: HTMXRequest, asked: Asked, listing: Listing, month: Month | None
) -> Lines:
    """The page of a report that `listing` asks for; `month` is None to who may not know its sums.

    What belongs to none of the lines closes the last page, so that all of them sum to the month.
    """
    scope, filters = asked.scope, listing.filters
    narrowed = Narrowed(
        text=filters.get("q") or None,
        subscriber=filters.get("subscriber") or None,
        tariff=filters.get("tariff") or None,
        referral=filters.get("referral") or None,
        loses=filters.get("state") == LOSES,
    )
    by: By = KINDS[asked.by]
    found = await reads.find(
        scope.actor,
        scope.cloud,
        asked.chosen,
        by,
        narrowed=narrowed,
        wanted=Wanted(listing.sort, listing.offset, listing.size, listing.counted),
        sums=None if month is None else month.sums,
    )
    rows, sums = list(found.rows), found.sums
    is_last = listing.page >= listing.found(found.total).pages
    if month is not None and narrowed.is_whole and is_last:
        rows += reads.rest(scope.cloud, by, month.sums)
    lines = await _lines(request, asked, rows)
    columns = columns_of(asked)
    totals = None
    if sums is not None and not listing.is_further:
        locale = person_of(request).locale
        whole = Line(sums, "", "")
        totals = [
            "" if one.of in {"head", "cause"} else _told(one, whole, locale) for one in columns
        ]
    return Lines(lines, found.total, found.is_more, totals)


def _told(column: Column, whole: Line, locale: str) -> str:
    return "" if column.value(whole) in {None, ""} else shown(column, whole, locale, ZONE)


async def _lines(request: HTMXRequest, asked: Asked, rows: Sequence[MoneyRow]) -> list[Line]:
    """The lines of rows, with causes and cures of those that lose money."""
    now, locale = books_now(request), person_of(request).locale
    causes = await _causes(asked, rows, now)
    keeping = [rows[at].key for at, cause in causes.items() if cause == "keeps_more"]
    excess = NO_EXCESS
    if asked.by == "camera":
        excess = await excess_of(asked.scope, keeping, now)
    return [_line(asked, row, causes.get(at, ""), excess, locale) for at, row in enumerate(rows)]


async def _causes(asked: Asked, rows: Sequence[MoneyRow], now: datetime) -> dict[int, Cause]:
    """Why lines lose money, by their place among the rows."""
    what = WHAT.get(asked.by)
    if what is None or not asked.margins:
        return {}
    losing = {at: row for at, row in enumerate(rows) if row.margin is not None and row.margin < 0}
    lost = {
        at: Row(
            id=row.id,
            key=row.key,
            name=row.name,
            revenue=row.revenue or 0,
            cost=row.cost or 0,
            commission=row.commission or 0,
            margin=row.margin or 0,
            discount_percent=row.discount_percent,
            is_owned=row.is_owned,
        )
        for at, row in losing.items()
        if row.key != LATER
    }
    if not lost:
        return {}
    found = await margin_ranking.causes(
        asked.actor, asked.scope.cloud, list(lost.values()), what, now=now
    )
    return dict(zip(lost, found, strict=True))


def _line(asked: Asked, row: MoneyRow, cause: Cause, excess: Excess, locale: str) -> Line:
    told = cause_in_words(cause, row.discount_percent, locale)
    if not row.id:
        return _own_line(asked, row, told)
    scope, by, key = asked.scope, asked.by, row.key
    month = asked.chosen.period.key
    cures = cures_of(scope, WHAT[by], key, cause, excess) if by in WHAT else ()
    head = row.name or key
    if by == "camera":
        href, below = scope.at("camera", id=key, month=month), ""
        sub = "" if head == key else key
    elif by == "subscriber":
        href, below = scope.at("subscribers", key), asked.url(by="camera", subscriber=key)
        sub = _("Customer %(number)s") % {"number": key}
    elif by == "tariff":
        href, below = scope.at("tariffs", quote(key, safe="")), asked.url(by="camera", tariff=key)
        sub = ""
    else:
        href = scope.at("referrals", quote(key, safe=""))
        below, sub = asked.url(by="subscriber", referral=key), ""
    return Line(row, head, href, below, sub, told, cures)


def _own_line(asked: Asked, row: MoneyRow, cause: str) -> Line:
    """What is no subscriber's, tariff's or referral's: where its cameras or customers are."""
    if row.key == UNBORNE:
        below = asked.url(by="camera", subscriber=NOBODY)
        return Line(row, _("Days without a subscription"), below, cause=cause)
    if row.key == LATER:
        return Line(row, _("Credit notes given by hand"), asked.scope.invoices(side="retail"))
    if asked.by == "referral":
        below = asked.url(by="subscriber", referral=NOBODY)
        return Line(row, _("Without a referral"), below)
    return Line(
        row, _("Without a tariff in this month"), "", sub=_("Corrections of earlier months")
    )
