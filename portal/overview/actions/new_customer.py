"""Taking on a customer with its cameras and its first person: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.accounts.actions import invitations
from portal.accounts.actions.sign_in_links import Link
from portal.customers.actions import camera_lines, subscribers
from portal.customers.forms.camera_lines import NewCameras
from portal.customers.forms.subscriber import NewSubscriber
from portal.customers.queries import subscribers as reads
from portal.customers.queries.subscribers import Subscriber
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.actions.locks import lock_count
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.forms.form import part_of
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.actions.mapping_many import already, mapped_to
from portal.overview.forms.new_customer import WholeSubscriber
from portal.ports import Queue
from portal.watcher.actions import mappings
from portal.watcher.forms.connection import NewMapping
from portal.words import _

KEY_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A subscriber with what it begins with.

    `cameras` are put on their tariff; `organization` is one of Watcher's that waits, as
    (connection, id), whose cameras become the customer's. `invite` sends its address an invitation.
    `key` tells one form from another: what was sent twice is done once, "" for none.
    """

    subscriber: NewSubscriber
    cameras: NewCameras | None = None
    organization: tuple[int, int] | None = None
    invite: bool = False
    key: str = ""


def customer_of(sent: WholeSubscriber) -> NewCustomer:
    """What is sent as one thing, as it is taken on."""
    cameras = NewCameras(cameras=sent.cameras, tariff=sent.tariff, starts_on=sent.starts_on)
    organization = None
    if sent.organization is not None:
        organization = (sent.connection or 0, sent.organization)
    return NewCustomer(
        subscriber=part_of(NewSubscriber, sent),
        cameras=cameras if sent.cameras else None,
        organization=organization,
        invite=sent.invite,
    )


@dataclass(frozen=True, slots=True)
class TakenOn:
    """The subscriber, how many cameras it was given, and the link of its invitation, if any."""

    subscriber: Subscriber
    cameras: int
    link: Link | None


async def take_on(
    actor: Actor,
    cloud: CloudFacts,
    new: NewCustomer,
    *,
    now: datetime,
    machine_now: datetime,
    queue: Queue,
    post: Post = NO_POST,
) -> TakenOn:
    """Make the customer. Raises `Invalid` by field and `Conflict` as each of its parts does.

    Cameras begin by the books' time, `now`; links end by the machine's.
    """
    async with atomic(actor) as tx:
        before = await _before(tx, cloud, new.key)
        if before is not None:
            return TakenOn(before, 0, None)
        if new.invite and not new.subscriber.email:
            raise Invalid({"email": _("is required for an invitation")})
        made = await subscribers.create(actor, cloud, new.subscriber, key=new.key or None)
        cameras = []
        if new.cameras is not None and new.cameras.cameras:
            cameras = await camera_lines.add(actor, cloud, made.number, new.cameras, now=now)
        if new.organization is not None:
            connection, organization = new.organization
            mapping = NewMapping(
                connection=connection or None, organization=organization, subscriber=made.number
            )
            await _refuse_mapped(tx, cloud, mapping)
            try:
                await mappings.create(actor, cloud, mapping, queue=queue)
            except Invalid as wrong:
                raise Invalid({"organization": next(iter(wrong.fields.values()))}) from None
        link = None
        if new.invite:
            _person, link = await invitations.invite(
                actor,
                email=made.email,
                name=made.name,
                role="subscriber",
                cloud=cloud,
                subscriber=made.number,
                now=machine_now,
                post=post,
            )
        return TakenOn(made, len(cameras), link)


async def _refuse_mapped(tx: Transaction, cloud: CloudFacts, new: NewMapping) -> None:
    """A new customer takes no other one's cameras over."""
    try:
        mapped = await mapped_to(tx, cloud, new)
    except NotFound as unknown:
        raise Invalid({"organization": unknown.message}) from None
    except Invalid as wrong:
        raise Invalid({"organization": next(iter(wrong.fields.values()))}) from None
    if mapped is not None:
        told = already(mapped)
        raise Conflict(
            _("Organization %(number)s is mapped to customer %(target)s already.")
            % {"number": new.organization, "target": mapped},
            {"organization": told},
        )


async def was_taken_on(actor: Actor, cloud: CloudFacts, key: str) -> bool:
    """Whether the form with this key has made its customer already."""
    async with atomic(actor) as tx:
        return await _before(tx, cloud, key) is not None


async def _before(tx: Transaction, cloud: CloudFacts, key: str) -> Subscriber | None:
    """The customer that the same form has made already; of two at once the second waits."""
    if not key:
        return None
    await lock_count(tx, "forms", cloud.id, key)
    number = await tx.fetchval(
        "select s.number from subscriber s join subscriber_terms t on t.id = s.id"
        " where s.cloud = $1 and t.form_key = $2",
        cloud.id,
        key,
    )
    return None if number is None else await reads.get_in(tx, cloud.id, number)
