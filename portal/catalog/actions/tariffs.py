"""Composing tariffs and their dated versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.billing.pricing import pricing_to
from portal.catalog.forms.tariff import OF_VERSION, NewTariff, NewVersion, TariffChange
from portal.catalog.queries import tariffs
from portal.catalog.queries.tariffs import Item, Tariff, Tariffs, Version
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid, no_such
from portal.kit.actions import audit
from portal.kit.actions.closed import refuse_closed
from portal.kit.actions.locks import lock_books_shared, lock_count
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import differing, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

_ITEMS: Final = """
insert into tariff_item (cloud, version, position, service, quantity, overage)
select $1, $2, position, service, quantity, overage from unnest(
  $3::bigint[], $4::numeric[], $5::jsonb[]
) with ordinality as i(service, quantity, overage, position)
"""
# Where a version ends, and how far the trials of subscriptions that start under it reach: their
# trial is the one of the version in force on their first day, the new one or the one it follows.
_REACH: Final = """
select n.next, (
  select max(s.starts_on + greatest($4::int, coalesce(old.trial_days, 0)))
  from subscription s left join lateral (
    select v.trial_days from tariff_version v
    where v.cloud = $1 and v.tariff = $2 and v.valid_from <= s.starts_on
    order by v.valid_from desc limit 1
  ) old on true
  where s.cloud = $1 and s.tariff = $2 and s.starts_on >= $3
    and (n.next is null or s.starts_on < n.next)
) as trials_end
from (
  select min(valid_from) as next from tariff_version
  where cloud = $1 and tariff = $2 and valid_from > $3
) n
"""


async def create(actor: Actor, cloud: CloudFacts, new: NewTariff) -> Tariffs:
    """Make a tariff with its first version.

    Nobody can be subscribed to it yet, so it may begin in a closed period: nothing there changes.
    Raises `Invalid` for unknown services, `Conflict` for a code that is taken.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.TARIFFS_WRITE)
        await lock_books_shared(tx, cloud.id)
        services = await _services(tx, new)
        terms = values_of(new, but=OF_VERSION)
        if new.is_default:
            await _make_room(tx, cloud.id, new.code, offered=new.offered)
        tariff = await insert(tx, tables.Tariff, {"cloud": cloud.id, **terms}, unless_there=True)
        if tariff is None:
            raise Conflict(
                _("There is a tariff %(code)r already.") % {"code": new.code},
                {"code": _("is taken")},
            )
        version = await _store(tx, cloud.id, tariff, new, services)
        made = Tariff(**terms, versions=(version,))
        await audit.record(
            tx, actor, "tariff.create", f"tariff {new.code}", cloud=cloud.id, after=made
        )
        return Tariffs(cloud.currency, [made])


async def add_version(actor: Actor, cloud: CloudFacts, code: str, new: NewVersion) -> Tariffs:
    """Give a tariff another price from a day on; answers the tariff with that version alone.

    Raises `Conflict` for a second version of one day, and for effect inside a closed period.
    """
    async with atomic(actor) as tx:
        tariff = await tx.fetchval(
            "select id from tariff where cloud = $1 and code = $2", cloud.id, code
        )
        if tariff is None:
            raise no_such(_("tariff"), code)
        require(actor, Permission.TARIFFS_WRITE)
        services = await _services(tx, new)
        await lock_books_shared(tx, cloud.id)
        end = await _reach(tx, cloud.id, tariff, new)
        await refuse_closed(tx, cloud.id, new.valid_from, end)
        version = await _store(tx, cloud.id, tariff, new, services)
        await audit.record(
            tx, actor, "tariff.version", f"tariff {code}", cloud=cloud.id, after=version
        )
        of = await tariffs.get_in(tx, cloud.id, code)
        return Tariffs(cloud.currency, [replace(of, versions=(version,))])


