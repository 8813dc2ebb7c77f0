"""A subscriber's own cards: saved at the gateway, chosen, removed, and charged by hand."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar import get as litestar_get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can
from portal.books.actions.cards import charging, saving
from portal.errors import Conflict, NotFound, PortalError
from portal.kit.queries import tenancy
from portal.kit.queries.clock import wall_clock
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires, signed_in_of
from portal.routes.page import Toast, redirect
from portal.routes.shared.money.card_place import (
    CardPlace,
    link_page,
    list_page,
    removal_page,
    removed,
)
from portal.routes.shared.money.card_words import card_name
from portal.routes.subscriber.paths import CARDS as PATH
from portal.routes.subscriber.paths import INVOICES, PAYMENTS
from portal.words import _

WRITERS: Final = [requires(Permission.ACCOUNT_WRITE)]
CRUMBS: Final = ((_("Payments"), PAYMENTS),)


# Litestar's `get`: whoever comes back from the gateway waits until it has said what was saved.
@litestar_get("/cards")
async def cards(request: HTMXRequest) -> Answer:
    """The cards; with `session` whoever comes back from the gateway's page."""
    actor = person_of(request).actor
    cloud = await tenancy.own_cloud(actor)
    session = request.query_params.get("session", "")
    if session and signed_in_of(request).viewing is None:
        return await _back(request, session)
    return await list_page(request, _place(actor, cloud))


def _place(actor: Actor, cloud: CloudFacts) -> CardPlace:
    """One's own cards."""
    return CardPlace(
        actor=actor,
        cloud=cloud,
        number=None,
        name=cloud.name,
        path=PATH,
        crumbs=CRUMBS,
        may_write=can(actor, Permission.ACCOUNT_WRITE),
    )


async def _own(request: HTMXRequest) -> CardPlace:
    actor = person_of(request).actor
    return _place(actor, await tenancy.own_cloud(actor))


async def _back(request: HTMXRequest, session: str) -> Answer:
    actor = person_of(request).actor
    cloud = await tenancy.own_cloud(actor)
    try:
        saved = await saving.finish(
            actor, cloud, session, cards=request.app.state.cards, wall=wall_clock()
        )
    except NotFound:
        raise
    except PortalError as error:
        return redirect(request, PATH, Toast(error.message, "error"))
    if saved is None:
        return redirect(request, PATH, Toast(_("No card was saved."), "info"))
    return redirect(request, PATH, _("%(card)s is saved.") % {"card": card_name(saved)})


@post("/cards/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def new_card(request: HTMXRequest) -> Answer:
    """Make a page of the gateway's, and lead there by a link: no card is typed here."""
    return await link_page(request, await _own(request))


@post("/cards/{card:int}/prefer", guards=WRITERS, status_code=HTTPStatus.OK)
async def prefer_card(request: HTMXRequest, card: FromPath[int]) -> Answer:
    """Charge this one from now on."""
    actor = person_of(request).actor
    await saving.prefer(actor, await tenancy.own_cloud(actor), None, card)
    return redirect(request, PATH, _("This card is charged from now on."))


@litestar_get("/cards/{card:int}/remove", guards=WRITERS)
async def ask_remove(request: HTMXRequest, card: FromPath[int]) -> Answer:
    """Ask whether a card is to be kept no more."""
    return await removal_page(request, await _own(request), card)


@post("/cards/{card:int}/remove", guards=WRITERS, status_code=HTTPStatus.OK)
async def remove(request: HTMXRequest, card: FromPath[int]) -> Answer:
    """Remove it, here and at the gateway."""
    return await removed(request, await _own(request), card)


@post("/invoices/{number:str}/charge", guards=WRITERS, status_code=HTTPStatus.OK)
async def pay_by_card(request: HTMXRequest, number: FromPath[str]) -> Response[None]:
    """Charge what is left of an invoice, with its holder there."""
    actor, back = person_of(request).actor, f"{INVOICES}/{number}"
    try:
        await charging.ask(
            actor,
            await tenancy.own_cloud(actor),
            number,
            by_hand=True,
            wall=wall_clock(),
            queue=request.app.state.queue,
        )
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "error"))
    return redirect(request, back, _("Your card is being charged."))


CARDS: Final = (cards, new_card, prefer_card, ask_remove, remove, pay_by_card)
