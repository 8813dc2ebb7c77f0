"""Putting cameras on tariffs, and ending that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.billing.period import local_date
from portal.customers.actions.cameras import lock_camera
from portal.customers.forms.subscription import NewSubscription, SubscriptionChange
from portal.customers.queries import cameras, subscriptions
from portal.customers.queries.cameras import Camera
from portal.customers.queries.subscriptions import Subscription
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.actions import audit
from portal.kit.actions.closed import refuse_closed
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import values_of
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

_TARIFF: Final = """
select t.id, min(v.valid_from) as first
from tariff t left join tariff_version v on v.tariff = t.id and v.cloud = $1
where t.cloud = $1 and t.code = $2 group by t.id
"""
_ONE: Final = f"""
select {subscriptions.LISTED}
from subscription x join tariff t on t.id = x.tariff join subscriber s on s.id = x.subscriber
where x.cloud = $1 and x.camera = $2 and x.id = $3 for no key update of x
"""  # noqa: S608 - columns of ours


async def create(
    actor: Actor, cloud: CloudFacts, external_id: str, new: NewSubscription
) -> Subscription:
    """Put a camera on a tariff, for the subscriber it has now.

    Raises `Invalid` for an unknown tariff, a start before its first version or an end that is not
    after the start; `Conflict` for a camera without a subscriber, an overlap, or a closed period.
    """
    async with atomic(actor) as tx:
        await cameras.get_in(tx, cloud.id, external_id)
        require(actor, Permission.SUBSCRIPTIONS_WRITE)
        camera = await lock_camera(tx, cloud.id, external_id, "share")
        tariff = await tariff_id(tx, cloud.id, new)
        if camera.subscriber is None:
            raise Conflict(
                _("Camera %(external_id)r belongs to no subscriber: give it to one first.")
                % {"external_id": external_id},
                {"camera": _("has no subscriber")},
            )
        await refuse_closed(tx, cloud.id, new.starts_on, new.ends_on)
        await _refuse_overlap(tx, cloud.id, camera, new.starts_on, new.ends_on)
        owner = await tx.fetchval("select subscriber from camera where id = $1", camera.id)
        ids = {"cloud": cloud.id, "camera": camera.id, "subscriber": owner, "tariff": tariff}
        made = await insert(tx, tables.Subscription, {**values_of(new), **ids}, unless_there=True)
        if made is None:  # another request was faster by a moment
            raise _overlap(camera, None)
        subscription = Subscription(id=made, subscriber=camera.subscriber, **values_of(new))
        await audit.record(
            tx,
            actor,
            "subscription.create",
            f"subscription {made} of camera {external_id}",
            cloud=cloud.id,
            after=subscription,
        )
        return subscription


async def change(
    actor: Actor,
    cloud: CloudFacts,
    external_id: str,
    number: int,
    change: SubscriptionChange,
    *,
    now: datetime,
) -> Subscription:
    """Move a subscription's end; `ends_on` None is without end.

    Raises `Conflict` when days of a closed period would be won or lost, when another subscription
    is in the way, and when the camera is another subscriber's by now and would be served again.
    """
    async with atomic(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        if not await tx.fetchval(
            "select exists (select from subscription where cloud = $1 and camera = $2 and id = $3)",
            cloud.id,
            camera.id,
            number,
        ):
            raise NotFound(
                _("Camera %(external_id)r has no subscription %(number)s.")
                % {"external_id": external_id[:80], "number": number}
            )
        require(actor, Permission.SUBSCRIPTIONS_WRITE)
        camera = await lock_camera(tx, cloud.id, external_id, "share")
        row = await tx.fetchrow(_ONE, cloud.id, camera.id, number)
        if row is None:
            raise NotFound(
                _("Camera %(external_id)r has no subscription %(number)s.")
                % {"external_id": external_id[:80], "number": number}
            )
        before = row_of(Subscription, row)
        end = change.ends_on
        if end == before.ends_on:
            return before
        if end is not None and end <= before.starts_on:
            raise Invalid(
                {
                    "ends_on": _("must be after the start, %(starts_on)s")
                    % {"starts_on": before.starts_on}
                }
            )
        await refuse_closed(tx, cloud.id, *_difference(before.ends_on, end))
        await _refuse_overlap(tx, cloud.id, camera, before.starts_on, end, but=number)
        _refuse_moved(camera, before, end, local_date(now, cloud.timezone))
        await update(tx, tables.Subscription, number, {"ends_on": end})
        await audit.record(
            tx,
            actor,
            "subscription.end",
            f"subscription {number} of camera {external_id}",
            cloud=cloud.id,
            before={"ends_on": before.ends_on},
            after={"ends_on": end},
        )
        return replace(before, ends_on=end)


def _difference(old: date | None, new: date | None) -> tuple[date, date | None]:
    """The days that two ends differ by: from the earlier to the later, None being for ever."""
    if old is None or new is None:
        known = old or new
        assert known is not None, "two equal ends differ by nothing"
        return known, None
    return min(old, new), max(old, new)


async def tariff_id(tx: Transaction, cloud: int, new: NewSubscription) -> int:
    """The row id of the tariff. Raises `Invalid` where it is not sold on these days."""
    row = await tx.fetchrow(_TARIFF, cloud, new.tariff)
    problems = {}
    if row is None:
        problems["tariff"] = _("there is no tariff %(tariff)r") % {"tariff": new.tariff}
    elif row["first"] is None or new.starts_on < row["first"]:
        problems["starts_on"] = _("is before the tariff's first version, %(first)s") % {
            "first": row["first"]
        }
    if new.ends_on is not None and new.ends_on <= new.starts_on:
        problems["ends_on"] = _("must be after starts_on")
    if problems or row is None:
        raise Invalid(problems)
    return int(row["id"])


async def _refuse_overlap(
    tx: Transaction, cloud: int, camera: Camera, start: date, end: date | None, *, but: int = 0
) -> None:
    other = await subscriptions.clashing(tx, cloud, camera.id, start, end, but=but)
    if other is not None:
        raise _overlap(camera, other)


def _overlap(camera: Camera, other: Subscription | None) -> Conflict:
    if other is None:
        message = _("Camera %(external_id)r has a subscription on some of these days.") % {
            "external_id": camera.external_id
        }
    else:
        until: str = _("without end")
        if other.ends_on is not None:
            until = _("to %(day)s") % {"day": other.ends_on}
        message = _(
            "Camera %(external_id)r is on %(tariff)r from %(starts_on)s "
            "%(until)s (subscription %(id)s): it can have one at a time."
        ) % {
            "external_id": camera.external_id,
            "tariff": other.tariff,
            "starts_on": other.starts_on,
            "until": until,
            "id": other.id,
        }
    return Conflict(message, {"starts_on": _("overlaps another subscription")})


def _refuse_moved(camera: Camera, before: Subscription, end: date | None, today: date) -> None:
    """A camera that went to another subscriber is not served for the old one beyond today again."""
    longer = before.ends_on is not None and (end is None or end > before.ends_on)
    beyond = end is None or (end - today).days > 1
    if longer and beyond and camera.subscriber != before.subscriber:
        raise Conflict(
            _("Camera %(external_id)r is another subscriber's now: make a new subscription.")
            % {"external_id": camera.external_id},
            {"ends_on": _("would run beyond today")},
        )
