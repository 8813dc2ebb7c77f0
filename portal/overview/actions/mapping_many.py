"""Mapping many at once: each row whole or not at all, told one by one, and safe to send again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal.access import Actor, Permission
from portal.billing.period import Period, local_date
from portal.books.actions import composing
from portal.catalog.forms.tariff import NewItem, NewTariff
from portal.catalog.queries import tariffs
from portal.customers.actions import subscribers
from portal.customers.forms.subscriber import NewSubscriber
from portal.db import Transaction, atomic
from portal.errors import Conflict, PortalError, no_such
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.forms.mapping_many import NewSubscriberOf, NewTariffOf
from portal.overview.queries import preset_offers
from portal.ports import Queue
from portal.values.text import free_code
from portal.watcher.actions import mappings
from portal.watcher.forms.connection import NewMapping
from portal.watcher.queries import watchers
from portal.words import _


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row: mapped to `target` (a number or a code), or `problem` says why not."""

    new: NewMapping
    target: str
    problem: str = ""


async def map_all(
    actor: Actor, cloud: CloudFacts, wanted: Sequence[NewMapping], *, queue: Queue
) -> list[Outcome]:
    """Map each that still waits. One that is mapped meanwhile stays as it is."""
    require(actor, Permission.CONNECTIONS_WRITE)
    found = []
    for new in wanted:
        target = str(new.subscriber if new.organization is not None else new.tariff)
        try:
            async with atomic(actor) as tx:
                mapped = await mapped_to(tx, cloud, new)
                if mapped is None:
                    await mappings.create(actor, cloud, new, queue=queue)
        except PortalError as error:
            found.append(Outcome(new, target, error.message))
            continue
        problem = "" if mapped in {None, target} else already(str(mapped))
        found.append(Outcome(new, target, problem))
    return found


async def make_subscribers(
    actor: Actor, cloud: CloudFacts, rows: Sequence[NewSubscriberOf], *, queue: Queue
) -> list[Outcome]:
    """A subscriber of each organization that still waits, mapped to it.

    Sent again it makes nothing twice: what is mapped by then is told as such.
    """
    require(actor, Permission.CONNECTIONS_WRITE)
    require(actor, Permission.SUBSCRIBERS_WRITE)
    found = []
    for row in rows:
        new = NewMapping(connection=row.connection, organization=row.organization)
        try:
            async with atomic(actor) as tx:
                mapped = await mapped_to(tx, cloud, new)
                if mapped is not None:
                    found.append(Outcome(new, mapped, already(mapped)))
                    continue
                made = await subscribers.create(
                    actor, cloud, NewSubscriber(name=row.name, email=row.email)
                )
                mapping = NewMapping(
                    connection=row.connection,
                    organization=row.organization,
                    subscriber=made.number,
                )
                await mappings.create(actor, cloud, mapping, queue=queue)
        except PortalError as error:
            found.append(Outcome(new, "", error.message))
            continue
        found.append(Outcome(mapping, str(made.number)))
    return found


async def make_tariffs(
    actor: Actor, cloud: CloudFacts, rows: Sequence[NewTariffOf], *, now: datetime, queue: Queue
) -> list[Outcome]:
    """A tariff of each preset that still waits, with what the preset keeps, mapped to it.

    It is not offered yet: somebody looks at it first. As `make_subscribers` otherwise.
    """
    require(actor, Permission.CONNECTIONS_WRITE)
    require(actor, Permission.TARIFFS_WRITE)
    found = []
    first = Period.of(local_date(now, cloud.timezone)).start
    for row in rows:
        new = NewMapping(connection=row.connection, preset=row.preset)
        try:
            async with atomic(actor) as tx:
                mapped = await mapped_to(tx, cloud, new)
                if mapped is not None:
                    found.append(Outcome(new, mapped, already(mapped)))
                    continue
                taken = {one.code for one in (await tariffs.list_page(actor, cloud)).rows}
                code = free_code(row.name, taken) or free_code(f"preset {row.preset}", taken)
                items = await preset_offers.items_of(tx, cloud, row.connection, row.preset)
                tariff = NewTariff(
                    code=code,
                    name=row.name,
                    offered=False,
                    valid_from=first,
                    monthly_price=row.price,
                    items=tuple(NewItem(service=one, quantity=many) for one, many in items),
                )
                await composing.create(actor, cloud, tariff, strict=False, now=now)
                mapping = NewMapping(connection=row.connection, preset=row.preset, tariff=code)
                await mappings.create(actor, cloud, mapping, queue=queue)
        except PortalError as error:
            found.append(Outcome(new, "", error.message))
            continue
        found.append(Outcome(mapping, code))
    return found


async def compose_tariff(
    actor: Actor,
    cloud: CloudFacts,
    new: NewTariff,
    preset: NewMapping,
    *,
    now: datetime,
    queue: Queue,
) -> None:
    """Make a tariff that was composed, as `composing.create` when strict, and map `preset` to it.

    Raises what that does, and `Conflict` at "map_preset" for one that is mapped meanwhile.
    """
    async with atomic(actor) as tx:
        await composing.create(actor, cloud, new, strict=True, now=now)
        mapped = await mapped_to(tx, cloud, preset)
        if mapped is not None:
            raise Conflict(already(mapped), {"map_preset": already(mapped)})
        await mappings.create(actor, cloud, replace(preset, tariff=new.code), queue=queue)


async def mapped_to(tx: Transaction, cloud: CloudFacts, new: NewMapping) -> str | None:
    """What it is mapped to, None while it waits; until the transaction ends nobody else maps it.

    Raises `NotFound` for what its Watcher has not shown.
    """
    await lock_count(tx, "mappings", cloud.id)
    what, number = ("preset", new.preset)
    if new.organization is not None:
        what, number = ("organization", new.organization)
    meant = await watchers.meant(tx, cloud.id, what, number, new.connection)
    row = await tx.fetchrow(
        "select s.number::text as target from watcher_organization o "
        " left join subscriber s on s.id = o.subscriber"
        " where o.cloud = $1 and o.watcher = $2 and o.organization = $3"
        if what == "organization"
        else "select t.code as target from watcher_preset p left join tariff t on t.id = p.tariff"
        " where p.cloud = $1 and p.watcher = $2 and p.preset = $3",
        cloud.id,
        meant.id,
        number,
    )
    if row is None:
        raise no_such(what, number or 0)
    found: str | None = row["target"]
    return found


def already(target: str) -> str:
    """What is said of something that is mapped."""
    return _("is mapped to %(target)s already") % {"target": target}
