"""Subscriptions of a camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.subscription import NewSubscription
from portal.customers.queries import cameras
from portal.db import Transaction, snapshot
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(NewSubscription):
    """A camera on a tariff for `[starts_on, ends_on)`, for the subscriber (number) it had then."""

    id: int
    subscriber: int | None


LISTED: Final = select_list(
    Subscription, tables.Subscription, "x", tariff="t.code", subscriber="s.number"
)
_SELECT: Final = f"""
select {LISTED}
from subscription x join tariff t on t.id = x.tariff left join subscriber s on s.id = x.subscriber
where x.cloud = $1 and x.camera = $2
"""  # noqa: S608 - columns of ours


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    external_id: str,
    *,
    after: tuple[date, int] | None = None,
    limit: int = 100,
) -> list[Subscription]:
    """A camera's subscriptions, oldest first, those after `after` (its start and id)."""
    async with snapshot(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        rows = await tx.fetch(
            _SELECT + " and (x.starts_on, x.id) > ($3, $4) order by x.starts_on, x.id limit $5",
            cloud.id,
            camera.id,
            *(after or (date.min, 0)),
            limit,
        )
    return [row_of(Subscription, row) for row in rows]


async def clashing(
    tx: Transaction, cloud: int, camera: int, start: date, end: date | None, *, but: int = 0
) -> Subscription | None:
    """A subscription of the camera that shares a day with `[start, end)`, other than `but`."""
    row = await tx.fetchrow(
        _SELECT + " and x.id <> $3 and daterange(x.starts_on, x.ends_on) && daterange($4, $5)"
        " order by x.starts_on limit 1",
        cloud,
        camera,
        but,
        start,
        end,
    )
    return None if row is None else row_of(Subscription, row)
