"""Suspending a camera, or a subscriber with all its cameras, and letting them go on.

What is suspended stays in the books as it is: its subscription runs on, and is billed as its tariff
says about disabled days. Where Watcher is provisioned, its cameras are switched off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from portal import jobs, tables
from portal.access import Actor, Permission
from portal.customers.actions.cameras import lock_camera
from portal.customers.queries import cameras, subscribers
from portal.customers.queries.cameras import Camera
from portal.customers.queries.subscribers import Subscriber
from portal.db import Transaction, atomic
from portal.kit.actions import audit, events
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import update
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.values.webhooks import EventType

Row = TypeVar("Row", Camera, Subscriber)


async def suspend_camera(
    actor: Actor, cloud: CloudFacts, external_id: str, *, suspended: bool, queue: Queue
) -> Camera:
    """Suspend a camera or let it go on; again changes nothing. It is written to Watcher later."""
    async with atomic(actor) as tx:
        await cameras.get_in(tx, cloud.id, external_id)
        require(actor, Permission.SUBSCRIPTIONS_WRITE)
        before = await lock_camera(tx, cloud.id, external_id, "no key update")
        facts = _Suspension(
            actor,
            cloud,
            f"camera {external_id}",
            "camera.suspend" if suspended else "camera.resume",
            suspended,
            queue,
        )
        if before.suspended == suspended:
            return before
        await update(tx, tables.Camera, before.id, {"suspended": suspended})
        return await _record(tx, before, facts)


async def suspend_subscriber(
    actor: Actor, cloud: CloudFacts, number: int, *, suspended: bool, queue: Queue
) -> Subscriber:
    """The same with a subscriber; cameras that are suspended by themselves stay so when it ends."""
    async with atomic(actor) as tx:
        await subscribers.get_in(tx, cloud.id, number)
        require(actor, Permission.SUBSCRIPTIONS_WRITE)
        before = await subscribers.get_in(tx, cloud.id, number, lock=True)
        facts = _Suspension(
            actor,
            cloud,
            f"subscriber {number}",
            "subscriber.suspend" if suspended else "subscriber.resume",
            suspended,
            queue,
        )
        if before.suspended == suspended:
            return before
        await update(tx, tables.Subscriber, before.id, {"suspended": suspended})
        kind = EventType.SUBSCRIBER_SUSPENDED if suspended else EventType.SUBSCRIBER_RESUMED
        events.note(tx, cloud.id, kind, facts=partial(subscribers.get_in, tx, cloud.id, number))
        return await _record(tx, before, facts)


@dataclass(frozen=True, slots=True)
class _Suspension:
    """Who suspends what, or lets it go on, named as in the audit log ("camera gate")."""

    actor: Actor
    cloud: CloudFacts
    what: str
    action: str
    suspended: bool
    queue: Queue


async def _record(tx: Transaction, before: Row, asked: _Suspension) -> Row:
    """Write it into the audit log, and enqueue the work once it is stored; the row as it is now."""
    await audit.record(
        tx,
        asked.actor,
        asked.action,
        asked.what,
        cloud=asked.cloud.id,
        before={"suspended": before.suspended},
        after={"suspended": asked.suspended},
    )
    enqueue_after_commit(asked.queue, jobs.PROVISION, asked.cloud.id)
    return replace(before, suspended=asked.suspended)
