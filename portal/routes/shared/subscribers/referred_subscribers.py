"""A referred subscriber: the operator looks at it, and says that it is fine."""

from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions import referred_subscribers as actions
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.shared.sending import checked_off
from portal.routes.shared.subscribers.paths import named, page_path

WRITERS: Final = [requires(Permission.SUBSCRIBERS_WRITE)]


@post("/subscribers/{number:str}/check", guards=WRITERS, status_code=HTTPStatus.OK)
async def check(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Store that somebody has looked; a second look finds it done."""
    scope, row = await named(request, number)
    now = books_now(request)
    check_it = partial(actions.check, scope.actor, scope.cloud, row.number, now=now)
    return await checked_off(request, page_path(scope, row.number), check_it)