async def change(actor: Actor, cloud: CloudFacts, code: str, change: TariffChange) -> Tariffs:
    """Change what a tariff is called, and whether it is offered or the default.

    Of a cloud one tariff is the default: another that was is not any more. Raises `NotFound`;
    `Conflict` for a default that is not offered.
    """
    async with atomic(actor) as tx:
        await tariffs.get_in(tx, cloud.id, code)
        require(actor, Permission.TARIFFS_WRITE)
        before = await tariffs.get_in(tx, cloud.id, code, lock=True)
        wanted = differing(change, before)
        if not wanted:
            return Tariffs(cloud.currency, [before])
        if wanted.get("is_default", before.is_default):
            offered = wanted.get("offered", before.offered)
            await _make_room(tx, cloud.id, code, offered=offered)
        this = (tables.Tariff.cloud == cloud.id) & (tables.Tariff.code == code)
        await update(tx, tables.Tariff, this, wanted)
        after = await tariffs.get_in(tx, cloud.id, code)
        await audit.record_change(
            tx,
            actor,
            "tariff.change",
            f"tariff {code}",
            cloud=cloud.id,
            before=before,
            after=after,
            fields=wanted,
        )
        return Tariffs(cloud.currency, [after])


async def stop_offering(actor: Actor, cloud: CloudFacts, code: str) -> Tariffs:
    """Offer a tariff to nobody new, also as the default. Its cameras stay on it."""
    return await change(actor, cloud, code, TariffChange(offered=False, is_default=False))


async def make_default(actor: Actor, cloud: CloudFacts, code: str) -> Tariffs:
    """Preselect a tariff for new cameras, in place of the one that was. Raises `Conflict`."""
    return await change(actor, cloud, code, TariffChange(is_default=True))


async def _make_room(tx: Transaction, cloud: int, code: str, *, offered: bool) -> None:
    """Make another tariff the default no more. Raises `Conflict` for one that is not offered."""
    if not offered:
        raise Conflict(
            _("%(code)s is not offered, so it cannot be the default: offer it first.")
            % {"code": code},
            {"is_default": _("is not offered")},
        )
    await lock_count(tx, "default tariffs", cloud)
    others = (tables.Tariff.cloud == cloud) & (tables.Tariff.code != code)
    await update(tx, tables.Tariff, others, {"is_default": False})


async def _reach(tx: Transaction, cloud: int, tariff: int, new: NewVersion) -> date | None:
    """The day on which a new version has no effect any more; None when there is none."""
    row = await tx.fetchrow(_REACH, cloud, tariff, new.valid_from, new.trial_days)
    if row is None or row["next"] is None:
        return None
    ends: list[date] = [row["next"], row["trials_end"] or row["next"]]
    return max(ends)


async def _services(tx: Transaction, new: NewVersion) -> dict[str, int]:
    """Ids of the services of a version. Raises `Invalid` for unknown ones and repeats."""
    codes = [item.service for item in new.items]
    rows = await tx.fetch("select code, id from service where code = any($1::text[])", codes)
    known = {row["code"]: row["id"] for row in rows}
    problems = {}
    for index, code in enumerate(codes):
        if code not in known:
            problems[f"items[{index}].service"] = _("there is no service %(code)r") % {"code": code}
        elif code in codes[:index]:
            problems[f"items[{index}].service"] = _("%(code)r is in another item already") % {
                "code": code
            }
    if problems:
        raise Invalid(problems)
    return known


async def _store(
    tx: Transaction, cloud: int, tariff: int, new: NewVersion, services: dict[str, int]
) -> Version:
    values = values_of(new, but=("code", "name", "note", "offered", "is_default", "items"))
    columns = {**values, "cloud": cloud, "tariff": tariff}
    version = await insert(tx, tables.TariffVersion, columns, unless_there=True)
    if version is None:
        raise Conflict(
            _("The tariff has a version from %(valid_from)s already.")
            % {"valid_from": new.valid_from},
            {"valid_from": _("is taken")},
        )
    items = tuple(
        Item(
            item.service,
            item.quantity,
            None if item.overage is None else pricing_to(item.overage),
        )
        for item in new.items
    )
    if items:
        await tx.execute(
            _ITEMS,
            cloud,
            version,
            [services[item.service] for item in items],
            [item.quantity for item in items],
            [item.overage for item in items],
        )
    return Version(**values, items=items)
