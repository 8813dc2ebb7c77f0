"""What is done to documents that are chosen in the list of invoices: sent, or taken as one ZIP."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar import post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.books.actions.sending import documents
from portal.books.actions.sending.documents import MANY_MAX, Which
from portal.books.queries.sending import deliveries
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.nested import INTENT
from portal.routes.accounts.auth import Answer
from portal.routes.format import number as number_text
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, redirect
from portal.routes.selection import EVERYTHING, everything_url, picked
from portal.routes.shared.books.invoices import filters_of, selected_path
from portal.routes.shared.books.operator import config_of
from portal.routes.shared.books.send.hand_over import KIND, hand_over_to
from portal.routes.shared.books.send.month import on_its_way
from portal.routes.shared.cloud_scope import CloudScope, Crumbs
from portal.routes.shared.confirm import confirm
from portal.words import _, ngettext

SENDERS: Final = [requires(Permission.INVOICES_SEND)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The documents that were chosen (row ids), and what leads back to them."""

    scope: CloudScope
    ids: list[int]
    hidden: Mapping[str, str]
    action: str
    back: str

    @property
    def crumbs(self) -> Crumbs:
        """The way back from a further page."""
        return (*self.scope.above, (_("Invoices"), self.back))


@post("/invoices/selected", guards=SENDERS, status_code=HTTPStatus.OK)
async def selected(request: HTMXRequest) -> Answer:
    """Ask first, then do it: by the button that was pressed."""
    config, sent = await config_of(request), await texts(request)
    listing, found = config.listing(request), picked(sent)
    if config.scope is None or config.cloud is None:
        raise NotFound(_("There is nothing at this address."))
    if found.intent == EVERYTHING:
        return redirect(request, everything_url(listing))
    if found.intent not in DEEDS:
        raise NotFound(_("There is nothing at this address."))
    scope = config.scope
    if found.everything:
        filters = await filters_of(request, config, listing)
        ids = await deliveries.chosen(
            scope.actor, scope.cloud, filters, now=books_now(request), limit=MANY_MAX + 1
        )
    else:
        ids = await deliveries.ids_of(scope.actor, scope.cloud, found.keys)
    if len(ids) > MANY_MAX:
        most = _("At most %(count)s documents are taken at once. Narrow the filters.")
        raise Invalid({EVERYTHING: most % {"count": MANY_MAX}})
    if not ids:
        return redirect(request, listing.url(), Toast(_("Select at least one document."), "error"))
    chosen = Chosen(scope, ids, found.boxes, selected_path(listing), listing.url())
    return await DEEDS[found.intent](request, chosen, sent)


async def _ask_send(request: HTMXRequest, chosen: Chosen, sent: Mapping[str, str]) -> Answer:
    del sent
    count = number_text(len(chosen.ids), person_of(request).locale)
    question = ngettext(
        "Send %(count)s document by e-mail?", "Send %(count)s documents by e-mail?", len(chosen.ids)
    )
    return confirm(
        request,
        title=_("Send documents"),
        crumbs=chosen.crumbs,
        question=question % {"count": count},
        warnings=[
            _("Those that were sent before, and those without an address, are left out."),
            _("Each goes once, with its PDF. What is sent cannot be taken back."),
        ],
        action=chosen.action,
        submit=_("Send %(count)s") % {"count": count},
        cancel=chosen.back,
        values={**chosen.hidden, INTENT: "send-now"},
    )


async def _send(request: HTMXRequest, chosen: Chosen, sent: Mapping[str, str]) -> Answer:
    del sent
    try:
        count = await documents.send(
            chosen.scope.actor,
            chosen.scope.cloud,
            Which(ids=chosen.ids),
            now=SessionConfig.of(request).clock(),
            post=request.app.state.post,
        )
    except Conflict as conflict:
        return redirect(request, chosen.back, Toast(conflict.message, "error"))
    return redirect(request, chosen.back, on_its_way(count))


def _handed(kind: str) -> "Deed":
    async def hand(request: HTMXRequest, chosen: Chosen, sent: Mapping[str, str]) -> Answer:
        return await hand_over_to(
            request,
            chosen.scope,
            Which(ids=chosen.ids),
            {**sent, KIND: kind},
            action=chosen.action,
            back=chosen.back,
            crumbs=chosen.crumbs,
            hidden={**chosen.hidden, INTENT: kind},
        )

    return hand


Deed = Callable[[HTMXRequest, Chosen, Mapping[str, str]], Awaitable[Answer]]
DEEDS: Final[Mapping[str, Deed]] = {
    "send": _ask_send,
    "send-now": _send,
    "zip": _handed("zip"),
    "csv": _handed("csv"),
}
SELECTED: Final = (selected,)
