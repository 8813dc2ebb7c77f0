"""What a cloud pays for each service: read by its operator, set by the platform."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.period import Period, local_date
from portal.billing.pricing import Pricing, raised
from portal.books.queries import prices as reads
from portal.books.queries.prices import Dated, Effect, PriceRow
from portal.catalog.actions import price_lists
from portal.catalog.forms.rate import NewPrices
from portal.catalog.queries import services as service_reads
from portal.catalog.queries.services import Service
from portal.errors import Conflict, Invalid
from portal.kit.forms.nested import (
    Intent,
    by_box,
    changed_rows,
    flat,
    intent_of,
    nested,
    parse_nested,
)
from portal.routes.accounts.auth import Answer
from portal.routes.format import change, day, month_alone, percent
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import page, redirect
from portal.routes.pricing_words import price_in_words
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.prices.rows import (
    OPENS,
    ROWS,
    boxes_of_prices,
    opened,
    price_rows,
    readable_prices,
    sent_prices,
)
from portal.values.amounts import money
from portal.values.fields import label_of
from portal.values.kinds import Day, Percent
from portal.values.pricing import BLANK_TIER
from portal.words import _

READERS: Final = [requires(Permission.RATES_READ)]
WRITERS: Final = [requires(Permission.RATES_WRITE)]
SERVICES_MAX: Final = 100
RAISE: Final = "raise"
"""The button that raises all prices in the boxes by a percentage."""
PRICE: Final = 2
NEXT: Final = 4
COLUMNS: Final = (
    Column(_("Service"), of="service.name"),
    Column(_("Code"), of="service.code", only_file=True),
    Column(_("Price"), fact=True),
    Column(_("Since"), of=lambda row: row.now and row.now.valid_from, kind="day", wide=True),
    Column(_("Next"), wide=True),
    Column(_("Quantity"), of="quantity", kind="quantity", wide=True),
    Column(_("Cost"), of="cost", kind="money"),
    Column(_("Share"), of="share", kind="percent", wide=True),
)


@get("/", guards=READERS)
async def prices(request: HTMXRequest) -> Response[str] | Stream:
    """The page, or the file of its table."""
    scope, locale = await CloudScope.of(request), person_of(request).locale
    found = await reads.table(scope.actor, scope.cloud, now=books_now(request))
    columns = in_currency(_columns(found.currency, locale), found.currency)
    listing = read_listing(scope.at("prices"), request.query_params, columns)
    listing = listing.found(len(found.rows))
    if listing.file:
        rows = found.rows
        return await list_file(request, "prices", columns, rows, listing, cloud=scope.cloud.slug)
    total = sum(row.cost for row in found.rows if row.cost is not None)
    return page(
        request,
        "shared/prices/prices.html",
        block="rows",
        scope=scope,
        columns=columns,
        rows=[(row, _history(row, found.currency, locale)) for row in found.rows],
        listing=listing,
        month=found.month,
        currency=found.currency,
        total=total,
        may_write=can(scope.actor, Permission.RATES_WRITE),
        may_see_service=not scope.inside,
    )


def _columns(currency: str, locale: str) -> tuple[Column, ...]:
    """The columns, with prices as people of a locale read them."""

    def told(row: PriceRow, dated: Dated | None) -> str:
        if dated is None:
            return ""
        return price_in_words(dated.pricing, currency, row.service.unit, locale)

    def following(row: PriceRow) -> str:
        if row.next is None:
            return ""
        facts = {"price": told(row, row.next), "day": day(row.next.valid_from, locale)}
        return _("%(price)s from %(day)s") % facts

    found = list(COLUMNS)
    found[PRICE] = replace(COLUMNS[PRICE], of=lambda row: told(row, row.now))
    found[NEXT] = replace(COLUMNS[NEXT], of=following)
    return tuple(found)


def _history(row: PriceRow, currency: str, locale: str) -> list[tuple[date, str]]:
    """Every price of a service with its first day, the latest first."""
    return [
        (one.valid_from, price_in_words(one.pricing, currency, row.service.unit, locale))
        for one in row.history
    ]


@get("/new", guards=WRITERS)
async def new(request: HTMXRequest) -> Response[str]:
    """The form, with what is paid then; from the first of the next month unless changed."""
    scope, locale = await CloudScope.of(request), person_of(request).locale
    running = Period.of(local_date(books_now(request), scope.zone))
    start = running.next().start
    known = await service_reads.list_page(scope.actor, limit=SERVICES_MAX)
    now = await reads.in_force(scope.actor, scope.cloud, start)
    values = {
        "valid_from": start.isoformat(),
        "percent": "",
        **boxes_of_prices(known, now, locale),
    }
    return await _page(request, scope, known, values, {})


@post("/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def create(request: HTMXRequest) -> Answer:
    """Recalculate, raise all prices, open the tiers of one, or set those that differ."""
    scope, sent = await CloudScope.of(request), await texts(request)
    known = await service_reads.list_page(scope.actor, limit=SERVICES_MAX)
    intent, values = intent_of(sent), nested(sent)
    if not intent.saves:
        return await _again(request, scope, known, intent, values)
    try:
        form = parse_nested(
            NewPrices,
            {"valid_from": values.get("valid_from", ""), "prices": sent_prices(values)},
        )
        before = await reads.in_force(scope.actor, scope.cloud, form.valid_from)
        wanted = _different(known, form, before, values)
        if wanted:
            await price_lists.set_prices(
                scope.actor, scope.cloud, wanted, valid_from=form.valid_from
            )
    except Invalid as invalid:
        return await _page(request, scope, known, sent, by_box(invalid))
    except Conflict as conflict:
        # In place: the day is one that books or another price have taken.
        errors = {"valid_from": conflict.message}
        return await _page(request, scope, known, sent, errors, status=HTTPStatus.CONFLICT)
    facts = {"day": day(form.valid_from, person_of(request).locale)}
    said = _("The new prices are set from %(day)s.") if wanted else _("No price is different.")
    return redirect(request, scope.at("prices"), said % facts)


def _different(
    known: Sequence[Service],
    form: NewPrices,
    before: Mapping[str, Pricing],
    values: Mapping[str, Any],
) -> dict[str, Pricing]:
    """The prices that are not so already. Raises `Invalid` where one was taken out."""
    wanted = {one.service: one.pricing for one in form.prices}
    rows = values.get(ROWS)
    shown = len(rows) if isinstance(rows, list) else 0
    gone = {
        f"{ROWS}[{index}].pricing.unit_price": _("is required: 0 gives it away for nothing")
        for index, one in enumerate(known[:shown])
        if one.code in before and one.code not in wanted
    }
    if gone:
        raise Invalid(gone)
    return {code: pricing for code, pricing in wanted.items() if before.get(code) != pricing}


async def _again(
    request: HTMXRequest,
    scope: CloudScope,
    known: Sequence[Service],
    intent: Intent,
    values: dict[str, Any],
) -> Response[str]:
    """The form or what is computed of it, with what a button changes; nothing is stored."""
    errors: dict[str, str] = {}
    boxes = flat(changed_rows(opened(values, intent), intent, BLANK_TIER))
    if intent.verb == RAISE:
        try:
            by = Percent().read_text(boxes.get("percent", "").strip(), "percent")
            boxes = _raised(request, known, boxes, by)
        except Invalid as invalid:
            errors = invalid.fields
    whole = intent.verb in {RAISE, OPENS, "add", "remove"}
    block = "form" if whole else "computed"
    return await _page(request, scope, known, boxes, errors, block=block, status=HTTPStatus.OK)


def _raised(
    request: HTMXRequest, known: Sequence[Service], boxes: dict[str, str], by: Decimal
) -> dict[str, str]:
    """The boxes with every price that can be read higher by a percentage."""
    higher = {code: raised(one, by) for code, one in readable_prices(nested(boxes)).items()}
    kept = {name: text for name, text in boxes.items() if not name.startswith(f"{ROWS}-")}
    return {**kept, "percent": "", **boxes_of_prices(known, higher, person_of(request).locale)}


def _sentence(effect: Effect | None, currency: str, locale: str) -> str:
    """As "October would have cost €3,515.88 (+€102.40, 3.0%)."; "" before a month is closed."""
    if effect is None:
        return ""
    moved = change(effect.after, effect.before).percent
    sign = "+" if effect.difference > 0 else ""
    return _("%(month)s would have cost %(amount)s (%(difference)s, %(percent)s).") % {
        "month": month_alone(effect.month, locale),
        "amount": money(effect.after, currency, locale),
        "difference": sign + money(effect.difference, currency, locale),
        "percent": sign + percent(moved or Decimal(0), locale, 1),
    }


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    known: Sequence[Service],
    boxes: dict[str, str],
    errors: dict[str, str],
    *,
    block: str = "form",
    status: int | None = None,
) -> Response[str]:
    locale, currency = person_of(request).locale, scope.cloud.currency
    found = nested(boxes)
    try:
        start = Day().read_text(boxes.get("valid_from", ""), "valid_from")
    except Invalid:
        start = local_date(books_now(request), scope.zone)
    paid = await reads.in_force(scope.actor, scope.cloud, start)
    hints = {
        one.code: _("Now: %(price)s")
        % {"price": price_in_words(paid[one.code], currency, one.unit, locale)}
        for one in known
        if one.code in paid
    }
    effect = await reads.effect(scope.actor, scope.cloud, readable_prices(found))
    if status is None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(
        request,
        "shared/prices/new.html",
        block=block,
        status=status,
        scope=scope,
        values=boxes,
        errors=errors,
        labels={box: label_of(box.rpartition("-")[2]) for box in errors},
        rows=price_rows(known, boxes, hints),
        currency=currency,
        effect=effect,
        sentence=_sentence(effect, currency, locale),
        path=scope.at("prices", "new"),
        back=scope.at("prices"),
    )


PRICES: Final = (prices, new, create)
