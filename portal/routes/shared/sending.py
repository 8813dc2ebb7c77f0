"""Forms that are sent twice, by a second click or by Back and the button: done once."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.errors import Conflict
from portal.kit.actions import sent_once
from portal.routes.failures import SentAlready
from portal.routes.guards import actor_of
from portal.routes.middleware.sent import form_key
from portal.routes.page import Toast, redirect
from portal.words import _

Made = TypeVar("Made")


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """What it is called."""


async def done_once(request: HTMXRequest, act: Callable[[], Awaitable[object]]) -> None:
    """Do what a form says, unless the very form was sent before."""

    async def done() -> bool:
        await act()
        return True

    await sent_once.once(actor_of(request), await form_key(request), done)


async def was_done(request: HTMXRequest) -> bool:
    """Whether the very form was sent before, and what it says is done."""
    return await sent_once.was_sent(actor_of(request), await form_key(request))


async def checked_off(
    request: HTMXRequest, path: str, check: Callable[[], Awaitable[Named]]
) -> Response[None]:
    """Look something off and lead to its page, where a second look is told that it is done."""
    try:
        one = await check()
    except Conflict as conflict:
        return redirect(request, path, Toast(conflict.message, "info"))
    return redirect(request, path, _("%(name)s is checked.") % {"name": one.name})


async def made_once(
    request: HTMXRequest, make: Callable[[], Awaitable[Made]], then: str, told: str = ""
) -> Made:
    """What `make` makes. Of a form that was sent before the answer is the page `then`.

    There it is `told` that it was done already. Raises what `make` raises, and `SentAlready`.
    """
    made = await sent_once.once(actor_of(request), await form_key(request), make)
    if made is None:
        raise SentAlready(told or _("This was sent twice, and is done once."), then)
    return made
