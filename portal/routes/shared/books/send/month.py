"""Sending the documents of a month: looked at, asked, done, watched, and tried again."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.period import Period
from portal.books.actions.sending import documents
from portal.books.actions.sending.documents import Which
from portal.books.queries.sending import deliveries, hand_overs, letters
from portal.errors import Conflict, NotFound
from portal.routes.accounts.auth import Answer
from portal.routes.format import month as month_name
from portal.routes.format import number as number_text
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Listing
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, fragment, page, redirect
from portal.routes.reading import get
from portal.routes.shared.books.send.said import said_of
from portal.routes.shared.books.send.step import HAND_OVERS, TROUBLES, month_of, send_step, way_back
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.words import _, ngettext

READERS: Final = [requires(Permission.INVOICES_READ)]
SENDERS: Final = [requires(Permission.INVOICES_SEND)]
STEP: Final = "shared/books/send/step.html"
FILE_MAX: Final = 100_000


def crumbs_of(scope: CloudScope, period: Period, name: str) -> tuple[tuple[str, str], ...]:
    """The way back from a page below a month's, for who sees the months."""
    if not can(scope.actor, Permission.PERIODS_READ):
        return scope.above
    months = (_("Months"), scope.at("periods"))
    return (*scope.above, months, (name, scope.at("periods", period.key)))


@get("/periods/{month:str}/send", guards=READERS)
async def send_page(request: HTMXRequest, month: FromPath[str]) -> Response[str] | Stream:
    """The step of a month by itself, or a file of one of its lists; htmx gets the block alone."""
    scope, period = await CloudScope.of(request), month_of(month)
    step = await send_step(request, scope, period)
    if step.listing.file:
        return await _file(request, scope, period, step.listing)
    if not step.sending.documents:
        raise NotFound(_("No documents of %(month)s were issued.") % {"month": step.name})
    return page(
        request,
        "shared/books/send/page.html",
        block="sending",
        scope=scope,
        step=step,
        crumbs=crumbs_of(scope, period, step.name),
    )


async def _file(
    request: HTMXRequest, scope: CloudScope, period: Period, listing: Listing
) -> Stream:
    """All that did not arrive, or all hand-overs of the month."""
    if listing.wants("hand-overs"):
        handed = await hand_overs.list_page(scope.actor, scope.cloud, period=period, limit=FILE_MAX)
        return await list_file(
            request, "hand-overs", HAND_OVERS, handed, listing, period=period.key, zone=scope.zone
        )
    found, _more = await deliveries.troubles(scope.actor, scope.cloud, period, limit=FILE_MAX)
    return await list_file(request, "not-arrived", TROUBLES, found, listing, period=period.key)


@get("/periods/{month:str}/send/progress", guards=READERS)
async def send_progress(request: HTMXRequest, month: FromPath[str]) -> Response[str]:
    """How far it is: a part of a page, asked for while documents are on their way."""
    scope = await CloudScope.of(request)
    step = await send_step(request, scope, month_of(month))
    return fragment(request, STEP, "progress", scope=scope, step=step, polled=True)


@get("/periods/{month:str}/send/preview", guards=READERS)
async def preview(request: HTMXRequest, month: FromPath[str]) -> Response[str]:
    """The mail as the first customer of the month gets it."""
    scope, period = await CloudScope.of(request), month_of(month)
    said = await letters.first_of(scope.actor, scope.cloud, period.start)
    if said is None:
        raise NotFound(_("No documents of %(month)s were issued.") % {"month": period.key})
    name = month_name(period.start, person_of(request).locale)
    return page(
        request,
        "shared/books/send/preview.html",
        scope=scope,
        mail=said_of(said, request.app.state.public_url),
        crumbs=crumbs_of(scope, period, name),
        back=scope.at("periods", period.key, "send"),
        settings=scope.at("settings", "email")
        if can(scope.actor, Permission.SETTINGS_WRITE)
        else "",
    )


@get("/periods/{month:str}/send/confirm", guards=SENDERS)
async def ask_send(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Ask before a month's documents are sent."""
    scope, period = await CloudScope.of(request), month_of(month)
    step = await send_step(request, scope, period)
    count = step.sending.to_send
    if not count:
        nothing = _("There is nothing to send.")
        return redirect(request, await way_back(scope, period), Toast(nothing, "info"))
    locale = person_of(request).locale
    question = ngettext(
        "Send %(count)s document of %(month)s by e-mail?",
        "Send %(count)s documents of %(month)s by e-mail?",
        count,
    )
    facts = [
        (_("Can go by e-mail"), number_text(count, locale)),
        (_("Without an address"), number_text(step.sending.without_address, locale)),
        (_("Sent before"), number_text(step.begun, locale)),
    ]
    before = step.sending.refused_before
    if before:
        facts.append((_("To an address that was refused before"), number_text(before, locale)))
    return confirm(
        request,
        title=_("Send %(month)s") % {"month": step.name},
        crumbs=crumbs_of(scope, period, step.name),
        question=question % {"count": number_text(count, locale), "month": step.name},
        facts=facts,
        warnings=[_("Each goes once, with its PDF. What is sent cannot be taken back.")],
        action=step.path,
        submit=_("Send %(count)s") % {"count": number_text(count, locale)},
        cancel=scope.at("periods", period.key, "send"),
    )


@post("/periods/{month:str}/send", guards=SENDERS, status_code=HTTPStatus.OK)
async def send(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Send what was never sent; to do it twice sends nothing twice."""
    scope, period = await CloudScope.of(request), month_of(month)
    back = await way_back(scope, period)
    try:
        count = await documents.send(
            scope.actor,
            scope.cloud,
            Which(period),
            now=SessionConfig.of(request).clock(),
            post=request.app.state.post,
        )
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "error"))
    return redirect(request, back, on_its_way(count))


@post("/periods/{month:str}/send/again", guards=SENDERS, status_code=HTTPStatus.OK)
async def try_again(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Try again what has failed: the document that the button names, or all of them."""
    scope, period = await CloudScope.of(request), month_of(month)
    back = await way_back(scope, period)
    number = (await texts(request)).get("number", "")
    which = Which(period)
    if number:
        which = Which(ids=[(await deliveries.document(scope.actor, scope.cloud, number)).id])
    try:
        count = await documents.try_again(
            scope.actor,
            scope.cloud,
            which,
            now=SessionConfig.of(request).clock(),
            post=request.app.state.post,
        )
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "error"))
    if not count:
        nobody = _("Nothing is tried again: correct the address first.")
        return redirect(request, back, Toast(nobody, "error"))
    return redirect(request, back, on_its_way(count))


def on_its_way(count: int) -> Toast:
    """How many documents a worker sends now."""
    if not count:
        return Toast(_("Nothing is left to send: every document was sent before."), "info")
    told = ngettext(
        "%(count)s document is on its way.", "%(count)s documents are on their way.", count
    )
    return Toast(told % {"count": count})


MONTH: Final = (send_page, send_progress, preview, ask_send, send, try_again)
