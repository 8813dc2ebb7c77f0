"""What time it is for a page: the books' time."""

from datetime import datetime
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.kit.queries.clock import TestClock

NO_CLOCK: Final = "no_clock"
"""`opt` of handlers that need no time of the books: static files, health."""


def books_now(connection: ASGIConnection[Any, Any, Any, Any]) -> datetime:
    """Now, in UTC, also where a test clock stands. Sessions go by the machine's clock: `Door`."""
    now: datetime = connection.app.state.clock()
    return now


class BooksClock(ASGIMiddleware):
    """Where a test clock stands, each request happens at one time, asked for when it begins."""

    scopes = (ScopeType.HTTP, ScopeType.ASGI)
    exclude_opt_key = NO_CLOCK

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Look at the clock before anything else does."""
        await self.clock.refresh()
        await next_app(scope, receive, send)
