"""Cards that subscribers have saved: brand, last four digits and expiry, never a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.access import Actor
from portal.books.queries.money import customers
from portal.books.queries.money.customers import Customer, book_of
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

METHODS_MAX: Final = 20
"""Cards of one subscriber that are not removed."""


@dataclass(frozen=True, slots=True)
class Method:
    """A saved card; the preferred one is charged."""

    id: int
    brand: str
    last4: str
    month: int
    year: int
    preferred: bool

    @property
    def expires(self) -> str:
        """The last month in which it is good: "2034-12"."""
        return f"{self.year}-{self.month:02}"

    def has_expired(self, today: date) -> bool:
        """Whether that month is over."""
        return (self.year, self.month) < (today.year, today.month)


_METHODS: Final = """
select id, brand, last4, month, year, preferred from payment_method
where cloud = $1 and subscriber = $2 and removed_at is null
order by preferred desc, id desc limit $3
"""


async def of_subscriber(tx: Transaction, cloud: int, subscriber: int) -> list[Method]:
    """The cards of a subscriber by row id, the preferred one first, then the latest."""
    rows = await tx.fetch(_METHODS, cloud, subscriber, METHODS_MAX)
    return [Method(**row) for row in rows]


async def customer_of(
    tx: Transaction, actor: Actor, cloud: CloudFacts, number: int | None
) -> Customer:
    """A subscriber by number, or without one whoever acts. Raises `NotFound`."""
    book = await book_of(tx, actor, cloud)
    if number is None:
        assert actor.subscriber is not None, "only a subscriber asks without a number"
        return await customers.known(tx, book, cloud.id, actor.subscriber)
    found = await customers.named(tx, book, number)
    if found is None:
        raise no_such(_("subscriber"), number)
    return found


async def list_of(actor: Actor, cloud: CloudFacts, number: int | None) -> list[Method]:
    """The cards of a subscriber by number, or of whoever acts. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        customer = await customer_of(tx, actor, cloud, number)
        assert customer.subscriber is not None, "the book is a cloud's"
        return await of_subscriber(tx, cloud.id, customer.subscriber)
