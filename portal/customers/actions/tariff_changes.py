"""A camera's next subscription: another tariff, another subscriber, or none.

Each ends what runs and begins what follows in one transaction. A subscription that would end on
the day on which it begins is set anew instead: nothing of it has been billed, its month is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from portal import tables
from portal.access import Actor, Permission
from portal.billing.period import local_date
from portal.customers.actions.cameras import lock_camera, subscriber_id
from portal.customers.actions.subscriptions import tariff_id
from portal.customers.forms.subscription import NewSubscription
from portal.customers.forms.tariff_change import (
    CAMERAS_MAX,
    CameraMove,
    ServiceEnd,
    TariffChange,
)
from portal.customers.queries import cameras, subscriptions
from portal.customers.queries.cameras import Camera
from portal.customers.queries.subscriptions import Subscription
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.closed import refuse_closed_day
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.values import dates
from portal.words import _

_ONE_DAY: Final = timedelta(days=1)


async def change_tariff(
    actor: Actor, cloud: CloudFacts, external_id: str, new: TariffChange
) -> Subscription:
    """Put a camera on a tariff from a day on, in place of the one it is on then, if any.

    What follows a later subscription stays: the new one ends where the old one did. Again changes
    nothing. Raises `Invalid` for a tariff that is not sold then, `Conflict` for a camera without a
    subscriber, for a day in a closed month, and for a day on which it was another's.
    """
    async with atomic(actor) as tx:
        work = await _work(tx, actor, cloud, external_id)
        wanted = NewSubscription(tariff=new.tariff, starts_on=new.starts_on)
        tariff = await tariff_id(tx, cloud.id, wanted)
        number = work.camera.subscriber
        if number is None:
            raise Conflict(
                _("Camera %(external_id)r belongs to no subscriber: give it to one first.")
                % {"external_id": external_id},
                {"tariff": _("the camera has no subscriber")},
            )
        owner = await tx.fetchval("select subscriber from camera where id = $1", work.camera.id)
        return await _follow(work, _Party(owner, number, tariff), wanted)


async def move(
    actor: Actor, cloud: CloudFacts, external_id: str, new: CameraMove, *, now: datetime
) -> Subscription:
    """Give a camera to a subscriber from a day on, on a tariff; until then it is the other's.

    The camera changes hands at once, so the day is tomorrow at the latest. Again changes nothing.
    Raises `Invalid` for an unknown subscriber or tariff, `Conflict` for a day in a closed month and
    for a subscription that begins later.
    """
    async with atomic(actor) as tx:
        work = await _work(tx, actor, cloud, external_id)
        require(actor, Permission.CAMERAS_WRITE)
        latest = local_date(now, cloud.timezone) + _ONE_DAY
        if new.starts_on > latest:
            problem = _("a camera changes hands at once: choose a day up to %(day)s")
            raise Invalid({"starts_on": problem % {"day": dates.day(latest)}})
        owner = await subscriber_id(tx, actor, cloud.id, new.subscriber)
        assert owner is not None, "a move names a subscriber"
        wanted = NewSubscription(tariff=new.tariff, starts_on=new.starts_on)
        party = _Party(owner, new.subscriber, await tariff_id(tx, cloud.id, wanted))
        await refuse_closed_day(tx, cloud.id, new.starts_on, "starts_on")
        later = await work.later(new.starts_on)
        if later is not None:
            message = _("A subscription to %(tariff)s begins on %(day)s: end it first.") % {
                "tariff": later.tariff,
                "day": dates.day(later.starts_on),
            }
            raise Conflict(message, {"starts_on": message})
        made = await _follow(work, party, wanted, moves=True)
        was = work.camera.subscriber
        if was != new.subscriber:
            await update(tx, tables.Camera, work.camera.id, {"subscriber": owner})
            what = f"camera {external_id}"
            before, after = {"subscriber": was}, {"subscriber": new.subscriber}
            await audit.record(
                tx, actor, "camera.change", what, cloud=cloud.id, before=before, after=after
            )
        return made


async def end(
    actor: Actor, cloud: CloudFacts, external_id: str, new: ServiceEnd
) -> Subscription | None:
    """End what a camera is on; `ends_on` is the first day without. None where nothing runs then.

    Raises `Conflict` for a day in a closed month, and for a subscription that begins on that day or
    later.
    """
    async with atomic(actor) as tx:
        work = await _work(tx, actor, cloud, external_id)
        standing = await work.standing(new.ends_on)
        later = await work.later(new.ends_on - _ONE_DAY)
        if later is not None:
            message = _("A subscription to %(tariff)s begins on %(day)s: choose a later day.") % {
                "tariff": later.tariff,
                "day": dates.day(later.starts_on),
            }
            raise Conflict(message, {"ends_on": message})
        if standing is None:
            return None
        await refuse_closed_day(tx, cloud.id, new.ends_on, "ends_on")
        return await work.end(standing, new.ends_on)


async def change_many(
    actor: Actor,
    cloud: CloudFacts,
    external_ids: Sequence[str],
    wanted: TariffChange | CameraMove | ServiceEnd,
    *,
    now: datetime,
) -> int:
    """The same with each of several cameras, with all or with none; how many they were.

    Raises `Invalid` for none or more than CAMERAS_MAX, and what the deed raises, naming the camera.
    """
    names = sorted(set(external_ids))
    if not 0 < len(names) <= CAMERAS_MAX:
        problem = _("choose 1 to %(maximum)s cameras") % {"maximum": CAMERAS_MAX}
        raise Invalid({"cameras": problem})
    async with atomic(actor):
        for external_id in names:
            try:
                match wanted:
                    case TariffChange():
                        await change_tariff(actor, cloud, external_id, wanted)
                    case CameraMove():
                        await move(actor, cloud, external_id, wanted, now=now)
                    case ServiceEnd():
                        await end(actor, cloud, external_id, wanted)
            except Conflict as wrong:
                told = {"camera": external_id, "problem": wrong.message}
                raise Conflict(_("%(camera)s: %(problem)s") % told, wrong.fields) from None
    return len(names)


@dataclass(frozen=True, slots=True)
class _Work:
    """A camera that is locked, and who changes what it is on."""

    tx: Transaction
    actor: Actor
    cloud: CloudFacts
    camera: Camera

    async def standing(self, day: date) -> Subscription | None:
        """What the camera is on, on a day."""
        return await subscriptions.clashing(
            self.tx, self.cloud.id, self.camera.id, day, day + _ONE_DAY
        )

    async def later(self, day: date) -> Subscription | None:
        """The first subscription that begins after a day."""
        standing = await self.standing(day)
        but = 0 if standing is None else standing.id
        after = day + _ONE_DAY
        return await subscriptions.clashing(
            self.tx, self.cloud.id, self.camera.id, after, None, but=but
        )

    async def record(self, action: str, subscription: int, **facts: Any) -> None:
        """Write into the audit log what became of a subscription."""
        what = f"subscription {subscription} of camera {self.camera.external_id}"
        await audit.record(self.tx, self.actor, action, what, cloud=self.cloud.id, **facts)

    async def end(self, standing: Subscription, day: date) -> Subscription:
        """End a subscription on a day after its first."""
        await update(self.tx, tables.Subscription, standing.id, {"ends_on": day})
        before, after = {"ends_on": standing.ends_on}, {"ends_on": day}
        await self.record("subscription.end", standing.id, before=before, after=after)
        return replace(standing, ends_on=day)

    async def set_anew(self, standing: Subscription, party: _Party, tariff: str) -> Subscription:
        """Another tariff or subscriber from the first day of a subscription on."""
        columns = {"tariff": party.tariff, "subscriber": party.owner}
        await update(self.tx, tables.Subscription, standing.id, columns)
        before = {"tariff": standing.tariff, "subscriber": standing.subscriber}
        after = {"tariff": tariff, "subscriber": party.number}
        await self.record("subscription.change", standing.id, before=before, after=after)
        return replace(standing, tariff=tariff, subscriber=party.number)

    async def begin(self, terms: NewSubscription, party: _Party) -> Subscription:
        """Add a subscription on days that are free."""
        ids = {
            "cloud": self.cloud.id,
            "camera": self.camera.id,
            "subscriber": party.owner,
            "tariff": party.tariff,
        }
        made = await insert(self.tx, tables.Subscription, {**values_of(terms), **ids})
        added = Subscription(id=made, subscriber=party.number, **values_of(terms))
        await self.record("subscription.create", made, after=added)
        return added


@dataclass(frozen=True, slots=True)
class _Party:
    """Whose a subscription is, as row id and number, and its tariff's row id."""

    owner: int
    number: int
    tariff: int


