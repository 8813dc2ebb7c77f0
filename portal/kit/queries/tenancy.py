"""Finding the cloud a request is about, or saying that there is none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import NotFound, no_such
from portal.words import _


@dataclass(frozen=True, slots=True)
class CloudFacts:
    """What billing needs to know of a cloud. Percents are 0 to 100.

    Doors read it once and hand it down. What actions decide by stays true meanwhile: a cloud with
    prices or usage keeps its currency and zone. What may change later, such as percents, is read in
    the transaction that decides by it: a close reads its cloud by id.
    Wholesale percents are 0, and levels none, to those who may not know them.
    """

    id: int
    slug: str
    name: str
    currency: str
    timezone: str
    tax_percent: Decimal
    wholesale_discount_percent: Decimal
    wholesale_tax_percent: Decimal
    invoice_prefix: str
    level_percents: tuple[Decimal, ...]
    payment_days: int
    locale: str


def id_of(cloud: CloudFacts | None) -> int | None:
    """The row id of a cloud; None is the platform, whose rows have no cloud."""
    return None if cloud is None else cloud.id


_FACTS = """
select c.id, c.slug, c.name, c.currency, c.timezone, c.tax_percent, c.invoice_prefix,
       coalesce(t.wholesale_discount_percent, 0) as wholesale_discount_percent,
       coalesce(t.wholesale_tax_percent, 0) as wholesale_tax_percent,
       t.level_percents, c.payment_days, c.locale
from cloud c left join cloud_terms t on t.id = c.id
"""


def _facts(row: Record) -> CloudFacts:
    return CloudFacts(**{**row, "level_percents": tuple(row["level_percents"] or ())})


async def cloud_facts(tx: Transaction, slug: str) -> CloudFacts:
    """The cloud called `slug`; `NotFound` when it is not there or not this actor's to see."""
    row = await tx.fetchrow(_FACTS + " where c.slug = $1", slug)
    if row is None:
        raise no_such(_("cloud"), slug)
    return _facts(row)


async def cloud_facts_by_id(tx: Transaction, cloud: int) -> CloudFacts:
    """The cloud with this id."""
    row = await tx.fetchrow(_FACTS + " where c.id = $1", cloud)
    if row is None:
        message = _("There is no such cloud.")
        raise NotFound(message)
    return _facts(row)


async def get(actor: Actor, slug: str) -> CloudFacts:
    """The cloud called `slug`, read once at the door. Raises `NotFound`, as `cloud_facts`."""
    async with snapshot(actor) as tx:
        return await cloud_facts(tx, slug)


async def get_if_named(actor: Actor, slug: str | None) -> CloudFacts | None:
    """As `get`; None, which is the platform, where no cloud is named."""
    return None if slug is None else await get(actor, slug)


async def named_or_all(actor: Actor, slug: str | None) -> list[CloudFacts]:
    """The cloud called `slug`, or without one every cloud, by slug. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        if slug is not None:
            return [await cloud_facts(tx, slug)]
        rows = await tx.fetch(_FACTS + " order by c.slug")
    return [_facts(row) for row in rows]


async def get_by_id(actor: Actor, cloud: int) -> CloudFacts:
    """The cloud with this id, for a job that was given one. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await cloud_facts_by_id(tx, cloud)


async def own_cloud(actor: Actor) -> CloudFacts:
    """The actor's own cloud. Raises `NotFound` for the platform's people."""
    if actor.cloud is None:
        raise NotFound(_("Which cloud? The platform's people have none of their own."))
    return await get_by_id(actor, actor.cloud)
