"""Charges: each attempt to charge what is left of an invoice, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts

UNFINISHED: Final = ("created", "unknown", "pending")


@dataclass(frozen=True, slots=True)
class Charge:
    """An attempt. Amount: minor units. `failure` is the gateway's code, "" where it has not failed.

    `url` is where the holder's bank asks them; `retry_on` the day of the next attempt by rule.
    """

    id: int
    invoice: str
    attempt: int
    currency: str
    amount: int
    state: str
    failure: str
    message: str
    brand: str
    last4: str
    by_hand: bool
    url: str
    payment: int | None
    created_at: datetime
    retry_on: date | None

    @property
    def is_unfinished(self) -> bool:
        """Whether it has yet to succeed or fail."""
        return self.state in UNFINISHED


_CHARGE: Final = """
select c.id, i.number as invoice, c.attempt, c.currency, c.amount, c.state, c.code as failure,
       c.message, m.brand, m.last4, c.by_hand, c.url, c.payment, c.created_at, c.retry_on
from card_charge c
join invoice i on i.cloud = c.cloud and i.id = c.invoice
join payment_method m on m.cloud = c.cloud and m.id = c.payment_method
"""


async def find(tx: Transaction, cloud: int, charge: int) -> Charge:
    """A charge of a cloud by row id."""
    row = await tx.fetchrow(f"{_CHARGE} where c.cloud = $1 and c.id = $2", cloud, charge)
    assert row is not None, "it was read or written before"
    return Charge(**row)


async def unfinished(tx: Transaction, cloud: int, invoice: int) -> Charge | None:
    """The charge of an invoice (row id) that has yet to end, if there is one."""
    row = await tx.fetchrow(
        f"{_CHARGE} where c.cloud = $1 and c.invoice = $2"
        " and c.state in ('created', 'unknown', 'pending')",
        cloud,
        invoice,
    )
    return None if row is None else Charge(**row)


async def list_page(
    actor: Actor, cloud: CloudFacts, *, invoice: str | None, after: int, limit: int
) -> list[Charge]:
    """Charges in the order they were made, at most `limit`; of one invoice by number."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            f"{_CHARGE} where c.cloud = $1 and c.id > $3"
            " and ($2::text is null or i.number = $2) order by c.id limit $4",
            cloud.id,
            invoice,
            after,
            limit,
        )
    return [Charge(**row) for row in rows]


async def of_invoice(actor: Actor, cloud: CloudFacts, number: str) -> list[Charge]:
    """All attempts at an invoice, the latest first."""
    found = await list_page(actor, cloud, invoice=number, after=0, limit=100)
    return found[::-1]


# What cards were charged for an invoice and have not got back; a dispute that is won pays it again.
_CHARGED: Final = """
select coalesce(sum(
  case when exists (select from payment_return r where r.payment = c.payment)
            and not exists (select from card_dispute d where d.cloud = c.cloud
                            and d.card_charge = c.id and d.state = 'won') then 0
       else p.amount - coalesce((
         select sum(f.amount) from refund_part f
         join refund g on g.cloud = f.cloud and g.id = f.refund and g.state <> 'failed'
         where f.cloud = c.cloud and f.payment = c.payment), 0) end), 0)::bigint
from card_charge c join payment p on p.cloud = c.cloud and p.id = c.payment
where c.cloud = $1 and c.invoice = $2
"""


async def charged(tx: Transaction, cloud: int, invoice: int) -> int:
    """What cards were charged for an invoice (row id) and have not got back; minor units."""
    return int(await tx.fetchval(_CHARGED, cloud, invoice))
