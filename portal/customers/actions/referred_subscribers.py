"""Subscribers whom referrals bring: taken on without terms, and looked at by the operator."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.customers.actions.looked_at import look_at
from portal.customers.actions.subscribers import next_number
from portal.customers.forms.referred_subscriber import NewReferredSubscriber
from portal.customers.queries import subscribers
from portal.customers.queries.subscribers import Subscriber
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.actions import audit, events
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.kit.forms.form import values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.values.webhooks import EventType
from portal.words import _

AGREE: Final = _("The customer has to agree before you bring it.")
WAITING_MAX: Final = 100
"""Of one referral so many wait at once for the operator's look."""


async def bring(
    actor: Actor,
    cloud: CloudFacts,
    new: NewReferredSubscriber,
    *,
    agreed: bool,
    key: str,
    now: datetime,
) -> int:
    """Take on a customer of the referral who acts, on level 1 and without cameras; its number.

    The same `key` again is the same subscriber. What somebody else has, too, is marked for the
    operator, past the eyes of the referral: nothing here depends on it. Raises `Invalid` for a
    tariff that is not offered, where the customer has not agreed, `Conflict` where too many wait.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.SUBSCRIBERS_BRING)
        if actor.referral is None:
            raise Forbidden(_("Only a referral brings subscribers."))
        if not agreed:
            raise Invalid({"agreed": AGREE})
        await lock_count(tx, "brought", str(actor.referral))
        known = await tx.fetchval(
            "select number from subscriber where cloud = $1 and referral = $2 and brought_key = $3",
            cloud.id,
            actor.referral,
            key,
        )
        if known is not None:
            return int(known)
        await _refuse_more(tx, actor, cloud)
        number = await next_number(tx, cloud.id, None)
        made = await insert(
            tx,
            tables.Subscriber,
            {
                **values_of(new),
                "cloud": cloud.id,
                "number": number,
                "referral": actor.referral,
                "wanted_tariff": await _tariff(tx, cloud, new.wanted_tariff),
                "brought_at": now,
                "brought_key": key,
            },
        )
        await audit.record(
            tx,
            actor,
            "subscriber.bring",
            f"subscriber {number}",
            cloud=cloud.id,
            after=values_of(new),
        )
        facts = partial(_as_brought, tx, new, made, number, now)
        events.note(tx, cloud.id, EventType.SUBSCRIBER_CREATED, facts=facts, now=now)
        return number


async def _as_brought(
    tx: Transaction, new: NewReferredSubscriber, made: int, number: int, now: datetime
) -> Subscriber:
    """A new referred subscriber, past what its agent may not read: it has no terms yet."""
    code = await tx.fetchval("select code from referral where id = (select app_referral())")
    brought = {"id": made, "number": number, "suspended": False, "referral": code}
    return Subscriber(**values_of(new), **brought, brought_at=now)


async def check(actor: Actor, cloud: CloudFacts, number: int, *, now: datetime) -> Subscriber:
    """Say that a referred subscriber is fine: its commissions are held no longer.

    Raises `Conflict` for one whom nobody referred, or who was looked at before.
    """
    async with atomic(actor) as tx:
        await subscribers.get_in(tx, cloud.id, number)
        require(actor, Permission.SUBSCRIBERS_WRITE)
        before = await subscribers.get_in(tx, cloud.id, number, lock=True)
        looked = await look_at(tx, actor, before, now=now)
        told = {"doubts": before.brought_doubts}
        await audit.record(
            tx,
            actor,
            "subscriber.check",
            f"subscriber {number}",
            cloud=cloud.id,
            before=told,
            after=looked,
        )
        return await subscribers.get_in(tx, cloud.id, number)


async def _refuse_more(tx: Transaction, actor: Actor, cloud: CloudFacts) -> None:
    waiting = await tx.fetchval(
        "select count(*) from subscriber where cloud = $1 and referral = $2"
        " and brought_at is not null and checked_at is null",
        cloud.id,
        actor.referral,
    )
    if waiting >= WAITING_MAX:
        raise Conflict(
            _("%(count)s of your subscribers wait for the operator. Bring more once it has looked.")
            % {"count": waiting}
        )


async def _tariff(tx: Transaction, cloud: CloudFacts, code: str | None) -> int | None:
    """The row of a tariff that is offered. Raises `Invalid`."""
    if code is None:
        return None
    found: int | None = await tx.fetchval(
        "select id from tariff where cloud = $1 and code = $2 and offered", cloud.id, code
    )
    if found is None:
        raise Invalid({"wanted_tariff": _("there is no tariff %(code)r") % {"code": code}})
    return found
