"""Saving tariffs: a portal asks why one is sold below cost, the API notes that it is."""

from __future__ import annotations

from datetime import datetime

from portal.access import Actor
from portal.books.queries import composer
from portal.catalog.actions import tariffs
from portal.catalog.forms.tariff import NewTariff, NewVersion
from portal.catalog.queries.tariffs import Tariffs
from portal.db import atomic
from portal.errors import Invalid
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


async def create(
    actor: Actor, cloud: CloudFacts, new: NewTariff, *, strict: bool, now: datetime
) -> Tariffs:
    """Make a tariff. When `strict`, one below cost without a reason is `Invalid`."""
    async with atomic(actor):
        made = await tariffs.create(actor, cloud, new)
        return await _judged(actor, cloud, made, strict=strict, now=now)


async def add_version(
    actor: Actor, cloud: CloudFacts, code: str, new: NewVersion, *, strict: bool, now: datetime
) -> Tariffs:
    """Give a tariff another version, as `create`; answers the tariff with that version alone."""
    async with atomic(actor):
        made = await tariffs.add_version(actor, cloud, code, new)
        return await _judged(actor, cloud, made, strict=strict, now=now)


async def _judged(
    actor: Actor, cloud: CloudFacts, made: Tariffs, *, strict: bool, now: datetime
) -> Tariffs:
    found = await composer.judge(actor, cloud, made, now=now)
    (version,) = found.rows[0].versions
    if strict and version.below_cost and not (version.below_cost_reason or "").strip():
        raise Invalid(
            {"below_cost_reason": _("say why this tariff is sold below cost, or raise its price")}
        )
    return found
