"""Cameras of a cloud."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, NamedTuple

from asyncpg import Record

from portal import tables
from portal.access import Actor
from portal.customers.forms.camera import NewCamera
from portal.db import Transaction, snapshot
from portal.kit.queries.keyed import Keyed
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.values.external_id import id_for
from portal.values.kinds import Text
from portal.values.text import shown
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera(NewCamera):
    """The billing unit. `subscriber` is a number, None while it is nobody's.

    `suspended` is the camera by itself, whatever its subscriber is.
    """

    id: int
    name: Annotated[str, Text()]
    suspended: bool = False


_LISTED: Final = select_list(Camera, tables.Camera, "c", subscriber="s.number")
_SELECT: Final = f"""
select {_LISTED}
from camera c left join subscriber s on s.id = c.subscriber
"""  # noqa: S608 - columns of ours
_CAMERAS: Final = Keyed(
    _SELECT, "c.external_id", _("camera"), partial(row_of, Camera), owner="c.cloud = $1"
)


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    subscriber: int | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[Camera]:
    """A cloud's cameras (or one subscriber's) by external id, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT
            + " where c.cloud = $1 and c.external_id > $2 and ($3::bigint is null or s.number = $3)"
            " order by c.external_id limit $4",
            cloud.id,
            after or "",
            subscriber,
            limit,
        )
    return [row_of(Camera, row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, external_id: str) -> Camera:
    """One camera by its external id. Raises `NotFound`."""
    return await _CAMERAS.get(actor, external_id, cloud.id)


async def get_in(tx: Transaction, cloud: int, external_id: str, *, lock: str = "") -> Camera:
    """As `get`, within a transaction; `lock` is "share" or "no key update", until that ends."""
    return await _CAMERAS.get_in(tx, external_id, cloud, lock=lock)


class Sent(NamedTuple):
    """A camera as it is sent with usage: by its id or, with a connection, by its name there."""

    name: str
    connection: int | None


@dataclass(frozen=True, slots=True)
class Meant:
    """The camera that is meant; or, by field, why it is not clear which."""

    id: int = 0
    external_id: str = ""
    problem: tuple[str, str] | None = None


_NAMED: Final = """
select id, external_id, watcher, watcher_name from camera
where cloud = $1 and external_id = any($2::text[])
"""
_CONNECTIONS: Final = """
select id, coalesce(same_as, id) as watcher from connection where cloud = $1
order by ended_at is not null, id
"""
_THERE: Final = """
select id, external_id, watcher, watcher_name from camera
where cloud = $1 and watcher = any($2::bigint[]) and watcher_name = any($3::text[])
order by watcher
"""


async def meant(tx: Transaction, cloud: int, sent: Collection[Sent]) -> dict[Sent, Meant]:
    """Which camera each is. One that two Watchers have is not guessed: `connection` says which."""
    rows = await tx.fetch(_NAMED, cloud, list({one.name for one in sent}))
    named: dict[str, Record] = {row["external_id"]: row for row in rows}
    watchers: dict[int, int] = {
        row["id"]: row["watcher"] for row in await tx.fetch(_CONNECTIONS, cloud)
    }
    there: dict[str, list[Record]] = {}
    if len(set(watchers.values())) > 1 or any(one.connection is not None for one in sent):
        names = {one.name for one in sent} | {row["watcher_name"] for row in rows}
        numbers = list(set(watchers.values()))
        for row in await tx.fetch(_THERE, cloud, numbers, list(names - {None})):
            there.setdefault(row["watcher_name"], []).append(row)
    return {one: _meant(one, named.get(one.name), there, watchers) for one in sent}


def _meant(
    one: Sent, row: Record | None, there: Mapping[str, list[Record]], watchers: Mapping[int, int]
) -> Meant:
    told = shown(one.name, 80)
    if one.connection is not None:
        if one.connection not in watchers:
            return Meant(problem=("connection", f"there is no connection {one.connection}"))
        watcher = watchers[one.connection]
        known = [] if row is None else [row, *there.get(row["watcher_name"], ())]
        found = [it for it in (*known, *there.get(one.name, ())) if it["watcher"] == watcher]
        if not found:
            return Meant(
                problem=("camera", f"there is no camera {told!r} of connection {one.connection}")
            )
        return Meant(id=found[0]["id"], external_id=found[0]["external_id"])
    if row is None:
        return Meant(problem=("camera", f"there is no camera {told!r}"))
    twins = there.get(row["watcher_name"], ())
    # "gate@12" is one camera's alone, "gate" the name of both.
    if len(twins) > 1 and row["external_id"] == id_for(row["watcher_name"]):
        leads: dict[int, int] = {}
        for connection, watcher in watchers.items():
            leads.setdefault(watcher, connection)
        listed = ", ".join(f"{leads[it['watcher']]} ({it['external_id']!r})" for it in twins)
        message = _("is required: %(told)r may be of connections %(listed)s") % {
            "told": told,
            "listed": shown(listed, 400),
        }
        return Meant(problem=("connection", message))
    return Meant(id=row["id"], external_id=row["external_id"])
