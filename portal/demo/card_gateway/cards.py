"""Test cards: which numbers there are, and what each does when it is saved and when it is charged.

Numbers and what they do are Stripe's published ones, but those that begin 4000009999, which are
invented: saved without complaint, and refused for good once they are charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DIGITS_MIN: Final = 13
DIGITS_MAX: Final = 19


@dataclass(frozen=True, slots=True)
class Card:
    """What a number does. Codes are Stripe's decline codes; "" is no decline.

    `asks` says when the holder's bank asks them: "never", "first" (where the card was not set up
    yet) or "always". `refunds` is how its refunds end.
    """

    about: str
    at_setup: str = ""
    at_charge: str = ""
    asks: str = "never"
    is_disputed: bool = False
    refunds: str = "succeeded"
    brand: str = "visa"


CARDS: Final = {
    "4242424242424242": Card("is always taken"),
    "5555555555554444": Card("is always taken", brand="mastercard"),
    "4000000000000002": Card("is declined at once", at_setup="generic_decline"),
    "4000000000009995": Card("has no money", at_setup="insufficient_funds"),
    "4000000000000069": Card("has expired", at_setup="expired_card"),
    "4000000000009987": Card("was lost", at_setup="lost_card"),
    "4000000000009979": Card("was stolen", at_setup="stolen_card"),
    "4000000000000127": Card("has another security code", at_setup="incorrect_cvc"),
    "4000000000000341": Card("is saved, and declined when charged", at_charge="generic_decline"),
    "4000002500003155": Card("asks its holder once, when it is saved", asks="first"),
    "4000002760003184": Card("asks its holder each time", asks="always"),
    "4000008260003178": Card(
        "asks its holder each time, and has no money",
        asks="always",
        at_charge="insufficient_funds",
    ),
    "4000000000000259": Card("is charged, and disputed", is_disputed=True),
    "4000000000007726": Card("gives money back later", refunds="pending"),
    "4000000000005126": Card("does not take money back", refunds="failed"),
    "4000009999009987": Card("is saved, and lost when charged", at_charge="lost_card"),
    "4000009999009979": Card("is saved, and stolen when charged", at_charge="stolen_card"),
    "4000009999000069": Card("is saved, and expired when charged", at_charge="expired_card"),
    "4000009999009995": Card("is saved, and has no money", at_charge="insufficient_funds"),
}
_PLAIN: Final = Card("is always taken")


def digits_of(text: str) -> str | None:
    """The digits of a number as people type it; None where it cannot be one."""
    digits = "".join(text.split()).replace("-", "")
    if not (digits.isascii() and digits.isdigit() and DIGITS_MIN <= len(digits) <= DIGITS_MAX):
        return None
    return digits if digits in CARDS or _checks(digits) else None


def card_of(digits: str) -> Card:
    """What a number does; one that is not listed is taken."""
    return CARDS.get(digits, _PLAIN)


def code_of(decline: str) -> str:
    """Stripe's error code of a decline code."""
    own = {"expired_card", "incorrect_cvc", "authentication_required"}
    return decline if decline in own else "card_declined"


def _checks(digits: str) -> bool:
    """Luhn's check, by which a typing error is found."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0
