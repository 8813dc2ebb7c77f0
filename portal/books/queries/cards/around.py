"""What a page has to know of cards: beside an invoice, and beside a month's documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.books.queries.cards import accounts, charges, methods
from portal.books.queries.cards.charges import Charge
from portal.books.queries.cards.methods import Method
from portal.books.queries.invoices import Invoice
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts

AT_ONCE: Final = 500
"""Invoices that are charged with one click."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The card that an invoice may be charged to, and the attempts, the latest first.

    Without a gateway `is_set_up` is false, and there is neither.
    """

    is_set_up: bool = False
    card: Method | None = None
    charges: Sequence[Charge] = field(default_factory=tuple)

    @property
    def running(self) -> Charge | None:
        """The attempt that has yet to end."""
        return next((one for one in self.charges if one.is_unfinished), None)


async def beside(actor: Actor, cloud: CloudFacts, invoice: Invoice) -> Beside:
    """Of an invoice to a subscriber; nothing of any other document."""
    if invoice.side != "retail" or invoice.type != "invoice" or invoice.subscriber is None:
        return Beside()
    async with snapshot(actor) as tx:
        if await accounts.find(tx, cloud.id) is None:
            return Beside()
        customer = await methods.customer_of(tx, actor, cloud, invoice.subscriber)
        assert customer.subscriber is not None, "the book is a cloud's"
        saved = await methods.of_subscriber(tx, cloud.id, customer.subscriber)
    card = saved[0] if saved and saved[0].preferred else None
    attempts = await charges.of_invoice(actor, cloud, invoice.number)
    return Beside(is_set_up=True, card=card, charges=attempts)


@dataclass(frozen=True, slots=True)
class Chargeable:
    """Invoices that may be charged to a card now: how many, what is left of them, the first."""

    count: int
    left: int
    numbers: Sequence[str]


_MONTH: Final = """
select i.number, b.left, count(*) over () as count, sum(b.left) over ()::bigint as sum
from invoice i
join document_balance b on b.cloud = i.cloud and b.invoice = i.id and b.left > 0 and not b.disputed
where i.cloud = $1 and i.issuer = $1 and i.month = $2 and i.side = 'retail' and i.total > 0
  and exists (select from payment_method m where m.cloud = i.cloud
              and m.subscriber = i.subscriber and m.preferred and m.removed_at is null)
  and not exists (select from card_charge c where c.cloud = i.cloud and c.invoice = i.id
                  and c.state in ('created', 'unknown', 'pending'))
order by i.id limit $3
"""


async def of_month(actor: Actor, cloud: CloudFacts, period: Period) -> Chargeable:
    """Those of a month: of subscribers with a card, not disputed, and not being charged."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_MONTH, cloud.id, period.start, AT_ONCE)
    numbers = [row["number"] for row in rows]
    if not rows:
        return Chargeable(count=0, left=0, numbers=numbers)
    return Chargeable(count=rows[0]["count"], left=rows[0]["sum"], numbers=numbers)
