"""The composer: a tariff, or a version of one, whose figures follow what is typed.

One handler by `intent`: "recalculate", "add", "remove" and "price" show the form again, "try" tries
it on a closed month, "save" stores a tariff and asks before it stores a version, "confirm" stores
that.
"""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.period import Period
from portal.books.actions import composing
from portal.books.queries import composer, tariff_sales
from portal.catalog.forms.tariff import NewTariff, NewVersion
from portal.catalog.queries import tariffs as catalog
from portal.errors import Conflict, Invalid, no_such
from portal.kit.forms.nested import by_box
from portal.overview.actions import mapping_many
from portal.overview.queries import preset_offers
from portal.overview.queries.preset_offers import Offer
from portal.routes.accounts.auth import Answer
from portal.routes.format import day
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.tariffs import said
from portal.routes.shared.tariffs.desk import Desk, compose, desk_of, show
from portal.routes.shared.tariffs.draft import (
    Draft,
    blank_draft,
    draft_of,
    offered_draft,
    read_draft,
)
from portal.routes.shared.tariffs.trying import tried
from portal.values.amounts import price
from portal.watcher.queries import mappings
from portal.words import _

WRITERS: Final = [requires(Permission.TARIFFS_WRITE, Permission.MARGINS_READ)]
PRESETS_MAX: Final = 500
"""Among which the one is looked for that a tariff is to be made of."""
FORM_BYTES: Final = 65_536
"""Of the form: many services, each with a price in tiers."""


@get("/new", guards=WRITERS)
async def new_tariff(request: HTMXRequest) -> Response[str]:
    """An empty tariff, with "?copy=" one like another, with "?preset=12-6" what a preset keeps."""
    desk = await desk_of(request)
    target = await composer.target_of(desk.scope.actor, desk.scope.cloud)
    draft = blank_draft(desk.today, target, desk.locale)
    if code := request.query_params.get("copy", ""):
        (like,) = (await catalog.get(desk.scope.actor, desk.scope.cloud, code)).rows
        if like.versions:
            draft = draft_of(
                like.versions[-1],
                desk.today,
                target,
                desk.scope.cloud.currency,
                desk.locale,
                new=True,
            )
    elif preset := request.query_params.get("preset", ""):
        offer = await _offer(request, desk, preset)
        draft = offered_draft(offer.preset.title, offer.items, offer.price, draft, desk.locale)
        if not offer.preset.target and can(desk.scope.actor, Permission.CONNECTIONS_WRITE):
            draft = draft.of_preset(preset)
    return await show(request, desk, draft)


async def _offer(request: HTMXRequest, desk: Desk, named: str) -> Offer:
    """A preset as a tariff, by its connection and number: "12-6". Raises `NotFound`."""
    scope, (connection, _dash, number) = desk.scope, named.partition("-")
    if not can(scope.actor, Permission.CONNECTIONS_READ):
        raise no_such(_("preset"), named)
    found = await mappings.list_for_portal(
        scope.actor, scope.cloud, what="preset", limit=PRESETS_MAX
    )
    wanted = [
        one for one in found.rows if (str(one.connection or 0), str(one.id)) == (connection, number)
    ]
    first = Period.of(desk.today).start
    offers = await preset_offers.offers(
        scope.actor, scope.cloud, wanted[:1], first=first, now=books_now(request)
    )
    if not offers:
        raise no_such(_("preset"), named)
    return offers[0]


@post("/new", guards=WRITERS, status_code=HTTPStatus.OK, request_max_body_size=FORM_BYTES)
async def send_tariff(request: HTMXRequest) -> Answer | Stream:
    """What its buttons do."""
    return await _sent(request, await desk_of(request))


@get("/{code:str}/versions/new", guards=WRITERS)
async def new_version(request: HTMXRequest, code: FromPath[str]) -> Response[str]:
    """The last version once more, from the first day of a month to come."""
    desk = await desk_of(request, code)
    target = await composer.target_of(desk.scope.actor, desk.scope.cloud)
    versions = desk.row.versions if desk.row else ()
    after = max([desk.today, *(one.valid_from for one in versions)])
    since = Period.of(after).end
    draft = (
        draft_of(versions[-1], since, target, desk.scope.cloud.currency, desk.locale, new=False)
        if versions
        else blank_draft(since, target, desk.locale)
    )
    return await show(request, desk, draft)


@post(
    "/{code:str}/versions/new",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=FORM_BYTES,
)
async def send_version(request: HTMXRequest, code: FromPath[str]) -> Answer | Stream:
    """What its buttons do."""
    return await _sent(request, await desk_of(request, code))


async def _sent(request: HTMXRequest, desk: Desk) -> Answer | Stream:
    draft = read_draft(await texts(request), new=desk.row is None)
    match draft.intent.verb:
        case "save" | "confirm":
            return await _save(request, desk, draft)
        case "try":
            return await _try(request, desk, draft)
        case "price":
            draft = await _at_target(request, desk, draft)
    return await show(request, desk, draft, {} if draft.intent.verb == "edit" else draft.errors())


