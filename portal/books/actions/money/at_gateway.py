"""Money that is at a gateway is given back there: what is asked of it is written down first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from asyncpg import Record

from portal import jobs, tables
from portal.books.forms.payments import NewCloudRefund, NewRefund
from portal.db import Transaction
from portal.errors import Conflict
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert
from portal.ports import Queue
from portal.words import _

_CHARGE: Final = """
select c.id, c.cloud, c.subscriber, p.gateway, exists (
  select from payment_return r where r.payment = p.id) as returned
from payment p join card_charge c on c.cloud = p.cloud and c.payment = p.id
where p.cloud = $1 and p.id = $2 and p.gateway <> ''
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a refund is made, and how far it is; `charge` is the one that a gateway gives back."""

    method: str
    gateway: str = ""
    state: str = "succeeded"
    charge: Record | None = None


async def place_of(
    tx: Transaction, cloud: int, new: NewRefund | NewCloudRefund, made_as: str
) -> Place:
    """Where a refund is made: at the gateway where the money of the payment named is, else here.

    `made_as` is the gateway's name of one that was made there already. Raises `Conflict` for a
    payment that was taken back: there is no money of it.
    """
    row = None
    if new.payment is not None:
        row = await tx.fetchrow(_CHARGE, cloud, new.payment)
    if row is None:
        return Place(new.method)
    if row["returned"]:
        raise Conflict(_("The bank took this payment back."))
    return Place("card", row["gateway"], "succeeded" if made_as else "pending", row)


async def to_gateway(
    tx: Transaction, place: Place, refund: int, made_as: str, queue: Queue | None
) -> None:
    """Have workers ask the gateway for a refund; one that was made is only looked at again."""
    if place.charge is None:
        return
    row = {
        "cloud": place.charge["cloud"],
        "subscriber": place.charge["subscriber"],
        "refund": refund,
        "card_charge": place.charge["id"],
        "gateway_refund": made_as or None,
    }
    made = await insert(tx, tables.CardRefund, row)
    if queue is not None:
        enqueue_after_commit(queue, jobs.REFUND_CARD, made)
