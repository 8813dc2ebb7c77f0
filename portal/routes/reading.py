"""How a page is asked for: with GET, and read in one transaction.

Pages take `get` from here. The few that take Litestar's say why in a comment.
"""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any, Final, TypeVar

from litestar import get as litestar_get
from litestar.handlers import HTTPRouteHandler
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor
from portal.kit.queries.picture import in_one_snapshot
from portal.overview.queries import agents
from portal.routes import interface_of
from portal.routes.guards import WebConnection, actor_of
from portal.routes.page import is_partial
from portal.watcher.queries import mappings

_WAITING: Final = "waiting_in_menu"
"""Under this the request's state has what its menu counts."""
_LEVELS: Final = "levels_in_menu"
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
    async def read(request: HTMXRequest, **given: Any) -> Answer:
        actor = actor_of(request)
        page = partial(handler, request=request, **given)
        return await in_one_snapshot(actor, partial(_with_menu, request, actor, page))

    return read


async def _with_menu(
    request: HTMXRequest, actor: Actor, page: Callable[[], Awaitable[Answer]]
) -> Answer:
    """The page, and before it what its menu counts."""
    await _count_menu(request, actor)
    return await page()


async def read_menu(request: HTMXRequest, actor: Actor) -> None:
    """What the menu counts around a page that no handler of ours makes."""
    await in_one_snapshot(actor, partial(_count_menu, request, actor))


async def _count_menu(request: HTMXRequest, actor: Actor) -> None:
    """What the menu counts; a part of a page has none."""
    menu = () if is_partial(request) else interface_of(actor.role).menu_of(actor)
    if any(entry.counts for entry in menu):
        request.scope["state"][_WAITING] = await mappings.count_waiting(actor)
    if any(entry.levels for entry in menu):
        request.scope["state"][_LEVELS] = (await agents.invitations(actor)).levels > 0


def has_levels(request: WebConnection) -> bool:
    """Whether the referral who asks is paid on further levels, where the page's menu asks."""
    return bool(request.scope["state"].get(_LEVELS))


def waiting_of(request: WebConnection) -> int | None:
    """How much waits for a mapping, where the page's menu counts it."""
    found: int | None = request.scope["state"].get(_WAITING)
    return found
