"""Sending one document from its page: the first time, again where it failed, or another copy."""

from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.books.actions.sending import documents
from portal.books.queries.sending import deliveries
from portal.errors import Conflict
from portal.routes.accounts.auth import Answer
from portal.routes.format import moment
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import made_once
from portal.words import _

SENDERS: Final = [requires(Permission.INVOICES_SEND)]


@get("/invoices/{number:str}/send", guards=SENDERS)
async def ask_send_document(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """Ask, and say to whom it goes and to whom it went before."""
    scope, person = await CloudScope.of(request), person_of(request)
    found = await deliveries.document(scope.actor, scope.cloud, number)
    story = await deliveries.of_document(scope.actor, scope.cloud, number)
    back = scope.at("invoices", number)
    before = [
        _("It was sent to %(recipients)s on %(day)s. This sends another copy.")
        % {
            "recipients": ", ".join(one.taken),
            "day": moment(one.sent_at, person.locale, scope.zone),
        }
        for one in story[-1:]
        if one.state == "sent"
    ]
    missing = _("This customer has no e-mail address for documents.")
    edit = scope.at("subscribers", found.subscriber, "edit", next=back)
    is_missing, may_add = not found.recipients, can(scope.actor, Permission.SUBSCRIBERS_WRITE)
    return confirm(
        request,
        title=_("Send %(number)s") % {"number": number},
        crumbs=(*scope.above, (_("Invoices"), scope.at("invoices")), (number, back)),
        question=_("Send %(number)s by e-mail?") % {"number": number},
        facts=[
            (_("Customer"), found.name),
            (_("To"), ", ".join(found.recipients) or "–"),
            (_("With it"), f"{number}.pdf"),
        ],
        warnings=[*before, missing] if is_missing and not may_add else before,
        first=(missing, _("Add address"), edit) if is_missing and may_add else None,
        action=scope.at("invoices", number, "send"),
        submit=_("Send a copy") if before else _("Send"),
        cancel=back,
        values={"copy": "on"} if before else {},
    )


@post("/invoices/{number:str}/send", guards=SENDERS, status_code=HTTPStatus.OK)
async def send_document(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Send it, once for the form that was confirmed."""
    scope = await CloudScope.of(request)
    back = scope.at("invoices", number)
    send = partial(
        documents.send_one,
        scope.actor,
        scope.cloud,
        number,
        copy=bool((await texts(request)).get("copy")),
        now=SessionConfig.of(request).clock(),
        post=request.app.state.post,
    )
    try:
        made = await made_once(request, send, back)
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "error"))
    told = _("%(number)s is on its way to %(recipients)s.")
    facts = {"number": number, "recipients": ", ".join(made.recipients)}
    return redirect(request, back, told % facts)


DOCUMENT: Final = (ask_send_document, send_document)
