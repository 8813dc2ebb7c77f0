"""Money that is at a gateway is given back there: what is asked of it is written down first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from asyncpg import Record

from portal import jobs, tables
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


async def charge_of(tx: Transaction, cloud: int, payment: int) -> Record | None:
    """The charge that a payment came of, where its money is at a gateway.

    Raises `Conflict` for one that was taken back: there is no money of it.
    """
    row = await tx.fetchrow(_CHARGE, cloud, payment)
    if row is not None and row["returned"]:
        raise Conflict(_("The bank took this payment back."))
    return row


def at_gateway(charge: Record, *, is_made: bool) -> Mapping[str, object]:
    """The columns of a refund that say where it is made, and how far it is."""
    state = "succeeded" if is_made else "pending"
    return {"method": "card", "gateway": charge["gateway"], "state": state}


async def to_gateway(
    tx: Transaction, charge: Record, refund: int, made_as: str, queue: Queue | None
) -> None:
    """Have workers ask the gateway for a refund; one that was made is only looked at again."""
    row = {
        "cloud": charge["cloud"],
        "subscriber": charge["subscriber"],
        "refund": refund,
        "card_charge": charge["id"],
        "gateway_refund": made_as or None,
    }
    made = await insert(tx, tables.CardRefund, row)
    if queue is not None:
        enqueue_after_commit(queue, jobs.REFUND_CARD, made)
