"""A cloud with its prices and its first administrator, as one thing that is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.billing.pricing import Pricing
from portal.customers.forms.cloud import NewCloud
from portal.kit.forms.form import ListOf, Nested, part_of
from portal.values.kinds import SLUG, Choice, Day, Email, Text, code_like
from portal.values.pricing import PricingOf

LIST: Final = "list"
COPY: Final = "copy"
NOTHING: Final = "nothing"
PRICES_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrice:
    """This cloud's price of a service in place of the one it begins with; null: not sold to it."""

    service: Annotated[str, code_like("motion-day")]
    pricing: Annotated[Pricing | None, PricingOf()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """A new cloud (`manager` is its own field), what it pays from a day on, and who runs it.

    Its prices `start_from` the list, a `copy_of` another cloud, or nothing, and `prices` go before
    those. Without an `administrator_email` nobody is invited.
    """

    cloud: Annotated[NewCloud, Nested(NewCloud)]
    valid_from: Annotated[date, Day()]
    start_from: Annotated[str, Choice((LIST, COPY, NOTHING))] = LIST
    copy_of: Annotated[str | None, SLUG] = None
    prices: Annotated[tuple[OwnPrice, ...], ListOf(Nested(OwnPrice), PRICES_MAX)] = ()
    administrator_email: Annotated[str, Email(optional=True)] = ""
    administrator_name: Annotated[str, Text(minimum=0)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPrices:
    """What a new cloud pays from a day on, its month's first without `valid_from`.

    Its prices `start_from` the list, a `copy_of` another cloud, or nothing; `own` go before those.
    """

    valid_from: Annotated[date | None, Day()] = None
    start_from: Annotated[str, Choice((LIST, COPY, NOTHING))] = LIST
    copy_of: Annotated[str | None, SLUG] = None
    own: Annotated[tuple[OwnPrice, ...], ListOf(Nested(OwnPrice), PRICES_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAdministrator:
    """Who is invited to run a new cloud."""

    email: Annotated[str, Email()]
    name: Annotated[str, Text(minimum=0, example="Nora")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCloud(NewCloud):
    """A new operator, with its prices and its first administrator where these are sent."""

    prices: Annotated[FirstPrices | None, Nested(FirstPrices)] = None
    administrator: Annotated[FirstAdministrator | None, Nested(FirstAdministrator)] = None

    def founding(self, first: date) -> Founding:
        """The same as it is founded; prices without a day begin on `first`."""
        prices = self.prices or FirstPrices(start_from=NOTHING)
        who = self.administrator
        return Founding(
            cloud=part_of(NewCloud, self),
            valid_from=prices.valid_from or first,
            start_from=prices.start_from,
            copy_of=prices.copy_of,
            prices=prices.own,
            administrator_email="" if who is None else who.email,
            administrator_name="" if who is None else who.name,
        )


SENT_AS: Final = {
    "email": "administrator.email",
    "administrator_email": "administrator.email",
    "copy_of": "prices.copy_of",
    "valid_from": "prices.valid_from",
    "service": "prices.own",
}
"""Where what `found` complains about stands in a `WholeCloud`; the rest has its own name."""
