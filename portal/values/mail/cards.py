"""What mails about cards say: one that was not charged, one whose bank asks its holder."""

from __future__ import annotations

from datetime import date
from typing import Final

from portal.values import dates
from portal.values.mail.wording import Wording
from portal.words import _

CARD_FAILED: Final = "card-failed"
CARD_ASKS: Final = "card-asks"


def failed(facts: dict[str, str]) -> Wording:
    """A card was declined; `retry_on` is a day, or "" where it is not tried again."""
    if facts["retry_on"]:
        said = {**facts, "day": dates.day(date.fromisoformat(facts["retry_on"]))}
        after = _("We try again on %(day)s. You can also pay now, or save another card.") % said
    else:
        after = _("We do not try this card again: save another one, or pay by bank transfer.")
    return Wording(
        _("Your card could not be charged for invoice %(number)s") % facts,
        (
            _("Hello %(name)s,") % facts,
            _("Your card ending in %(last4)s was declined for invoice %(number)s of %(place)s.")
            % facts,
            after,
        ),
        _("Open the invoice"),
    )


def asks(facts: dict[str, str]) -> Wording:
    """The bank wants to ask the card's holder, who has to be there for that."""
    return Wording(
        _("Your bank asks you to confirm the payment of invoice %(number)s") % facts,
        (
            _("Hello %(name)s,") % facts,
            _(
                "Your bank asks you to confirm that your card ending in %(last4)s is charged for"
                " invoice %(number)s of %(place)s."
            )
            % facts,
            _("Open the invoice and choose to pay by card: your bank then asks you."),
        ),
        _("Open the invoice"),
    )
