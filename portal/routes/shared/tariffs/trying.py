"""Trying a tariff on a closed month: who would have paid what. Nothing is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.outlook.composer import share_of
from portal.billing.outlook.preview import Money
from portal.billing.period import Period
from portal.books.actions import trials
from portal.books.queries import preview, tariff_sales
from portal.books.queries.preview import Preview, PreviewRow, Reach, Scope
from portal.catalog.forms.tariff import NewVersion
from portal.catalog.queries import tariffs as catalog
from portal.errors import Conflict, NotFound
from portal.routes.accounts.auth import Answer
from portal.routes.bars import Pair, dumbbell
from portal.routes.format import Change, change, number
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency
from portal.routes.middleware.now import books_now
from portal.routes.page import page, redirect
from portal.routes.shared.months import options_of
from portal.routes.shared.tariffs.desk import Desk
from portal.routes.shared.tariffs.draft import Draft
from portal.values.amounts import money
from portal.words import _, joined, ngettext

MONTHS_MAX: Final = 18
TARIFFS_MAX: Final = 200
PAGE: Final = 50
DRAWN: Final = 10
"""Subscribers of the picture."""
OWN, ALL, OF = "own", "all", "tariff:"

COLUMNS: Final = (
    Column(_("Subscriber"), of="name"),
    Column(_("Number"), of="subscriber", kind="number", only_file=True),
    Column(_("Cameras"), of="cameras", kind="number", wide=True, fact=True),
    Column(_("Charged"), of="charged", kind="money", wide=True),
    Column(_("Would be charged"), of="would_be_charged", kind="money", wide=True, fact=True),
    Column(_("Difference"), of="difference", kind="money"),
    Column(
        _("Change"),
        of=lambda row: share_of(row.difference, row.charged) if row.charged > 0 else None,
        kind="percent",
        wide=True,
    ),
    Column(_("Margin after"), of="outcome.after.margin", kind="money", wide=True, fact=True),
)


def _more(row: PreviewRow) -> bool:
    return row.difference > 0


def _less(row: PreviewRow) -> bool:
    return row.difference < 0


def _loses(row: PreviewRow) -> bool:
    return row.outcome.after.margin < 0


FILTERS: Final[Mapping[str, Callable[[PreviewRow], bool]]] = {
    "more": _more,
    "less": _less,
    "loses": _loses,
}
SHOWN: Final = (
    ("more", _("Would pay more")),
    ("less", _("Would pay less")),
    ("loses", _("Lose money")),
)


@dataclass(frozen=True, slots=True)
class Card:
    """A figure before and after."""

    label: str
    after: str
    before: str
    change: Change
    good: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a version is tried on; the choices of the page are (value, label)."""

    month: Period
    on: str
    show: str
    number: int
    months: Sequence[tuple[str, str]]
    reaches: Sequence[tuple[str, str]]

    @property
    def boxes(self) -> dict[str, str]:
        """The same as its form sends them."""
        return {"try_month": self.month.key, "try_on": self.on, "try_show": self.show}

    @property
    def scope(self) -> Scope:
        """Whose cameras are meant."""
        if self.on == ALL:
            return Scope(Reach.ALL)
        return Scope(Reach.OTHER, self.on.removeprefix(OF))


