"""Registering cameras and changing them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from portal import tables
from portal.access import Actor, Permission, Role
from portal.billing.period import local_date
from portal.customers.forms.camera import CameraChange, NewCamera
from portal.customers.queries import cameras
from portal.customers.queries.cameras import Camera
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import differing, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

_RUNNING: Final = """
select t.code as tariff, x.ends_on from subscription x join tariff t on t.id = x.tariff
where x.cloud = $1 and x.camera = $2 and (x.ends_on is null or x.ends_on > $3::date + 1)
order by x.starts_on limit 1
"""


async def create(actor: Actor, cloud: CloudFacts, new: NewCamera) -> Camera:
    """Register a camera.

    Raises `Invalid` for an unknown subscriber, `Conflict` for an external id that is taken.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.CAMERAS_WRITE)
        subscriber = await subscriber_id(tx, actor, cloud.id, new.subscriber)
        values = values_of(new)
        if new.name is None:
            values["name"] = new.external_id
        columns = {**values, "subscriber": subscriber, "cloud": cloud.id}
        made = await insert(tx, tables.Camera, columns, unless_there=True)
        if made is None:
            raise Conflict(
                _("There is a camera %(external_id)r already.") % {"external_id": new.external_id},
                {"external_id": _("is taken")},
            )
        camera = Camera(id=made, **values)
        await audit.record(
            tx,
            actor,
            "camera.create",
            f"camera {new.external_id}",
            cloud=cloud.id,
            after=camera,
        )
        return camera


async def change(
    actor: Actor, cloud: CloudFacts, external_id: str, change: CameraChange, *, now: datetime
) -> Camera:
    """Change what was sent of a camera.

    Raises `Conflict` when its subscriber would change while a subscription runs beyond today.
    """
    async with atomic(actor) as tx:
        await cameras.get_in(tx, cloud.id, external_id)
        require(actor, Permission.CAMERAS_WRITE)
        before = await lock_camera(tx, cloud.id, external_id, "no key update")
        wanted = differing(change, before)
        columns = dict(wanted)
        if "subscriber" in wanted:
            await _refuse_running(tx, cloud.id, before, local_date(now, cloud.timezone))
            columns["subscriber"] = await subscriber_id(tx, actor, cloud.id, wanted["subscriber"])
        if not wanted:
            return before
        await update(tx, tables.Camera, before.id, columns)
        after = await cameras.get_in(tx, cloud.id, external_id)
        await audit.record_change(
            tx,
            actor,
            "camera.change",
            f"camera {external_id}",
            cloud=cloud.id,
            before=before,
            after=after,
            fields=wanted,
        )
        return after


async def lock_camera(tx: Transaction, cloud: int, external_id: str, lock: str) -> Camera:
    """A camera that the actor sees, kept as it is until the transaction ends.

    Seen is not yet held: an account manager still sees a camera that was its subscriber's, and may
    not change it (`Forbidden`). `lock` is as in `queries.cameras.find`.
    """
    try:
        return await cameras.get_in(tx, cloud, external_id, lock=lock)
    except NotFound:
        raise Forbidden(
            _("Camera %(external_id)r is another's by now.") % {"external_id": external_id[:80]}
        ) from None


async def subscriber_id(
    tx: Transaction, actor: Actor, cloud: int, number: int | None
) -> int | None:
    """The row id of whose a camera is to be, None for nobody's. Raises `Invalid`."""
    if number is None:
        if actor.role is Role.ACCOUNT_MANAGER:
            raise Invalid({"subscriber": _("must be one of your subscribers")})
        return None
    found = await tx.fetchval(
        "select id from subscriber where cloud = $1 and number = $2", cloud, number
    )
    if found is None:
        raise Invalid({"subscriber": _("there is no subscriber %(number)s") % {"number": number}})
    return int(found)


async def _refuse_running(tx: Transaction, cloud: int, camera: Camera, today: date) -> None:
    row = await tx.fetchrow(_RUNNING, cloud, camera.id, today)
    if row is not None:
        until: str = _("without end")
        if row["ends_on"] is not None:
            until = _("until %(day)s") % {"day": row["ends_on"]}
        raise Conflict(
            _(
                "Camera %(external_id)r is subscribed to %(tariff)r %(until)s: "
                "end that first, then give the camera to another subscriber."
            )
            % {"external_id": camera.external_id, "tariff": row["tariff"], "until": until},
            {"subscriber": _("cannot change while a subscription runs beyond today")},
        )
