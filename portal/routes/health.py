"""Whether this process can work: for load balancers and supervisors, without signing in."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get

from portal.kit.queries.health import Heartbeat
from portal.routes.middleware.now import NO_CLOCK
from portal.routes.middleware.security import HEALTH
from portal.routes.middleware.sessions import NO_SESSION


# Litestar's `get`: nobody is signed in, and Redis is waited for.
@get(
    HEALTH,
    opt={NO_SESSION: True, NO_CLOCK: True, "exclude_from_csrf": True},
    include_in_schema=False,
)
async def healthz(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """200 when PostgreSQL and Redis answer, else 503; which of them is "ok" or "down"."""
    heartbeat: Heartbeat = request.app.state.heartbeat
    states = {
        "database": await heartbeat.answers(),
        "redis": await request.app.state.queue.is_up(),
    }
    return Response(
        {name: "ok" if works else "down" for name, works in states.items()},
        status_code=HTTPStatus.OK if all(states.values()) else HTTPStatus.SERVICE_UNAVAILABLE,
    )


HANDLERS: Final = (healthz,)
