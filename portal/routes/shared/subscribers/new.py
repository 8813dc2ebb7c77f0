"""Taking on a customer: one form with its cameras, its tariff and an invitation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, Role, can
from portal.customers.forms.camera_lines import LINES_BYTES, NewCameras, by_line, parse_lines
from portal.customers.forms.subscriber import NewSubscriber
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.boxes import parse_boxes
from portal.kit.forms.nested import intent_of
from portal.overview.actions import new_customer
from portal.overview.actions.new_customer import KEY_MAX, NewCustomer, TakenOn
from portal.overview.queries import customers, offers
from portal.overview.queries.offers import Beginning
from portal.routes.accounts.auth import Answer
from portal.routes.format import day as day_text
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import form_key, texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.once import link_for, link_page
from portal.routes.shared.choose import Ambiguous, choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.subscribers.paths import crumbs_to, list_path, page_path
from portal.values import languages
from portal.values.amounts import money
from portal.values.kinds import Day, Percent
from portal.watcher.queries import mappings
from portal.words import _, joined, ngettext

WRITERS: Final = [requires(Permission.SUBSCRIBERS_WRITE)]
TARIFFS_MAX: Final = 200
WAITING_MAX: Final = 100
OWN: Final = (
    *("number", "name", "email", "phone", "discount_percent", "tax_exempt"),
    *("address", "tax_number", "language"),
)
"""The boxes that are fields of the subscriber as they stand."""
CHOSEN: Final = {"referral": "referral", "account_manager": "account-manager"}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the cameras would come to a month, as a sentence for each amount.

    `loses` where nothing would be left.
    """

    sums: tuple[tuple[str, str], ...]
    sentence: str
    loses: bool


@get("/subscribers/new", guards=WRITERS)
async def new(request: HTMXRequest) -> Response[str]:
    """The form."""
    scope = await CloudScope.of(request)
    begin = await _beginning(request, scope)
    values = {
        "tariff": begin.tariff,
        "starts_on": begin.today.isoformat(),
        "discount_percent": "0",
    }
    return await _page(request, scope, begin, values, {})


@post(
    "/subscribers/new", guards=WRITERS, status_code=HTTPStatus.OK, request_max_body_size=LINES_BYTES
)
async def create(request: HTMXRequest) -> Answer:
    """Recalculate, or take the customer on: all of it or nothing."""
    scope, sent = await CloudScope.of(request), await texts(request)
    begin = await _beginning(request, scope)
    if not intent_of(sent).saves:
        return await _page(request, scope, begin, sent, {}, block="computed")
    try:
        wanted = await _parsed(scope, sent, await form_key(request))
        twins = await _twins(scope, wanted)
        if twins and sent.get("anyway") != "on":
            told = {"anyway": _("A customer like this is there already.")}
            return await _page(request, scope, begin, sent, told, twins=twins)
        made = await new_customer.take_on(
            scope.actor,
            scope.cloud,
            wanted,
            now=books_now(request),
            machine_now=SessionConfig.of(request).clock(),
            queue=request.app.state.queue,
            post=request.app.state.post,
        )
    except Invalid as invalid:
        wrong = by_line(invalid, sent.get("cameras", ""))
        return await _page(request, scope, begin, sent, wrong.fields, wrong=invalid)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return await _page(request, scope, begin, sent, conflict.fields)
    return made_page(request, scope, made)


async def _parsed(scope: CloudScope, sent: Mapping[str, str], key: str) -> NewCustomer:
    """The form. Raises `Invalid` with every wrong box."""
    problems: dict[str, str] = {}
    fields: dict[str, str] = {name: sent.get(name, "") for name in OWN}
    for field, kind in CHOSEN.items():
        try:
            fields[field] = await chosen(scope, kind, sent.get(field, ""), field) or ""
        except Ambiguous:
            raise
        except Invalid as wrong:
            problems.update(wrong.fields)
    subscriber, cameras = None, None
    try:
        fields["discount_percent"] = fields["discount_percent"].strip() or "0"
        subscriber = parse_boxes(NewSubscriber, fields, only=fields)
    except Invalid as wrong:
        problems.update(wrong.fields)
    try:
        lines = parse_lines(sent.get("cameras", ""))
        cameras = NewCameras(
            cameras=lines,
            tariff=sent.get("tariff", "") or None,
            starts_on=Day().read_text(sent.get("starts_on", ""), "starts_on") if lines else None,
        )
        if lines and cameras.tariff is None:
            problems["tariff"] = _("is required for cameras")
    except Invalid as wrong:
        problems.update(wrong.fields)
    if problems or subscriber is None:
        raise Invalid(problems)
    return NewCustomer(
        subscriber=subscriber,
        cameras=cameras,
        organization=_organization(sent.get("organization", "")),
        invite=sent.get("invite") == "on",
        key=key[:KEY_MAX],
    )


def _organization(text: str) -> tuple[int, int] | None:
    """The connection and the id of an organization, "3-17"; None for none. Raises `Invalid`."""
    if not text:
        return None
    connection, _between, organization = text.partition("-")
    if not (connection.isdecimal() and organization.isdecimal()) or len(text) > 2 * 18:
        raise Invalid({"organization": _("is none that waits")})
    return int(connection), int(organization)


