"""What stands on a subscriber's documents, and where they go: it asks, its operator confirms."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import Actor, Permission
from portal.customers.actions import subscribers as changing
from portal.customers.forms.details import Mailing, WantedDetails
from portal.customers.forms.subscriber import SubscriberChange
from portal.customers.queries import details, subscribers
from portal.customers.queries.details import FIELDS, DetailsRequest
from portal.customers.queries.subscribers import Subscriber
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


async def ask(
    actor: Actor, cloud: CloudFacts, number: int, wanted: WantedDetails, *, now: datetime
) -> DetailsRequest:
    """Ask the operator for other details on the documents of the actor's own subscriber.

    One that waits is replaced. Raises `Invalid` where nothing would be different.
    """
    async with atomic(actor) as tx:
        row = await _own(tx, actor, cloud, number)
        if all(getattr(wanted, name) == getattr(row, name) for name in FIELDS):
            raise Invalid({"name": _("Your documents say this already.")})
        await _withdraw(tx, cloud, row)
        columns = {
            **values_of(wanted),
            "cloud": cloud.id,
            "subscriber": row.id,
            "asked_by": actor.name,
            "asked_at": now,
        }
        made = await insert(tx, tables.DetailsRequest, columns)
        await audit.record(
            tx,
            actor,
            "subscriber.ask-details",
            f"subscriber {number}",
            cloud=cloud.id,
            before={name: getattr(row, name) for name in FIELDS},
            after=values_of(wanted),
        )
        return await details.get_in(tx, cloud.id, number, int(made))


async def withdraw(actor: Actor, cloud: CloudFacts, number: int) -> None:
    """Take back what waits. Raises `Conflict` where nothing does."""
    async with atomic(actor) as tx:
        row = await _own(tx, actor, cloud, number)
        if not await _withdraw(tx, cloud, row):
            raise Conflict(_("Nothing waits any more."))
        await audit.record(
            tx, actor, "subscriber.withdraw-details", f"subscriber {number}", cloud=cloud.id
        )


async def confirm(
    actor: Actor, cloud: CloudFacts, number: int, request: int, *, now: datetime
) -> Subscriber:
    """Give a subscriber the details that it asked for: documents issued from now on have them.

    Raises `Conflict` where somebody has decided, or the subscriber has asked for others.
    """
    async with atomic(actor) as tx:
        wanted = await _decide(tx, actor, cloud, number, request, "confirmed", now)
        change = SubscriberChange(
            name=wanted.name, address=wanted.address, tax_number=wanted.tax_number
        )
        after = await changing.change(actor, cloud, number, change)
        await audit.record(
            tx,
            actor,
            "subscriber.confirm-details",
            f"subscriber {number}",
            cloud=cloud.id,
            after={"asked_by": wanted.asked_by},
        )
        return after


async def decline(
    actor: Actor, cloud: CloudFacts, number: int, request: int, answer: str, *, now: datetime
) -> DetailsRequest:
    """Leave a subscriber's details as they are, and say why. Raises as `confirm` does."""
    async with atomic(actor) as tx:
        await _decide(tx, actor, cloud, number, request, "declined", now, answer)
        await audit.record(
            tx,
            actor,
            "subscriber.decline-details",
            f"subscriber {number}",
            cloud=cloud.id,
            after={"answer": answer},
        )
        return await details.get_in(tx, cloud.id, number, request)


async def change_mailing(
    actor: Actor, cloud: CloudFacts, number: int, mailing: Mailing
) -> Subscriber:
    """Say where documents of the actor's own subscriber go, and in which language they are."""
    async with atomic(actor) as tx:
        before = await _own(tx, actor, cloud, number)
        kept = tuple(dict.fromkeys(mailing.document_emails))
        wanted = {"document_emails": kept, "language": mailing.language}
        changed = [name for name, value in wanted.items() if getattr(before, name) != value]
        if not changed:
            return before
        await update(tx, tables.Subscriber, before.id, {**wanted, "document_emails": list(kept)})
        after = await subscribers.get_in(tx, cloud.id, number)
        await audit.record_change(
            tx,
            actor,
            "subscriber.change-mailing",
            f"subscriber {number}",
            cloud=cloud.id,
            before=before,
            after=after,
            fields=changed,
        )
        return after


async def _own(tx: Transaction, actor: Actor, cloud: CloudFacts, number: int) -> Subscriber:
    """The subscriber whom the actor signs in for, locked."""
    require(actor, Permission.ACCOUNT_WRITE)
    row = await subscribers.get_in(tx, cloud.id, number, lock=True)
    if row.id != actor.subscriber:
        raise Forbidden(_("Only a subscriber says this of itself."))
    return row


async def _withdraw(tx: Transaction, cloud: CloudFacts, row: Subscriber) -> bool:
    one = tables.DetailsRequest
    waits = (one.cloud == cloud.id) & (one.subscriber == row.id) & (one.state == "waiting")
    return await update(tx, tables.DetailsRequest, waits, {"state": "withdrawn"}) > 0


async def _decide(  # noqa: PLR0917 - one decision, with what it says
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts,
    number: int,
    request: int,
    state: str,
    now: datetime,
    answer: str = "",
) -> DetailsRequest:
    await subscribers.get_in(tx, cloud.id, number)
    require(actor, Permission.SUBSCRIBERS_WRITE)
    asked = await details.get_in(tx, cloud.id, number, request, lock=True)
    if asked.state != "waiting":
        raise Conflict(_("This request waits no more: it was decided, or replaced by another."))
    decided = {"state": state, "answer": answer, "decided_by": actor.name, "decided_at": now}
    await update(tx, tables.DetailsRequest, asked.id, decided)
    return asked
