"""Cards of a subscriber as pages, whoever looks: its operator, or it itself."""

from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor
from portal.books.actions.cards import saving
from portal.books.queries.cards import accounts, methods
from portal.errors import Conflict
from portal.kit.queries.clock import wall_clock
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.accounts.auth import Answer
from portal.routes.page import Toast, page, redirect
from portal.routes.shared.cloud_scope import Crumbs
from portal.routes.shared.confirm import confirm
from portal.routes.shared.money.card_words import card_name
from portal.routes.shared.months import today_of
from portal.words import _

OWN: Final = "/my/cards"
"""Where a subscriber's own cards are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPlace:
    """Whose cards, and where: `number` of a subscriber, None of one's own; `crumbs` lead to them.

    `name` is the subscriber's to its operator, and the operator's to the subscriber.
    """

    actor: Actor
    cloud: CloudFacts
    number: int | None
    name: str
    path: str
    crumbs: Crumbs
    may_write: bool

    @property
    def below(self) -> Crumbs:
        """The way back from a page below the list."""
        return (*self.crumbs, (_("Cards"), self.path))


async def list_page(request: HTMXRequest, place: CardPlace) -> Response[str]:
    """The cards that are saved."""
    found = await methods.list_of(place.actor, place.cloud, place.number)
    return page(
        request,
        "shared/money/cards.html",
        cards=[(card, card_name(card)) for card in found],
        today=today_of(request),
        name=place.name,
        own=place.number is None,
        path=place.path,
        may_write=place.may_write,
        is_set_up=await accounts.is_set_up(place.actor, place.cloud.id),
        crumbs=place.crumbs,
    )


async def link_page(request: HTMXRequest, place: CardPlace) -> Answer:
    """Make a page of the gateway's, and show its address: no card is typed here.

    From there its holder comes back to their own cards, whoever made the link.
    """
    public = request.app.state.public_url
    try:
        made = await saving.begin(
            place.actor,
            place.cloud,
            place.number,
            back=f"{public}{OWN}?session={{CHECKOUT_SESSION_ID}}",
            cancel=f"{public}{OWN}",
            cards=request.app.state.cards,
            wall=wall_clock(),
        )
    except Conflict as conflict:
        return redirect(request, place.path, Toast(conflict.message, "error"))
    return page(
        request,
        "shared/money/card_link.html",
        url=made.url,
        expires_at=made.expires_at,
        own=place.number is None,
        name=place.name,
        path=place.path,
        crumbs=place.below,
    )


async def removal_page(request: HTMXRequest, place: CardPlace, card: int) -> Answer:
    """Ask whether a card (a row id) is to be kept no more."""
    every = await methods.list_of(place.actor, place.cloud, place.number)
    found = next((one for one in every if one.id == card), None)
    if found is None:
        return redirect(request, place.path, Toast(_("This card is removed already."), "info"))
    return confirm(
        request,
        title=_("Remove card"),
        crumbs=place.below,
        question=_("Keep this card no more?"),
        facts=[(_("Card"), card_name(found))],
        warnings=[_("It is removed at the card gateway, too, and is charged no more.")],
        action=f"{place.path}/{card}/remove",
        cancel=place.path,
        danger=True,
    )


async def removed(request: HTMXRequest, place: CardPlace, card: int) -> Response[None]:
    """Remove a card, here and at the gateway."""
    given = (place.actor, place.cloud, place.number, card)
    try:
        await saving.remove(*given, cards=request.app.state.cards, wall=wall_clock())
    except Conflict as conflict:
        return redirect(request, place.path, Toast(conflict.message, "error"))
    return redirect(request, place.path, _("The card is removed."))
