"""Saving tariffs: a portal asks why one is sold below cost, the API notes that it is."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Final, NoReturn

from portal.access import Actor
from portal.billing.pricing import pricing_to
from portal.books.queries import composer
from portal.catalog.actions import tariffs
from portal.catalog.forms.tariff import NewTariff, NewVersion
from portal.catalog.queries import services
from portal.catalog.queries import tariffs as reads
from portal.catalog.queries.tariffs import Tariffs
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.queries.tenancy import CloudFacts
from portal.values import dates
from portal.words import _

# The first day after the last month that is closed, or closing; null before any.
_OPEN_SINCE: Final = """
select (max(starts_on) + interval '1 month')::date from period where cloud = $1 and state <> 'open'
"""
OF_A_PAGE: Final = "new"
"""A tariff with this code would have no page of its own."""


class _Rehearsed(Exception):
    """Undoes what was only tried."""


async def create(
    actor: Actor, cloud: CloudFacts, new: NewTariff, *, strict: bool, now: datetime
) -> Tariffs:
    """Make a tariff.

    When `strict`, one below cost without a reason, one of services without a price or of nothing
    of a service is `Invalid`, and one that begins in a closed month is a `Conflict`.
    """
    async with atomic(actor) as tx:
        if strict:
            _refuse_nothing(new)
            if new.code == OF_A_PAGE:
                raise Invalid({"code": _("is the address of another page")})
            await _refuse_closed_day(tx, cloud, new.valid_from)
        made = await tariffs.create(actor, cloud, new)
        if strict:
            await _refuse_unpriced(actor, cloud, new, new.code, now)
        return await _judged(actor, cloud, made, strict=strict, now=now)


async def add_version(
    actor: Actor, cloud: CloudFacts, code: str, new: NewVersion, *, strict: bool, now: datetime
) -> Tariffs:
    """Give a tariff another version, as `create`; answers the tariff with that version alone.

    When `strict`, it begins later than the last one: else it is `Invalid`.
    """
    async with atomic(actor) as tx:
        if strict:
            _refuse_nothing(new)
            await _refuse_closed_day(tx, cloud, new.valid_from)
            await _refuse_earlier(tx, cloud, code, new.valid_from)
        made = await tariffs.add_version(actor, cloud, code, new)
        if strict:
            await _refuse_unpriced(actor, cloud, new, code, now)
        return await _judged(actor, cloud, made, strict=strict, now=now)


async def rehearse_version(
    actor: Actor, cloud: CloudFacts, code: str, new: NewVersion, *, now: datetime
) -> None:
    """Say all that `add_version` would, when strict, and leave nothing behind."""
    try:
        async with atomic(actor):
            await add_version(actor, cloud, code, new, strict=True, now=now)
            _undo()
    except _Rehearsed:
        return


def _undo() -> NoReturn:
    raise _Rehearsed


async def is_there(actor: Actor, cloud: CloudFacts, code: str, new: NewVersion) -> bool:
    """Whether a tariff has this very version already: the form was sent twice."""
    async with atomic(actor, readonly=True) as tx:
        known = await tx.fetchval(
            "select 1 from tariff where cloud = $1 and code = $2", cloud.id, code
        )
        if known is None:
            return False
        of = await reads.get_in(tx, cloud.id, code)
    if isinstance(new, NewTariff) and (of.name, of.note) != (new.name, new.note):
        return False
    return any(_same(new, version) for version in of.versions)


def _same(new: NewVersion, version: reads.Version) -> bool:
    plain = [one.name for one in fields(NewVersion) if one.name != "items"]
    items = [
        (item.service, item.quantity, None if item.overage is None else pricing_to(item.overage))
        for item in new.items
    ]
    return all(getattr(new, name) == getattr(version, name) for name in plain) and items == [
        (item.service, item.quantity, item.overage) for item in version.items
    ]


def _refuse_nothing(new: NewVersion) -> None:
    problems = {
        f"items[{place}].quantity": _("must be more than 0")
        for place, item in enumerate(new.items)
        if not item.quantity
    }
    if problems:
        raise Invalid(problems)


async def _refuse_closed_day(tx: Transaction, cloud: CloudFacts, day: date) -> None:
    since: date | None = await tx.fetchval(_OPEN_SINCE, cloud.id)
    if since is None or day >= since:
        return
    told = {"month": dates.month(day), "since": dates.day(since)}
    message = _("%(month)s is closed: the first day that is possible is %(since)s.") % told
    raise Conflict(message, {"valid_from": message})


async def _refuse_earlier(tx: Transaction, cloud: CloudFacts, code: str, day: date) -> None:
    versions = (await reads.get_in(tx, cloud.id, code)).versions
    if versions and day < versions[-1].valid_from:
        last = dates.day(versions[-1].valid_from)
        raise Invalid(
            {"valid_from": _("must be later than the last version, %(last)s") % {"last": last}}
        )


async def _refuse_unpriced(
    actor: Actor, cloud: CloudFacts, new: NewVersion, code: str, now: datetime
) -> None:
    found = await composer.compose_version(actor, cloud, new, code=code, now=now)
    if not found.unpriced:
        return
    names = await services.names(actor, found.unpriced)
    problems = {
        f"items[{place}].service": _("%(service)s has no wholesale price: ask the platform for one")
        % {"service": names.get(item.service, item.service)}
        for place, item in enumerate(new.items)
        if item.service in found.unpriced
    }
    raise Invalid(problems)


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
