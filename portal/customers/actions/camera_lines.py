"""Giving a subscriber several cameras at once, with their subscriptions: all of them or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor, Permission
from portal.billing.period import local_date
from portal.customers.actions.subscriptions import tariff_id
from portal.customers.forms.camera_lines import CameraLine, NewCameras, path_of
from portal.customers.forms.subscription import NewSubscription
from portal.customers.queries import subscribers
from portal.customers.queries.cameras import Camera
from portal.customers.queries.subscriptions import Subscription
from portal.db import Transaction, atomic
from portal.errors import Invalid
from portal.kit.actions import audit
from portal.kit.actions.closed import refuse_closed_day
from portal.kit.actions.permit import require
from portal.kit.forms.form import values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

# By id, so that two who add the same cameras wait for each other and do not lock each other out.
_THERE: Final = """
select c.id, c.external_id, c.name, c.suspended, c.subscriber, s.number
from camera c left join subscriber s on s.id = c.subscriber
where c.cloud = $1 and c.external_id = any($2::text[]) order by c.id for no key update of c
"""
_REGISTER: Final = """
insert into camera (cloud, external_id, name, subscriber)
select $1, x.external_id, x.name, $2 from unnest($3::text[], $4::text[]) as x(external_id, name)
on conflict do nothing returning id, external_id
"""
_TAKE: Final = """
update camera c set subscriber = $2, name = x.name
from unnest($3::bigint[], $4::text[]) as x(id, name) where c.id = x.id
"""
_CLASHING: Final = """
select distinct on (x.camera) x.camera, t.code from subscription x join tariff t on t.id = x.tariff
where x.cloud = $1 and x.camera = any($2::bigint[]) and (x.ends_on is null or x.ends_on > $3)
order by x.camera, x.starts_on
"""
_SUBSCRIBE: Final = """
insert into subscription (cloud, camera, subscriber, tariff, starts_on)
select $1, camera, $2, $3, $4 from unnest($5::bigint[]) as camera
on conflict do nothing returning id, camera
"""


async def add(
    actor: Actor, cloud: CloudFacts, number: int, new: NewCameras, *, now: datetime
) -> list[Camera]:
    """Give a subscriber cameras, each on the tariff from `starts_on` on; today when it is None.

    A camera that is there and nobody's becomes the subscriber's; one that is its own already is
    put on the tariff. Raises `NotFound`, `Invalid` by field ("cameras[2].external_id" is the third
    camera), and `Conflict` for a day in a closed month. Then nothing is done.
    """
    async with atomic(actor) as tx:
        owner = await subscribers.get_in(tx, cloud.id, number)
        require(actor, Permission.CAMERAS_WRITE)
        terms = await _terms(tx, actor, cloud, new, now)
        _refuse_twins(new.cameras)
        found = await tx.fetch(_THERE, cloud.id, [line.external_id for line in new.cameras])
        there = {row["external_id"]: row for row in found}
        _refuse_others(new.cameras, there, owner.id, subscribing=terms is not None)
        made = await _registered(tx, actor, cloud, owner, new.cameras, there)
        if terms is not None:
            await _subscribe(tx, actor, cloud, owner, made, terms)
        return made


async def _terms(
    tx: Transaction, actor: Actor, cloud: CloudFacts, new: NewCameras, now: datetime
) -> tuple[int, NewSubscription] | None:
    """The tariff's row id, and the subscription that each camera gets; None without a tariff."""
    if new.tariff is None:
        return None
    require(actor, Permission.SUBSCRIPTIONS_WRITE)
    starts_on = new.starts_on or local_date(now, cloud.timezone)
    wanted = NewSubscription(tariff=new.tariff, starts_on=starts_on)
    return await tariff_id(tx, cloud.id, wanted), wanted


def _refuse_twins(lines: Sequence[CameraLine]) -> None:
    counts = Counter(line.external_id for line in lines)
    twice = {
        path_of(index): _("%(external_id)s is listed more than once")
        % {"external_id": line.external_id}
        for index, line in enumerate(lines)
        if counts[line.external_id] > 1
    }
    if twice:
        raise Invalid(twice)


def _refuse_others(
    lines: Sequence[CameraLine], there: Mapping[str, Record], owner: int, *, subscribing: bool
) -> None:
    problems = {}
    for index, line in enumerate(lines):
        row = there.get(line.external_id)
        if row is None or row["subscriber"] is None:
            continue
        told = {"external_id": line.external_id, "number": row["number"]}
        if row["subscriber"] != owner:
            problems[path_of(index)] = (
                _("%(external_id)s belongs to customer %(number)s: move it first") % told
            )
        elif not subscribing:
            problems[path_of(index)] = _("%(external_id)s is this customer's already") % told
    if problems:
        raise Invalid(problems)


