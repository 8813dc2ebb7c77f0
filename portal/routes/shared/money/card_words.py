"""Cards and what came of charging them, in words."""

from collections.abc import Mapping
from typing import Final

from portal.books.queries.cards.charges import Charge
from portal.books.queries.cards.methods import Method
from portal.words import _

BRANDS: Final = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}
_STATES: Final[Mapping[str, str]] = {
    "created": _("is being charged"),
    "unknown": _("no answer yet, asked again"),
    "pending": _("waits for the holder"),
    "succeeded": _("charged"),
}
_FAILED: Final[Mapping[str, str]] = {
    "authentication_required": _("the bank asks the holder"),
    "insufficient_funds": _("no money on the card"),
    "lost_card": _("the card was lost"),
    "stolen_card": _("the card was stolen"),
    "expired_card": _("the card has expired"),
    "canceled": _("not confirmed in time"),
    "no_trace": _("never reached the gateway"),
}


def card_name(card: Method) -> str:
    """A card in a few words: "Visa ending in 4242"."""
    brand = BRANDS.get(card.brand, card.brand.capitalize())
    return _("%(brand)s ending in %(last4)s") % {"brand": brand, "last4": card.last4}


def why_of(charge: Charge) -> str:
    """How far a charge is, or why it failed."""
    if charge.state == "failed":
        return _FAILED.get(charge.failure, _("the card was declined"))
    return _STATES[charge.state]