async def _twins(scope: CloudScope, wanted: NewCustomer) -> list[tuple[str, str]]:
    """Others with the same address or tax number: what is said of each, and its page."""
    if await new_customer.was_taken_on(scope.actor, scope.cloud, wanted.key):
        return []
    new = wanted.subscriber
    rows = await customers.alike(scope.actor, scope.cloud, new.email, new.tax_number)
    return [
        (
            _("%(name)s, customer %(number)s") % {"name": row.name, "number": row.number},
            page_path(scope, row.number),
        )
        for row in rows
    ]


def made_page(request: HTMXRequest, scope: CloudScope, made: TakenOn) -> Answer:
    """Its page; without a mail server the link of its invitation, in this answer alone."""
    row, path = made.subscriber, page_path(scope, made.subscriber.number)
    if made.link is not None and not made.link.mailed:
        title, crumbs = link_for(row.name), crumbs_to(scope)
        return link_page(request, made.link, row.email, title=title, crumbs=crumbs, back=path)
    told = [_("%(name)s is customer %(number)s.") % {"name": row.name, "number": row.number}]
    if made.cameras:
        added = ngettext("%(count)s camera is added.", "%(count)s cameras are added.", made.cameras)
        told.append(added % {"count": made.cameras})
    if made.link is not None:
        told.append(_("A link is on its way to %(email)s.") % {"email": row.email})
    return redirect(request, path, joined(told))


async def _beginning(request: HTMXRequest, scope: CloudScope) -> Beginning:
    return await offers.beginning(
        scope.actor, scope.cloud, now=books_now(request), limit=TARIFFS_MAX
    )


async def estimate_of(
    request: HTMXRequest,
    scope: CloudScope,
    values: Mapping[str, str],
    discount: Decimal,
    referral: str | None,
) -> Estimate | None:
    """What the cameras that are typed would come to; None while that cannot be said."""
    try:
        count = len(parse_lines(values.get("cameras", "")))
        starts_on: date = Day().read_text(values.get("starts_on", ""), "starts_on")
        code = values.get("tariff", "")
        if not count or not code:
            return None
        found = await offers.get(
            scope.actor,
            scope.cloud,
            code,
            cameras=count,
            discount_percent=discount,
            referral=referral,
            starts_on=starts_on,
            now=books_now(request),
        )
    except (Invalid, NotFound):
        return None
    if found is None:
        return None
    locale = person_of(request).locale

    def amount(minor: int | None) -> str:
        return money(minor, found.currency, locale)

    cameras = ngettext("%(count)s camera", "%(count)s cameras", count)
    counted = cameras % {"count": number(count, locale)}
    sums = [
        (
            _("%(cameras)s × %(price)s") % {"cameras": counted, "price": amount(found.price)},
            amount(found.gross),
        )
    ]
    if discount:
        sums.append((_("Less discount"), amount(found.net)))
    if found.margin is not None:
        sums.append((_("Cost, about"), amount(found.cost)))
        if found.commission:
            sums.append((_("Commission"), amount(found.commission)))
        sums.append((_("Margin"), amount(found.margin)))
    sentence = _("%(cameras)s: %(amount)s a month") % {
        "cameras": counted,
        "amount": amount(found.net),
    }
    return Estimate(tuple(sums), sentence, (found.margin or 0) < 0)


async def _typed_estimate(
    request: HTMXRequest, scope: CloudScope, values: Mapping[str, str]
) -> Estimate | None:
    try:
        discount = Percent().read_text(values.get("discount_percent", "").strip() or "0", "d")
        referral = await chosen(scope, "referral", values.get("referral", ""), "referral")
    except Invalid:
        return None
    return await estimate_of(request, scope, values, discount, referral)


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    begin: Beginning,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    block: str = "form",
    wrong: Invalid | None = None,
    twins: list[tuple[str, str]] | None = None,
) -> Response[str]:
    locale = person_of(request).locale
    own = scope.actor.role is Role.ACCOUNT_MANAGER
    return form_page(
        request,
        "shared/subscribers/new.html",
        errors=errors,
        block=block,
        crumbs=crumbs_to(scope),
        action=list_path(scope) + "/new",
        back=list_path(scope),
        values=dict(values),
        tariffs=[(one.value, one.label) for one in begin.tariffs],
        first=day_text(begin.first, locale) if begin.first else "",
        languages=languages.names(),
        referral=await choice_of(scope, "referral", _about(wrong, "referral"))
        if can(scope.actor, Permission.REFERRALS_READ)
        else None,
        manager=None
        if own
        else await choice_of(scope, "account-manager", _about(wrong, "account_manager")),
        organizations=await _waiting(scope),
        computed=await _typed_estimate(request, scope, values),
        may_invite=can(scope.actor, Permission.USERS_WRITE),
        mailed=request.app.state.post.is_set_up,
        twins=twins or [],
    )


def _about(wrong: Invalid | None, field: str) -> Invalid | None:
    return wrong if wrong is not None and field in wrong.fields else None


async def _waiting(scope: CloudScope) -> list[tuple[str, str]]:
    """Watcher's organizations that are nobody's yet, with how many cameras are in each."""
    if not can(scope.actor, Permission.CONNECTIONS_WRITE):
        return []
    found = await mappings.list_for_portal(
        scope.actor, scope.cloud, state="waiting", limit=WAITING_MAX
    )
    return [
        (f"{row.connection}-{row.id}", f"{row.title or row.id} ({row.cameras})")
        for row in found.rows
        if row.what == "organization"
    ]