async def _registered(  # noqa: PLR0917 - what is there, and what is to be
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts,
    owner: subscribers.Subscriber,
    lines: Sequence[CameraLine],
    there: Mapping[str, Record],
) -> list[Camera]:
    """The cameras as they are now, in the order of the lines."""
    new = [line for line in lines if line.external_id not in there]
    names = [line.name or line.external_id for line in new]
    rows = await tx.fetch(_REGISTER, cloud.id, owner.id, [one.external_id for one in new], names)
    ids = {row["external_id"]: row["id"] for row in rows}
    taken = [line for line in lines if (row := there.get(line.external_id)) and _is_free(row)]
    if taken:
        free = [there[line.external_id] for line in taken]
        kept = [
            line.name or row["name"] or row["external_id"]
            for line, row in zip(taken, free, strict=True)
        ]
        await tx.execute(_TAKE, cloud.id, owner.id, [row["id"] for row in free], kept)
    made, problems = [], {}
    for index, line in enumerate(lines):
        row = there.get(line.external_id)
        if row is None and line.external_id not in ids:  # another's, whom this actor does not see
            problems[path_of(index)] = _("%(external_id)s is taken") % {
                "external_id": line.external_id
            }
            continue
        made.append(_camera(line, row, ids, owner.number))
    if problems:
        raise Invalid(problems)
    for camera in made:
        row = there.get(camera.external_id)
        if row is None or _is_free(row):
            await _record(tx, actor, cloud, camera, row)
    return made


def _is_free(row: Record) -> bool:
    return row["subscriber"] is None


def _camera(line: CameraLine, row: Record | None, ids: Mapping[str, int], number: int) -> Camera:
    if row is None:
        name = line.name or line.external_id
        return Camera(
            id=ids[line.external_id], external_id=line.external_id, name=name, subscriber=number
        )
    name = (line.name if _is_free(row) else None) or row["name"] or line.external_id
    return Camera(
        id=row["id"],
        external_id=line.external_id,
        name=name,
        subscriber=number,
        suspended=row["suspended"],
    )


async def _record(
    tx: Transaction, actor: Actor, cloud: CloudFacts, camera: Camera, row: Record | None
) -> None:
    what = f"camera {camera.external_id}"
    if row is None:
        await audit.record(tx, actor, "camera.create", what, cloud=cloud.id, after=camera)
        return
    await audit.record(
        tx,
        actor,
        "camera.change",
        what,
        cloud=cloud.id,
        before={"subscriber": None, "name": row["name"]},
        after={"subscriber": camera.subscriber, "name": camera.name},
    )


async def _subscribe(  # noqa: PLR0917 - whose, which, on what
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts,
    owner: subscribers.Subscriber,
    cameras: Sequence[Camera],
    terms: tuple[int, NewSubscription],
) -> None:
    tariff, wanted = terms
    await refuse_closed_day(tx, cloud.id, wanted.starts_on, "starts_on")
    ids = [camera.id for camera in cameras]
    rows = await tx.fetch(_CLASHING, cloud.id, ids, wanted.starts_on)
    busy = {row["camera"]: row["code"] for row in rows}
    added = []
    if not busy:
        added = await tx.fetch(_SUBSCRIBE, cloud.id, owner.id, tariff, wanted.starts_on, ids)
    made: dict[int, int] = {row["camera"]: row["id"] for row in added}
    problems = {
        path_of(index): _busy(camera, busy.get(camera.id))
        for index, camera in enumerate(cameras)
        if camera.id in busy or (not busy and camera.id not in made)
    }
    if problems:
        raise Invalid(problems)
    for camera in cameras:
        number = made[camera.id]
        after = Subscription(id=number, subscriber=owner.number, **values_of(wanted))
        await audit.record(
            tx,
            actor,
            "subscription.create",
            f"subscription {number} of camera {camera.external_id}",
            cloud=cloud.id,
            after=after,
        )


def _busy(camera: Camera, tariff: str | None) -> str:
    """Why it gets no other subscription; without a tariff another request was a moment faster."""
    told = {"external_id": camera.external_id, "tariff": tariff}
    if tariff is None:
        return _("%(external_id)s has a subscription already") % told
    return _("%(external_id)s is on tariff %(tariff)s already") % told