async def _at_target(request: HTMXRequest, desk: Desk, draft: Draft) -> Draft:
    """The same at the price that leaves the margin that is wanted, where there is one."""
    currency = desk.scope.cloud.currency
    priced = draft if draft.readable() else draft.at_price(0, currency, desk.locale)
    version = priced.readable()
    assert version is not None, "it has a price"
    found = await compose(request, desk, version, draft.target)
    if found.target_price is None:
        return draft
    return draft.at_price(found.target_price, currency, desk.locale)


async def _save(request: HTMXRequest, desk: Desk, draft: Draft) -> Answer:
    now, scope = books_now(request), desk.scope
    version: NewVersion | None = None
    code = "" if desk.row is None else desk.row.code
    try:
        version = await _without_idle_reason(request, desk, draft.parsed())
        if isinstance(version, NewTariff):
            code = version.code
            await _create(request, desk, draft, version)
        elif draft.intent.saves:
            await composing.rehearse_version(scope.actor, scope.cloud, code, version, now=now)
            return await _ask(request, desk, draft, version)
        else:
            await composing.add_version(
                scope.actor, scope.cloud, code, version, strict=True, now=now
            )
    except Invalid as invalid:
        errors = by_box(invalid)
        if "below_cost_reason" in errors and not draft.may_lose:
            errors["sell_below_cost"] = errors.pop("below_cost_reason")
        return await show(request, desk, draft, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    except Conflict as conflict:
        if version is None or not await composing.is_there(scope.actor, scope.cloud, code, version):
            errors = conflict.fields or {"valid_from": conflict.message}
            return await show(request, desk, draft, errors, HTTPStatus.CONFLICT)
    name = version.name if isinstance(version, NewTariff) else desk.row.name if desk.row else ""
    return redirect(request, scope.at("tariffs", code), _("%(name)s is saved.") % {"name": name})


async def _create(request: HTMXRequest, desk: Desk, draft: Draft, new: NewTariff) -> None:
    """Store a tariff, mapped to the preset that it is made of where that is wanted."""
    actor, cloud, now = desk.scope.actor, desk.scope.cloud, books_now(request)
    if draft.preset is None or not draft.maps_preset:
        await composing.create(actor, cloud, new, strict=True, now=now)
        return
    queue = request.app.state.queue
    await mapping_many.compose_tariff(actor, cloud, new, draft.preset, now=now, queue=queue)


async def _without_idle_reason(request: HTMXRequest, desk: Desk, version: NewVersion) -> NewVersion:
    """A reason to sell below cost is kept only where that is done."""
    if not version.below_cost_reason:
        return version
    found = await compose(request, desk, version)
    return version if found.figures.below_cost else replace(version, below_cost_reason="")


async def _ask(
    request: HTMXRequest, desk: Desk, draft: Draft, version: NewVersion
) -> Response[str]:
    """Say whom a version concerns before it is stored."""
    assert desk.row is not None, "only a version is asked about"
    scope = desk.scope
    on_it = await tariff_sales.count_on(scope.actor, scope.cloud, desk.row.code, version.valid_from)
    currency = scope.cloud.currency
    last = desk.row.versions[-1] if desk.row.versions else None
    told = {
        "day": day(version.valid_from, desk.locale),
        "cameras": said.on_it(on_it, desk.locale),
        "price": price(version.monthly_price, currency, desk.locale),
        "before": price(last.monthly_price, currency, desk.locale) if last else "",
    }
    if not on_it.cameras:
        sentence = _("From %(day)s: %(price)s. No camera is on it on that day.")
    elif last is None or last.monthly_price == version.monthly_price:
        sentence = _("From %(day)s: %(cameras)s pay %(price)s.")
    else:
        sentence = _("From %(day)s: %(cameras)s pay %(price)s instead of %(before)s.")
    return page(
        request,
        "shared/tariffs/asked.html",
        block="form",
        desk=desk,
        path=desk.path,
        hidden=draft.hidden,
        sentence=sentence % told,
        reason=version.below_cost_reason,
    )


async def _try(request: HTMXRequest, desk: Desk, draft: Draft) -> Answer | Stream:
    """Answer who would have paid what; what cannot be read is said as when saving."""
    try:
        version = draft.tried()
    except Invalid as invalid:
        return await show(request, desk, draft, by_box(invalid), HTTPStatus.UNPROCESSABLE_ENTITY)
    if desk.month is None:
        errors = {"monthly_price": _("It can be tried when the first month is closed.")}
        return await show(request, desk, draft, errors, HTTPStatus.CONFLICT)
    return await tried(request, desk, draft, version)


COMPOSER: Final = (new_tariff, send_tariff, new_version, send_version)
