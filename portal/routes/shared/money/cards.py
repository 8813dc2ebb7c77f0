"""Cards of a subscriber, as its operator sees them: what is saved, and a page to save one by."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.customers.queries import subscribers
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.money.card_place import (
    CardPlace,
    link_page,
    list_page,
    removal_page,
    removed,
)
from portal.words import _

READERS: Final = [requires(Permission.PAYMENTS_READ)]
WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]


async def _place(request: HTMXRequest, number: int) -> CardPlace:
    """The cards of a subscriber. Raises `NotFound`."""
    scope = await CloudScope.of(request)
    one = await subscribers.get(scope.actor, scope.cloud, number)
    above = (*scope.above, (_("Subscribers"), scope.at("subscribers")))
    return CardPlace(
        actor=scope.actor,
        cloud=scope.cloud,
        number=number,
        name=one.name,
        path=scope.at("subscribers", number, "cards"),
        crumbs=(*above, (one.name, scope.at("subscribers", number))),
        may_write=can(scope.actor, Permission.PAYMENTS_WRITE),
    )


@get("/subscribers/{number:int}/cards", guards=READERS)
async def cards_page(request: HTMXRequest, number: FromPath[int]) -> Response[str]:
    """The cards of a subscriber."""
    return await list_page(request, await _place(request, number))


@post("/subscribers/{number:int}/cards/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def invite_card(request: HTMXRequest, number: FromPath[int]) -> Answer:
    """Make a page of the gateway's, and show its address: its holder is sent that."""
    return await link_page(request, await _place(request, number))


@get("/subscribers/{number:int}/cards/{card:int}/remove", guards=WRITERS)
async def ask_remove_card(
    request: HTMXRequest, number: FromPath[int], card: FromPath[int]
) -> Answer:
    """Ask whether a card is to be kept no more."""
    return await removal_page(request, await _place(request, number), card)


@post("/subscribers/{number:int}/cards/{card:int}/remove", guards=WRITERS, status_code=200)
async def remove_card(request: HTMXRequest, number: FromPath[int], card: FromPath[int]) -> Answer:
    """Remove it."""
    return await removed(request, await _place(request, number), card)


CARDS: Final = (cards_page, invite_card, ask_remove_card, remove_card)
