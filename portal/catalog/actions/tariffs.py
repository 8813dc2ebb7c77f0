"""Composing tariffs and their dated versions."""

from __future__ import annotations

from datetime import date
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.billing.pricing import pricing_to
from portal.catalog.forms.tariff import NewTariff, NewVersion
from portal.catalog.queries.tariffs import Item, Tariff, Tariffs, Version
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid, no_such
from portal.kit.actions import audit
from portal.kit.actions.closed import refuse_closed
from portal.kit.actions.locks import lock_books_shared
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.kit.forms.form import values_of
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
        columns = {"cloud": cloud.id, "code": new.code, "name": new.name}
        tariff = await insert(tx, tables.Tariff, columns, unless_there=True)
        if tariff is None:
            raise Conflict(
                _("There is a tariff %(code)r already.") % {"code": new.code},
                {"code": _("is taken")},
            )
        version = await _store(tx, cloud.id, tariff, new, services)
        made = Tariff(new.code, new.name, (version,))
        await audit.record(
            tx, actor, "tariff.create", f"tariff {new.code}", cloud=cloud.id, after=made
        )
        return Tariffs(cloud.currency, [made])


async def add_version(actor: Actor, cloud: CloudFacts, code: str, new: NewVersion) -> Tariffs:
    """Give a tariff another price from a day on; answers the tariff with that version alone.

    Raises `Conflict` for a second version of one day, and for effect inside a closed period.
    """
    async with atomic(actor) as tx:
        tariff = await tx.fetchrow(
            "select id, name from tariff where cloud = $1 and code = $2", cloud.id, code
        )
        if tariff is None:
            raise no_such(_("tariff"), code)
        require(actor, Permission.TARIFFS_WRITE)
        services = await _services(tx, new)
        await lock_books_shared(tx, cloud.id)
        end = await _reach(tx, cloud.id, tariff["id"], new)
        await refuse_closed(tx, cloud.id, new.valid_from, end)
        version = await _store(tx, cloud.id, tariff["id"], new, services)
        await audit.record(
            tx, actor, "tariff.version", f"tariff {code}", cloud=cloud.id, after=version
        )
        return Tariffs(cloud.currency, [Tariff(code, tariff["name"], (version,))])


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
    values = values_of(new, but=("code", "name", "items"))
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
