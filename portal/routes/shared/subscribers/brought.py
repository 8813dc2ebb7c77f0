"""A referred subscriber: the operator looks at it, and says that it is fine."""

from http import HTTPStatus
from typing import Final

from litestar import post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions import bringing
from portal.errors import Conflict
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.page import redirect
from portal.routes.shared.subscribers.paths import named, page_path
from portal.words import _

WRITERS: Final = [requires(Permission.SUBSCRIBERS_WRITE)]


@post("/subscribers/{number:str}/check", guards=WRITERS, status_code=HTTPStatus.OK)
async def check(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Store that somebody has looked; a second look finds it done."""
    scope, row = await named(request, number)
    path = page_path(scope, row.number)
    try:
        await bringing.check(scope.actor, scope.cloud, row.number, now=books_now(request))
    except Conflict as conflict:
        return redirect(request, path, conflict.message)
    return redirect(request, path, _("%(name)s is checked.") % {"name": row.name})