async def tried(
    request: HTMXRequest, desk: Desk, draft: Draft, version: NewVersion
) -> Answer | Stream:
    """The comparison, or its table as a file; why there is none is said in its place."""
    asked = await _asked(desk, draft)
    found: Preview | int | None = None
    wrong = ""
    try:
        found = await _found(request, desk, draft, version, asked)
    except (Conflict, NotFound) as error:
        wrong = error.message
    if isinstance(found, int):
        return redirect(request, desk.scope.at("tasks", found))
    rows = _in_order(found, asked.show)
    columns = in_currency(COLUMNS, desk.scope.cloud.currency)
    file = draft.intent.target
    if found is not None and file in {"csv", "xlsx"}:
        listing = Listing(desk.path, total=len(rows), file="xlsx" if file == "xlsx" else "csv")
        return await list_file(
            request,
            f"try-{desk.row.code}" if desk.row else "try",
            columns,
            rows,
            listing,
            cloud=desk.scope.cloud.slug,
            period=asked.month.key,
        )
    pages = max(1, -(-len(rows) // PAGE))
    at = min(asked.number, pages)
    return page(
        request,
        "shared/tariffs/try.html",
        block="form",
        status=HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
        desk=desk,
        path=desk.path,
        hidden=draft.hidden,
        asked=asked,
        wrong=wrong,
        found=found,
        cards=_cards(found, desk) if found else (),
        sentence=_sentence(found, desk.locale) if found else "",
        columns=columns,
        rows=rows[(at - 1) * PAGE : at * PAGE],
        matching=len(rows),
        at=at,
        pages=pages,
        shown=SHOWN,
        pairs=_pairs(found, desk) if found else (),
    )


async def _found(
    request: HTMXRequest, desk: Desk, draft: Draft, version: NewVersion, asked: Asked
) -> Preview | int:
    """The comparison, at once for some thousand cameras; of more, the task that makes it."""
    scope, month, reach = desk.scope, asked.month, asked.scope
    cameras = await preview.count_cameras(
        scope.actor, scope.cloud, month, reach, most=preview.CAMERAS_OF_TASK_MAX
    )
    if cameras <= preview.CAMERAS_OF_PAGE_MAX:
        return await preview.try_version(scope.actor, scope.cloud, month, version, reach)
    wanted = trials.wanted_of(version, month, reach)
    task = await trials.find(scope.actor, scope.cloud, wanted)
    if task is not None and task.state == "done":
        return trials.result_of(task, scope.cloud)
    return await trials.ask(
        scope.actor,
        scope.cloud,
        wanted,
        form={"path": desk.path, "boxes": draft.hidden, "chosen": asked.boxes},
        cameras=cameras,
        now=books_now(request),
        queue=request.app.state.queue,
    )


async def _asked(desk: Desk, draft: Draft) -> Asked:
    """The month and the cameras that were chosen; what is not offered is the first that is."""
    scope = desk.scope
    months = await tariff_sales.closed_months(scope.actor, scope.cloud, limit=MONTHS_MAX)
    tariffs = (await catalog.list_page(scope.actor, scope.cloud, limit=TARIFFS_MAX)).rows
    own = "" if desk.row is None else desk.row.code
    text = _("Cameras of %(name)s") if desk.row else _("Instead of %(name)s")
    reaches = [(f"{OF}{own}", _("Its own cameras"))] if own else []
    others = sorted(tariffs, key=lambda one: (not one.is_default, one.name.casefold()))
    reaches += [(f"{OF}{one.code}", text % {"name": one.name}) for one in others if one.code != own]
    reaches.append((ALL, _("All cameras")))
    keys = {month.key: month for month in months}
    month = keys.get(draft.boxes.get("try_month", ""), months[0])
    on = draft.boxes.get("try_on", "")
    wanted = draft.intent.target.removeprefix("page-")
    return Asked(
        month=month,
        on=on if on in dict(reaches) else reaches[0][0],
        show=draft.boxes.get("try_show", ""),
        number=int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 1,
        months=options_of([one.start for one in months], desk.locale),
        reaches=reaches,
    )


def _in_order(found: Preview | None, show: str) -> list[PreviewRow]:
    """Those that are asked for, the largest difference first."""
    wanted = FILTERS.get(show)
    rows = [row for row in found.rows if wanted is None or wanted(row)] if found else []
    return sorted(rows, key=lambda row: (-row.difference, row.subscriber))


def _cards(found: Preview, desk: Desk) -> list[Card]:
    def card(label: str, of: Callable[[Money], int], good: str) -> Card:
        before, after = of(found.total.before), of(found.total.after)
        return Card(
            label,
            money(after, found.currency, desk.locale),
            money(before, found.currency, desk.locale),
            change(after, before),
            good,
        )

    return [
        card(_("Revenue"), lambda one: one.revenue, "up"),
        card(_("Cost"), lambda one: one.cost, "down"),
        card(_("Commission"), lambda one: one.commission, ""),
        card(_("Margin"), lambda one: one.margin, "up"),
    ]


def _sentence(found: Preview, locale: str) -> str:
    """Who would pay more and less, and who loses money: "9 of 12 subscribers would pay more, …"."""
    if not found.rows:
        return _("No camera was on it in that month.")
    more = [row for row in found.rows if _more(row)]
    less = [row for row in found.rows if _less(row)]
    lost = [row for row in found.rows if _loses(row)]
    still = [row for row in lost if row.outcome.before.margin < 0]
    facts = {"of": number(len(found.rows), locale)}
    parts = []
    if more:
        most = money(max(row.difference for row in more), found.currency, locale)
        text = ngettext(
            "%(count)s of %(of)s subscribers would pay more, at most +%(most)s",
            "%(count)s of %(of)s subscribers would pay more, at most +%(most)s",
            len(more),
        )
        parts.append(text % {**facts, "count": number(len(more), locale), "most": most})
    else:
        parts.append(_("None of %(of)s subscribers would pay more") % facts)
    if less:
        text = ngettext("%(count)s pays less", "%(count)s pay less", len(less))
        parts.append(text % {"count": number(len(less), locale)})
    if still:
        text = ngettext("%(count)s still loses money", "%(count)s still lose money", len(still))
        parts.append(text % {"count": number(len(still), locale)})
    if fresh := len(lost) - len(still):
        text = ngettext("%(count)s would lose money", "%(count)s would lose money", fresh)
        parts.append(text % {"count": number(fresh, locale)})
    return joined([joined(parts, "; "), "."], "")


def _pairs(found: Preview, desk: Desk) -> tuple[Pair, ...]:
    """The subscribers whose charge changes most."""
    changed = [row for row in found.rows if row.difference]
    largest = sorted(changed, key=lambda row: (-abs(row.difference), row.subscriber))[:DRAWN]

    def said(row: PreviewRow) -> str:
        facts = {
            name: money(amount, found.currency, desk.locale)
            for name, amount in (("before", row.charged), ("after", row.would_be_charged))
        }
        return _("%(before)s → %(after)s") % facts

    return dumbbell(
        [
            (
                row.name,
                desk.scope.at("subscribers", row.subscriber),
                row.charged,
                row.would_be_charged,
                said(row),
            )
            for row in largest
        ]
    )
