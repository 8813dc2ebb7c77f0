"""Making a cloud: operator, prices, manager, billing and first administrator on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission
from portal.accounts.actions.sign_in_links import Link
from portal.accounts.queries import people
from portal.billing.money import CURRENCIES
from portal.billing.outlook.composer import Terms, cost_of
from portal.billing.period import Period
from portal.billing.pricing import Pricing
from portal.catalog.actions import price_lists
from portal.catalog.queries import services as service_reads
from portal.catalog.queries.services import Service
from portal.customers.forms import territories
from portal.customers.forms.closing import LOOK, MODES
from portal.customers.queries import clouds as reads
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.nested import (
    Intent,
    by_box,
    changed_rows,
    flat,
    intent_of,
    nested,
    parse_nested,
)
from portal.kit.queries import tenancy
from portal.overview.actions import founding
from portal.overview.forms.founding import COPY, LIST, NOTHING, Founding
from portal.routes.accounts.auth import Answer
from portal.routes.format import number
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import form_page, redirect
from portal.routes.pricing_words import price_in_words
from portal.routes.reading import get
from portal.routes.shared.accounts.once import link_page
from portal.routes.shared.cloud_scope import CLOUDS
from portal.routes.shared.months import today_of
from portal.routes.shared.prices.rows import (
    OPENS,
    ROWS,
    boxes_of_prices,
    opened,
    price_rows,
    readable_prices,
    sent_prices,
)
from portal.routes.shared.sending import made_once
from portal.values.amounts import money
from portal.values.fields import label_of
from portal.values.kinds import Day, Percent, is_slug
from portal.values.pricing import BLANK_TIER
from portal.values.text import code_of
from portal.values.typed import typed
from portal.words import _, joined

WRITERS: Final = [requires(Permission.CLOUDS_CREATE, Permission.RATES_WRITE)]
SERVICES_MAX: Final = 100
CLOUDS_MAX: Final = 1_000
FILL: Final = "fill"
"""The button that proposes what goes with the country."""
PRICES: Final = "prices"
"""The button that fills the prices from the list, or from another cloud."""
SAMPLE: Final[Mapping[str, Decimal]] = {
    "recording.motion.depth": Decimal(7),
    "analytics.plates": Decimal(1),
}
"""What one camera of the example uses of a service, by its meter, in units."""
BOX_OF: Final[Mapping[str, str]] = {
    "slug": "cloud-slug",
    "invoice_prefix": "cloud-invoice_prefix",
    "manager": "cloud-manager",
    "email": "administrator_email",
    "name": "administrator_name",
}
"""The box that a complaint of an action is about."""
CLOUD: Final[Mapping[str, str]] = {
    **dict.fromkeys(("name", "slug", "currency", "timezone", "address", "tax_number"), ""),
    **dict.fromkeys(("email", "bank", "manager", "invoice_prefix"), ""),
    "locale": "en_GB",
    "tax_percent": "0",
    "wholesale_discount_percent": "0",
    "wholesale_tax_percent": "0",
    "payment_days": "14",
    "close_mode": LOOK,
    "close_after_days": "3",
}
"""What the boxes of the cloud begin with."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What follows from what is typed: names proposed, why one is not free, and an example.

    `example` is what one camera would cost, "" where nothing that it uses has a price yet.
    """

    name: str
    slug: str
    complaint: str
    prefix: str
    example: str
    amount: str


@get("/clouds/new", guards=WRITERS)
async def new(request: HTMXRequest) -> Response[str]:
    """The form, with the list prices of all services."""
    actor, locale = actor_of(request), person_of(request).locale
    known = await service_reads.list_page(actor, limit=SERVICES_MAX)
    values = {
        **flat({"cloud": CLOUD}),
        "country": "",
        "start_from": LIST,
        "copy_of": "",
        "valid_from": Period.of(today_of(request)).start.isoformat(),
        **boxes_of_prices(known, await price_lists.list_prices(actor), locale),
    }
    return await _page(request, known, values, {})


@post("/clouds/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def create(request: HTMXRequest) -> Answer:
    """Propose, recalculate, open the tiers of a price, or make the cloud: all of it or nothing."""
    actor, sent = actor_of(request), await texts(request)
    known = await service_reads.list_page(actor, limit=SERVICES_MAX)
    intent, values = intent_of(sent), nested(sent)
    if not intent.saves:
        return await _again(request, known, intent, values)
    try:
        form = parse_nested(Founding, _typed(values))
        now, mail = SessionConfig.of(request).clock(), request.app.state.post
        found = partial(founding.found, actor, form, now=now, post=mail)
        made = await made_once(request, found, f"{CLOUDS}/{form.cloud.slug}")
    except Invalid as invalid:
        return await _page(request, known, sent, _boxes_of(by_box(invalid)))
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return await _page(request, known, sent, _boxes_of(conflict.fields))
    return _made(request, made.cloud.slug, made.cloud.name, form.administrator_email, made.link)


async def _again(
    request: HTMXRequest, known: Sequence[Service], intent: Intent, values: dict[str, Any]
) -> Response[str]:
    """The form or what is computed of it, with what a button changes; nothing is stored."""
    actor = actor_of(request)
    errors: dict[str, str] = {}
    if intent.verb == FILL:
        await _fill(actor, values, person_of(request).locale)
    boxes = flat(changed_rows(opened(values, intent), intent, BLANK_TIER))
    if intent.verb == PRICES:
        try:
            prices = await _beginning(actor, values, today_of(request))
            kept = {name: text for name, text in boxes.items() if not name.startswith(f"{ROWS}-")}
            boxes = {**kept, **boxes_of_prices(known, prices, person_of(request).locale)}
        except Invalid as invalid:
            errors = invalid.fields
        except NotFound:
            errors = {"copy_of": _("is required")}
    whole = intent.verb in {FILL, PRICES, OPENS, "add", "remove"}
    return await _page(request, known, boxes, errors, block="form" if whole else "computed")


async def _fill(actor: Actor, values: dict[str, Any], locale: str) -> None:
    """Put what goes with the country, and the names that are proposed, into their boxes."""
    cloud = _cloud_of(values)
    found = territories.get(str(values.get("country", "")))
    if found is not None:
        cloud |= {"currency": found.currency, "timezone": found.timezone, "locale": found.locale}
        if found.tax_percent is not None:
            cloud["tax_percent"] = typed(found.tax_percent, locale)
    cloud["slug"] = cloud.get("slug") or code_of(cloud.get("name", ""))
    if not cloud.get("invoice_prefix") and is_slug(cloud["slug"]):
        cloud["invoice_prefix"] = (await reads.names_for(actor, cloud["slug"])).prefix
    values["cloud"] = cloud


async def _beginning(actor: Actor, values: dict[str, Any], today: date) -> dict[str, Pricing]:
    """The prices that the form is to begin with. Raises `Invalid`, `NotFound`."""
    start = values.get("start_from")
    if start == LIST:
        return await price_lists.list_prices(actor)
    if start != COPY:
        return {}
    source = await tenancy.get(actor, str(values.get("copy_of", "")))
    currency = _cloud_of(values).get("currency", "")
    if currency and source.currency != currency:
        facts = {"source": source.slug, "theirs": source.currency, "ours": currency}
        told = _("%(source)s pays in %(theirs)s: its prices are none in %(ours)s")
        raise Invalid({"copy_of": told % facts})
    try:
        day = Day().read_text(str(values.get("valid_from", "")), "valid_from")
    except Invalid:
        day = today
    return await price_lists.prices_of(actor, source, day)


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """The nested texts as the form reads them: prices as they stand, and names as proposed."""
    cloud = _cloud_of(values)
    cloud["slug"] = cloud.get("slug") or code_of(cloud.get("name", ""))
    return {
        "cloud": cloud,
        "valid_from": values.get("valid_from", ""),
        "start_from": NOTHING,
        "prices": sent_prices(values),
        "administrator_email": values.get("administrator_email", ""),
        "administrator_name": values.get("administrator_name", ""),
    }


def _cloud_of(values: Mapping[str, Any]) -> dict[str, str]:
    cloud = values.get("cloud")
    found = cloud if isinstance(cloud, Mapping) else {}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _boxes_of(fields: Mapping[str, str]) -> dict[str, str]:
    return {BOX_OF.get(name, name): message for name, message in fields.items()}


async def _computed(
    actor: Actor, known: Sequence[Service], values: dict[str, Any], locale: str
) -> Computed:
    cloud = _cloud_of(values)
    slug = cloud.get("slug") or code_of(cloud.get("name", ""))
    names = await reads.names_for(actor, slug) if is_slug(slug) else None
    parts, told = [], []
    prices = readable_prices(values)
    for service in known:
        quantity, pricing = SAMPLE.get(service.meter), prices.get(service.code)
        if quantity is not None and pricing is not None:
            parts.append((pricing, quantity))
            unit = service.unit if quantity == 1 else service.unit_plural or service.unit
            told.append(f"{number(quantity, locale)} {unit} ({service.short or service.name})")
    currency, discount = cloud.get("currency", ""), _percent(cloud)
    priced = bool(parts) and currency in CURRENCIES and discount is not None
    amount = cost_of(parts, Terms(currency, discount or Decimal(0), Decimal(0))) if priced else 0
    return Computed(
        name=cloud.get("name", ""),
        slug=slug,
        complaint=names.slug_complaint if names else "",
        prefix=cloud.get("invoice_prefix") or (names.prefix if names else ""),
        example=" + ".join(told) if priced else "",
        amount=money(amount, currency, locale) if priced else "",
    )


def _percent(cloud: Mapping[str, str]) -> Decimal | None:
    """The discount as far as it is typed; None while that is no percentage."""
    text = cloud.get("wholesale_discount_percent", "").strip()
    try:
        return Percent().read_text(text, "discount") if text else Decimal(0)
    except Invalid:
        return None


async def _page(
    request: HTMXRequest,
    known: Sequence[Service],
    boxes: dict[str, str],
    errors: dict[str, str],
    *,
    block: str = "form",
) -> Response[str]:
    actor, locale = actor_of(request), person_of(request).locale
    currency = boxes.get("cloud-currency", "")
    currency = currency if currency in CURRENCIES else ""
    lists = await price_lists.list_prices(actor)
    hints = {
        one.code: _("List price: %(price)s")
        % {"price": price_in_words(lists[one.code], currency, one.unit, locale)}
        for one in known
        if one.code in lists
    }
    others = await reads.list_page(actor, limit=CLOUDS_MAX)
    return form_page(
        request,
        "system/clouds/new.html",
        block=block,
        values=boxes,
        errors=errors,
        labels={box: label_of(box.rpartition("-")[2]) for box in errors},
        rows=price_rows(known, boxes, hints),
        currency=currency,
        computed=await _computed(actor, known, nested(boxes), locale),
        countries=territories.names(locale),
        currencies=territories.currencies(locale),
        timezones=territories.timezones(),
        locales=territories.locale_choices(
            boxes.get("country", ""), boxes.get("cloud-locale", ""), locale
        ),
        starts=[
            (LIST, _("List prices")),
            *([(COPY, _("Copy of another cloud"))] if others else []),
            (NOTHING, _("Nothing")),
        ],
        others=[(one.slug, joined([one.name, one.currency], " · ")) for one in others],
        modes=[(mode, label) for mode, (label, _hint) in MODES.items()],
        managers=await people.may_be_responsible(actor),
        path=f"{CLOUDS}/new",
        back=CLOUDS,
    )


def _made(request: HTMXRequest, slug: str, name: str, email: str, link: Link | None) -> Answer:
    """To the cloud; where no mail is sent, the administrator's link first, once."""
    said = _("%(name)s is created.") % {"name": name}
    if link is None or link.mailed:
        if link is not None:
            invited = _("The invitation is on its way to %(email)s.") % {"email": email}
            said = joined([said, invited])
        return redirect(request, f"{CLOUDS}/{slug}", said)
    return link_page(
        request,
        link,
        email,
        title=said,
        crumbs=((_("Clouds"), CLOUDS), (name, f"{CLOUDS}/{slug}")),
        back=f"{CLOUDS}/{slug}",
    )