async def _work(tx: Transaction, actor: Actor, cloud: CloudFacts, external_id: str) -> _Work:
    await cameras.get_in(tx, cloud.id, external_id)
    require(actor, Permission.SUBSCRIPTIONS_WRITE)
    camera = await lock_camera(tx, cloud.id, external_id, "no key update")
    return _Work(tx, actor, cloud, camera)


async def _follow(
    work: _Work, party: _Party, wanted: NewSubscription, *, moves: bool = False
) -> Subscription:
    """What is wanted in place of what stands on its first day, until that would have ended."""
    start = wanted.starts_on
    standing = await work.standing(start)
    if standing and (standing.tariff, standing.subscriber) == (wanted.tariff, party.number):
        return standing
    if standing and standing.subscriber != party.number and not moves:
        message = _("On %(day)s the camera was another subscriber's.") % {"day": dates.day(start)}
        raise Conflict(message, {"starts_on": message})
    await refuse_closed_day(work.tx, work.cloud.id, start, "starts_on")
    if standing is None:
        later = await work.later(start)
        until = None if later is None else later.starts_on
        return await work.begin(replace(wanted, ends_on=until), party)
    if standing.starts_on == start:
        return await work.set_anew(standing, party, wanted.tariff)
    await work.end(standing, start)
    return await work.begin(replace(wanted, ends_on=standing.ends_on), party)
