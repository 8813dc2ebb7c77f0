"""Suspending a customer with all its cameras, and letting it go on."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions.suspensions import suspend_subscriber
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.sent import texts
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.confirm import confirm
from portal.routes.shared.subscribers.paths import crumbs_to, named, page_path
from portal.words import _

WRITERS: Final = [requires(Permission.SUBSCRIPTIONS_WRITE)]
BILLED: Final = _(
    "Subscriptions go on: suspended cameras are billed as their tariffs say about days on which"
    " they are off."
)
SWITCHED: Final = _("Where the portal provisions the Watcher, all its cameras are switched off.")
NOT_THEIR_OWN: Final = _("Cameras that were suspended one by one stay so.")


@get("/subscribers/{number:str}/suspension", guards=WRITERS)
async def ask_suspension(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """Ask before it is suspended, or goes on."""
    scope, row = await named(request, number)
    verb, title, question = _("Suspend"), _("Suspend %(name)s"), _("Suspend this customer?")
    if row.suspended:
        verb, title, question = _("Resume"), _("Resume %(name)s"), _("Resume this customer?")
    return confirm(
        request,
        title=title % {"name": row.name},
        crumbs=crumbs_to(scope, row),
        question=question,
        facts=[(_("Customer"), row.name), (_("Number"), str(row.number))],
        warnings=[NOT_THEIR_OWN] if row.suspended else [SWITCHED, BILLED],
        action=page_path(scope, row.number, "suspension"),
        submit=verb,
        cancel=page_path(scope, row.number),
        danger=not row.suspended,
        values={"suspended": "" if row.suspended else "on"},
    )


@post("/subscribers/{number:str}/suspension", guards=WRITERS, status_code=HTTPStatus.OK)
async def suspend(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Suspend it ("suspended=on"), or let it go on; again changes nothing."""
    scope, row = await named(request, number)
    suspended = (await texts(request)).get("suspended") == "on"
    await suspend_subscriber(
        scope.actor, scope.cloud, row.number, suspended=suspended, queue=request.app.state.queue
    )
    told = _("%(name)s is suspended.") if suspended else _("%(name)s goes on.")
    return redirect(request, page_path(scope, row.number), told % {"name": row.name})
