"""Cards of a subscriber, as its operator sees them: what is saved, and a page to save one by."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.books.actions.cards import saving
from portal.books.queries.cards import accounts, methods
from portal.customers.queries import subscribers
from portal.errors import Conflict
from portal.kit.queries.clock import wall_clock
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.money.card_words import card_name
from portal.routes.shared.months import today_of
from portal.words import _

READERS: Final = [requires(Permission.PAYMENTS_READ)]
WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]


@get("/subscribers/{number:int}/cards", guards=READERS)
async def cards_page(request: HTMXRequest, number: FromPath[int]) -> Response[str]:
    """The cards of a subscriber."""
    scope = await CloudScope.of(request)
    one = await subscribers.get(scope.actor, scope.cloud, number)
    back = scope.at("subscribers", number)
    found = await methods.list_of(scope.actor, scope.cloud, number)
    return page(
        request,
        "shared/money/cards.html",
        cards=[(card, card_name(card)) for card in found],
        today=today_of(request),
        name=one.name,
        own=False,
        path=scope.at("subscribers", number, "cards"),
        may_write=can(scope.actor, Permission.PAYMENTS_WRITE),
        is_set_up=await accounts.is_set_up(scope.actor, scope.cloud.id),
        crumbs=(*scope.above, (_("Subscribers"), scope.at("subscribers")), (one.name, back)),
    )


@post("/subscribers/{number:int}/cards/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def invite_card(request: HTMXRequest, number: FromPath[int]) -> Answer:
    """Make a page of the gateway's, and show its address: its holder is sent that."""
    scope = await CloudScope.of(request)
    one = await subscribers.get(scope.actor, scope.cloud, number)
    path = scope.at("subscribers", number, "cards")
    public = request.app.state.public_url
    try:
        made = await saving.begin(
            scope.actor,
            scope.cloud,
            number,
            back=f"{public}/my/cards?session={{CHECKOUT_SESSION_ID}}",
            cancel=f"{public}/my/cards",
            cards=request.app.state.cards,
            wall=wall_clock(),
        )
    except Conflict as conflict:
        return redirect(request, path, Toast(conflict.message, "error"))
    back = scope.at("subscribers", number)
    subscribers_path = (_("Subscribers"), scope.at("subscribers"))
    return page(
        request,
        "shared/money/card_link.html",
        url=made.url,
        expires_at=made.expires_at,
        own=False,
        name=one.name,
        path=path,
        crumbs=(*scope.above, subscribers_path, (one.name, back), (_("Cards"), path)),
    )


@get("/subscribers/{number:int}/cards/{card:int}/remove", guards=WRITERS)
async def ask_remove_card(
    request: HTMXRequest, number: FromPath[int], card: FromPath[int]
) -> Answer:
    """Ask whether a card is to be kept no more."""
    scope = await CloudScope.of(request)
    path = scope.at("subscribers", number, "cards")
    found = [one for one in await methods.list_of(scope.actor, scope.cloud, number)
             if one.id == card]  # fmt: skip
    if not found:
        return redirect(request, path, Toast(_("This card is removed already."), "info"))
    return confirm(
        request,
        title=_("Remove card"),
        crumbs=(*scope.above, (_("Cards"), path)),
        question=_("Keep this card no more?"),
        facts=[(_("Card"), card_name(found[0]))],
        warnings=[_("It is removed at the card gateway, too, and is charged no more.")],
        action=f"{path}/{card}/remove",
        cancel=path,
        danger=True,
    )


@post("/subscribers/{number:int}/cards/{card:int}/remove", guards=WRITERS, status_code=200)
async def remove_card(request: HTMXRequest, number: FromPath[int], card: FromPath[int]) -> Answer:
    """Remove it."""
    scope = await CloudScope.of(request)
    path = scope.at("subscribers", number, "cards")
    given = (scope.actor, scope.cloud, number, card)
    try:
        await saving.remove(*given, cards=request.app.state.cards, wall=wall_clock())
    except Conflict as conflict:
        return redirect(request, path, Toast(conflict.message, "error"))
    return redirect(request, path, _("The card is removed."))


CARDS: Final = (cards_page, invite_card, ask_remove_card, remove_card)
