"""What of cards is due: for the sweep and the workers, of all clouds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from portal import jobs
from portal.access import SYSTEM
from portal.billing.cards.trying import ATTEMPTS_MAX
from portal.db import snapshot

AT_ONCE: Final = 500
LOOK_EVERY: Final = timedelta(minutes=1)
"""How often a cloud's invoices are looked through for those that are to be charged."""
READ_EVERY: Final = timedelta(minutes=15)
"""How often a gateway is asked for what it may not have told."""
JOBS: Final = {
    "card_charge": jobs.CHARGE_CARD,
    "card_refund": jobs.REFUND_CARD,
    "card_set_up": jobs.READ_CARD_PAGE,
    "gateway_event": jobs.READ_GATEWAY,
}
"""The tables whose rows are looked at when it is time, and the job that does it."""
_DUE: Final = "select id from {table} where look_at <= $1 order by look_at, id limit $2"


async def due(table: str, wall: datetime) -> list[int]:
    """Row ids of charges, refunds, events or pages that are to be looked at by the wall's clock."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_DUE.format(table=table), wall, AT_ONCE)
    return [row["id"] for row in rows]


@dataclass(frozen=True, slots=True)
class Charging:
    """An account, and when its cloud charges by itself."""

    id: int
    cloud: int
    charge_on: str


async def charging(now: datetime) -> list[Charging]:
    """The accounts whose invoices are to be looked through."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select id, cloud, charge_on from card_account"
            " where looked_at is null or looked_at <= $1 order by id limit $2",
            now - LOOK_EVERY,
            AT_ONCE,
        )
    return [Charging(**row) for row in rows]


# Of subscribers with a card: open invoices whose last try failed and is to be repeated today; and
# where the cloud charges by itself those that were never tried, or failed with another card.
_INVOICES: Final = """
select i.number
from payment_method m
join subscriber s on s.cloud = m.cloud and s.id = m.subscriber and s.owes_from < 'infinity'
join invoice i on i.cloud = m.cloud and i.subscriber = m.subscriber and i.side = 'retail'
  and i.total > 0
join document_balance b on b.cloud = i.cloud and b.invoice = i.id and b.left > 0 and not b.disputed
left join lateral (
  select c.state, c.retry_on, c.payment_method, c.attempt from card_charge c
  where c.cloud = i.cloud and c.invoice = i.id order by c.attempt desc limit 1
) c on true
where m.cloud = $1 and m.preferred and m.removed_at is null
  and (c.retry_on <= $2
       or (c.state is null or (c.state = 'failed' and c.payment_method <> m.id and c.attempt < $4))
          and ($3 = 'issue' or ($3 = 'due' and i.due_on <= $2)))
order by i.due_on, i.id limit $5
"""


async def to_charge(cloud: int, today: date, charge_on: str) -> Sequence[str]:
    """Numbers of a cloud's invoices that are to be charged today."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_INVOICES, cloud, today, charge_on, ATTEMPTS_MAX, AT_ONCE)
    return [row["number"] for row in rows]


async def to_read(wall: datetime) -> list[int]:
    """Clouds (row ids) whose gateway was not asked for a while what it may not have told."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select cloud from card_account where read_at is null or read_at <= $1"
            " order by id limit $2",
            wall - READ_EVERY,
            AT_ONCE,
        )
    return [row["cloud"] for row in rows]
