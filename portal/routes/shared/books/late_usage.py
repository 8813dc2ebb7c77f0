"""Late usage of months that no close corrects by itself: looked at, billed, waived."""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.period import Period, parse_month
from portal.books.actions import late_usage
from portal.books.actions.late_usage import Waiting
from portal.books.forms.late_usage import LateFilter, LateMark, SettleLateForm
from portal.errors import Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.format import month as month_name
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.sending import done_once
from portal.values.amounts import money
from portal.words import _, ngettext

READERS: Final = [requires(Permission.MARGINS_READ)]
WRITERS: Final = [requires(Permission.CREDITS_WRITE)]
PICKED: Final = "pick-"
"""A box "pick-2026-07-gate" is ticked for a camera's usage of a month."""
COLUMNS: Final = (
    Column(_("Camera"), of="camera"),
    Column(_("Month"), of="month", kind="month"),
    Column(_("Subscriber"), of="customer"),
    Column(_("Number"), of="subscriber", only_file=True),
    Column(_("Subscriber would pay"), of="retail", kind="money"),
    Column(_("Cost would be"), of="wholesale", kind="money"),
    Column(_("Billed with the next close"), of="bills", kind="flag"),
)


@get("/periods/late-usage", guards=READERS)
async def late_usage_page(request: HTMXRequest) -> Response[str] | Stream:
    """The list, oldest month first, and what is done with what is ticked."""
    scope = await CloudScope.of(request)
    listing = _listing(request, scope)
    if listing.file:
        columns = in_currency(COLUMNS, scope.cloud.currency)
        rows, _more = await late_usage.waiting(scope.actor, scope.cloud, _filter(request))
        return await list_file(request, "late-usage", columns, rows, listing)
    return await _page(request, scope, {})


@post("/periods/late-usage", guards=WRITERS, status_code=HTTPStatus.OK)
async def settle_late_usage(request: HTMXRequest) -> Answer:
    """Bill or waive what is ticked, once; again changes nothing."""
    scope, sent = await CloudScope.of(request), await texts(request)
    try:
        form = SettleLateForm(
            deed="waive" if sent.get("deed") == "waive" else "bill",
            marks=tuple(_mark(name) for name in sent if name.startswith(PICKED)),
            reason=sent.get("reason", "").strip()[:500],
        )
        await done_once(
            request,
            partial(late_usage.settle, scope.actor, scope.cloud, form, now=books_now(request)),
        )
    except Invalid as invalid:
        errors = {path.partition("[")[0]: told for path, told in invalid.fields.items()}
        return await _page(request, scope, sent, errors=errors)
    count = len(form.marks)
    if form.deed == "bill":
        told = ngettext(
            "%(count)s is billed with the next close.",
            "%(count)s are billed with the next close.",
            count,
        )
    else:
        told = ngettext("%(count)s is waived.", "%(count)s are waived.", count)
    return redirect(request, scope.at("periods", "late-usage"), told % {"count": count})


def _mark(name: str) -> LateMark:
    """The camera and month of a box. Raises `Invalid` for one that no page has."""
    month, camera = name.removeprefix(PICKED)[:7], name.removeprefix(PICKED)[8:]
    try:
        return LateMark(camera=camera, period=parse_month(month))
    except Invalid:
        raise Invalid({"marks": _("is no month")}) from None


def _listing(request: HTMXRequest, scope: CloudScope) -> Listing:
    path = scope.at("periods", "late-usage")
    return read_listing(path, request.query_params, COLUMNS, filters=("subscriber", "month"))


def _months(rows: Sequence[Waiting], wanted: LateFilter, locale: str) -> list[tuple[str, str]]:
    """Months to choose from: those listed, and the chosen one."""
    found = {Period.of(row.month) for row in rows} | ({wanted.month} if wanted.month else set())
    return [
        (one.key, month_name(one.start, locale))
        for one in sorted(found, key=lambda month: month.start)
    ]


def _filter(request: HTMXRequest) -> LateFilter:
    asked = {name: request.query_params.get(name, "") for name in ("subscriber", "month")}
    try:
        return parse_texts(LateFilter, {name: text for name, text in asked.items() if text})
    except Invalid:
        # What an address may not ask for is left out, as in every list.
        return LateFilter()


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    sent: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    locale, currency = person_of(request).locale, scope.cloud.currency
    wanted = _filter(request)
    rows, more = await late_usage.waiting(scope.actor, scope.cloud, wanted)
    path = scope.at("periods", "late-usage")
    return page(
        request,
        "shared/books/late_usage.html",
        block="rows",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        scope=scope,
        crumbs=(*scope.above, (_("Months"), scope.at("periods"))),
        path=path,
        rows=rows,
        more=more,
        listing=_listing(request, scope),
        months=_months(rows, wanted, locale),
        sums=_sums(rows, currency, locale),
        currency=currency,
        may_settle=can(scope.actor, Permission.CREDITS_WRITE),
        values=sent,
        errors=errors or {},
        picked=PICKED,
    )


def _sums(rows: list[Waiting], currency: str, locale: str) -> list[tuple[str, str]]:
    customers = {row.subscriber for row in rows if row.subscriber is not None}
    return [
        (_("Cameras and months"), str(len(rows))),
        (_("Subscribers"), str(len(customers))),
        (_("Subscribers would pay"), money(sum(row.retail for row in rows), currency, locale)),
        (_("Cost would be"), money(sum(row.wholesale for row in rows), currency, locale)),
    ]


LATE_USAGE: Final = (late_usage_page, settle_late_usage)
