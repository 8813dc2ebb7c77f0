"""How a page is asked for: with GET, and read in one transaction.

Pages take `get` from here. The few that take Litestar's say why in a comment.
"""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any, TypeVar

from litestar import get as litestar_get
from litestar.handlers import HTTPRouteHandler

from portal.kit.queries.picture import in_one_snapshot
from portal.routes.guards import WebConnection, actor_of

Answer = TypeVar("Answer")


def get(
    path: str | None = None, **options: Any
) -> Callable[[Callable[..., Awaitable[Any]]], HTTPRouteHandler]:
    """Litestar's `get` for a handler that only reads; `options` are Litestar's.

    The transaction is open while the handler runs: not while the answer is sent, nor while an
    error is told.
    """

    def decorate(handler: Callable[..., Awaitable[Any]]) -> HTTPRouteHandler:
        return litestar_get(path, **options)(in_snapshot(handler))

    return decorate


def in_snapshot(handler: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    """A handler whose reads are one transaction of whoever is signed in."""

    @wraps(handler)
    async def read(request: WebConnection, **given: Any) -> Answer:
        return await in_one_snapshot(actor_of(request), partial(handler, request=request, **given))

    return read
