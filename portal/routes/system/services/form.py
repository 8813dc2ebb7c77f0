"""Offering a service and changing one, with what its measure comes to while one chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing import pricing as prices
from portal.billing.measure import Measure
from portal.billing.measure import Service as Measured
from portal.billing.pricing import pricing_from
from portal.catalog.actions import services as actions
from portal.catalog.forms.service import MEASURED, NewService, ServiceChange
from portal.catalog.queries import meters
from portal.catalog.queries import services as reads
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
from portal.routes.format import number
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.sending import made_once
from portal.routes.system.services.words import MEASURES, SERVICES, meter_sentence
from portal.values.fields import label_of
from portal.values.kinds import Quantity
from portal.values.pricing import BLANK_TIER, PricingOf, boxes_of_pricing
from portal.values.text import code_of
from portal.words import _

WRITERS: Final = [requires(Permission.SERVICES_WRITE)]
METERS_MAX: Final = 500
OTHER: Final = "other"
SIZES: Final = (
    ("1", _("1 base unit")),
    ("1000000000", _("1 GB: 1,000,000,000 bytes")),
    ("3600", _("1 hour: 3,600 seconds")),
    (OTHER, _("Another size")),
)
EXAMPLE_UNITS: Final = 7
EXAMPLE_DAYS: Final = 15
EXAMPLE_MONTH: Final = 30
"""The example: 7 units on each of 15 days of a month of 30."""
TRIED: Final = "300"
EMPTY: Final[Mapping[str, Any]] = {"short": "", "unit_plural": "", "list_pricing": None}
BLANK: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("name", "short", "code", "meter", "unit", "unit_plural", "unit_size"), ""),
    "measure": "unit_month",
    "size": "1",
    "try": TRIED,
}


@dataclass(frozen=True, slots=True)
class Computed:
    """What follows from what is typed: the code proposed, each measure's example, a price tried.

    `examples` are (measure, its name, the quantity, whether it is the one chosen); `amount` is ""
    while there is no price to try.
    """

    code: str
    examples: list[tuple[str, str, str, bool]]
    quantity: str
    amount: str


@get("/services/new", guards=WRITERS)
async def new(request: HTMXRequest) -> Response[str]:
    """The form."""
    return await _page(request, None, flat(BLANK), {})


@post("/services/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def create(request: HTMXRequest) -> Answer:
    """Recalculate, add or take away a tier, or offer the service."""
    sent = await texts(request)
    intent, values = intent_of(sent), nested(sent)
    if not intent.saves:
        return await _again(request, None, intent, values)
    values["code"] = values.get("code") or code_of(str(values.get("short", "")))
    try:
        form = parse_nested(NewService, _sized(values))
        make = partial(actions.create, actor_of(request), form)
        made = await made_once(request, make, f"{SERVICES}/{form.code}")
    except Invalid as invalid:
        return await _page(request, None, sent, by_box(invalid))
    except Conflict as conflict:
        return await _page(request, None, sent, conflict.fields)
    path = f"{SERVICES}/{made.code}"
    return redirect(request, path, _("%(name)s is added.") % {"name": made.name})


@get("/services/{code:str}/edit", guards=WRITERS)
async def edit(request: HTMXRequest, code: FromPath[str]) -> Response[str]:
    """The form, as the service is."""
    row, locale = await reads.get(actor_of(request), code), person_of(request).locale
    size = str(row.unit_size)
    known = {value for value, _name in SIZES}
    boxes = {
        **{name: getattr(row, name) for name in ("name", "short", "unit", "unit_plural")},
        "meter": row.meter,
        "measure": row.measure,
        "try": TRIED,
        "size": size if size in known else OTHER,
        "unit_size": "" if size in known else size,
    }
    if row.list_pricing is not None:
        boxes["list_pricing"] = boxes_of_pricing(pricing_from(row.list_pricing), locale)
    return await _page(request, row, flat(boxes), {})


@post("/services/{code:str}/edit", guards=WRITERS, status_code=HTTPStatus.OK)
async def change(request: HTMXRequest, code: FromPath[str]) -> Answer:
    """Recalculate, add or take away a tier, or store it."""
    actor, sent = actor_of(request), await texts(request)
    row = await reads.get(actor, code)
    intent, values = intent_of(sent), nested(sent)
    if not intent.saves:
        return await _again(request, row, intent, values)
    wanted = _sized(values)
    if await reads.keeps_measure(actor, code):
        wanted = {name: one for name, one in wanted.items() if name not in MEASURED}
    wanted.pop("code", None)
    # A box that was sent empty empties its field; one that was not sent leaves it as it is.
    empty = {name: one for name, one in EMPTY.items() if name in values}
    try:
        after = await actions.change(actor, code, parse_nested(ServiceChange, wanted, empty))
    except Invalid as invalid:
        return await _page(request, row, sent, by_box(invalid))
    except Conflict as conflict:
        return await _page(request, row, sent, conflict.fields)
    path = f"{SERVICES}/{code}"
    return redirect(request, path, _("%(name)s is saved.") % {"name": after.name})


def _sized(values: Mapping[str, Any]) -> dict[str, Any]:
    """The nested texts as the forms read them: the size that is chosen, or the one typed."""
    found = {name: one for name, one in values.items() if name in NewService.__annotations__}
    size = values.get("size", OTHER)
    if size != OTHER:
        found["unit_size"] = size
    pricing = found.get("list_pricing")
    if isinstance(pricing, Mapping) and not pricing.get("model"):
        del found["list_pricing"]
    return found


async def _again(
    request: HTMXRequest, row: Service | None, intent: Intent, values: dict[str, Any]
) -> Response[str]:
    """The form with a tier more or less, or what is computed of it; nothing is stored."""
    whole = intent.verb in {"add", "remove"}
    boxes = flat(changed_rows(values, intent, BLANK_TIER))
    return await _page(request, row, boxes, {}, block="form" if whole else "computed")


def _computed(values: Mapping[str, Any], locale: str) -> Computed:
    size = _size(values)
    examples = []
    for measure, name in MEASURES.items():
        example = Measured(0, "", "", size, Measure(measure))
        base = EXAMPLE_UNITS * size
        quantity = example.quantity(base * EXAMPLE_DAYS, base, EXAMPLE_MONTH)
        told = number(_decimal(quantity), locale)
        examples.append((measure, name, told, values.get("measure") == measure))
    tried, pricing = str(values.get("try", "")), values.get("list_pricing")
    amount = ""
    try:
        quantity = Fraction(Quantity().read_text(tried.strip(), "try"))
        filled = {name: one for name, one in (pricing or {}).items() if one != ""}
        exact = prices.price(PricingOf().read_text(filled, "list_pricing"), quantity)
        amount = number(_decimal(exact), locale)
    except Invalid:
        amount = ""  # nothing is tried before both can be read
    code = str(values.get("code", "")) or code_of(str(values.get("short", "")))
    return Computed(code, examples, tried, amount)


def _size(values: Mapping[str, Any]) -> int:
    """Base units in a unit; 1 while that is no number yet."""
    chosen = values.get("size", OTHER)
    text = str(values.get("unit_size", "") if chosen == OTHER else chosen)
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 18 else 1


def _decimal(exact: Fraction) -> Decimal:
    return (Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.000001"))


async def _page(
    request: HTMXRequest,
    row: Service | None,
    values: dict[str, str],
    errors: dict[str, str],
    *,
    block: str = "form",
) -> Response[str]:
    actor, locale = actor_of(request), person_of(request).locale
    known = await meters.list_page(actor, limit=METERS_MAX)
    found = nested(values)
    meter = next((one for one in known if one.key == found.get("meter")), None)
    return form_page(
        request,
        "system/services/form.html",
        block=block,
        service=row,
        keeps=row is not None and await reads.keeps_measure(actor, row.code),
        values=values,
        errors=errors,
        labels={box: label_of(box.replace("-", ".")) for box in errors},
        meters=[(one.key, meter_sentence(one)) for one in known],
        measures=list(MEASURES.items()),
        sizes=SIZES,
        meter=meter,
        computed=_computed(found, locale),
        path=f"{SERVICES}/{row.code}/edit" if row else f"{SERVICES}/new",
        back=f"{SERVICES}/{row.code}" if row else SERVICES,
        crumbs=[
            (_("Services"), SERVICES),
            *([(row.name, f"{SERVICES}/{row.code}")] if row else []),
        ],
    )
