"""Saying what Watcher's organizations and presets stand for. What is not mapped is not guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from portal import jobs, tables
from portal.access import SYSTEM, Actor, Permission
from portal.billing.period import local_date
from portal.db import Transaction, atomic
from portal.errors import Invalid
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_books_shared, lock_histories
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import upsert
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.watcher.actions.sync.complete import force_custom_plan, own
from portal.watcher.actions.sync.follow import follow
from portal.watcher.forms.connection import NewMapping
from portal.watcher.queries import watchers
from portal.words import _

_MADE_FOR: Final = """
select t.code from provisioned_preset p join tariff t on t.id = p.tariff
join connection c on c.id = p.connection
where p.cloud = $1 and p.preset = $2 and p.tariff <> $3 and c.ended_at is null
  and coalesce(c.same_as, c.id) = $4 limit 1
"""
_FOLLOWED: Final = """
with organizations as (
  update watcher_organization set is_followed = true where cloud = $1 and not is_followed
)
update watcher_preset set is_followed = true where cloud = $1 and not is_followed
"""
_LIVING: Final = """
select distinct i.connection, i.camera, c.follow_presets
from camera_interval i join connection c on c.id = i.connection
where i.cloud = $1 order by i.connection, i.camera
"""


async def create(actor: Actor, cloud: CloudFacts, new: NewMapping, *, queue: Queue) -> NewMapping:
    """Map an organization to a subscriber or a preset to a tariff; mapping again changes it.

    Answers it with its connection. Workers then make the subscriptions that follow. Raises
    `Invalid` by field, also where it is not clear which of the cloud's Watchers is meant.
    """
    _check(new)
    async with atomic(actor) as tx:
        require(actor, Permission.CONNECTIONS_WRITE)
        what, number = ("preset", new.preset)
        if new.organization is not None:
            what, number = ("organization", new.organization)
        meant = await watchers.meant(tx, cloud.id, what, number, new.connection)
        new = replace(new, connection=meant.connection)
        if new.organization is not None:
            await _map_organization(tx, cloud.id, meant.id, new)
        else:
            await _map_preset(tx, cloud.id, meant.id, new)
        await audit.record(
            tx, actor, "mapping.create", f"mapping of cloud {cloud.slug}", cloud=cloud.id, after=new
        )

        enqueue_after_commit(queue, jobs.FOLLOW_MAPPINGS, cloud.id)
        return new


def _check(new: NewMapping) -> None:
    problems: dict[str, str] = {}
    if (new.organization is None) == (new.preset is None):
        problems["organization"] = _("give an organization with its subscriber, or a preset")
    elif new.organization is not None:
        if new.subscriber is None:
            problems["subscriber"] = _("is required with an organization")
        if new.tariff is not None:
            problems["tariff"] = _("belongs to a preset")
    else:
        if new.tariff is None:
            problems["tariff"] = _("is required with a preset")
        if new.subscriber is not None:
            problems["subscriber"] = _("belongs to an organization")
    if problems:
        raise Invalid(problems)


async def _map_organization(tx: Transaction, cloud: int, watcher: int, new: NewMapping) -> None:
    subscriber = await tx.fetchval(
        "select id from subscriber where cloud = $1 and number = $2", cloud, new.subscriber
    )
    if subscriber is None:
        raise Invalid(
            {
                "subscriber": _("there is no subscriber %(subscriber)s")
                % {"subscriber": new.subscriber}
            }
        )
    columns = {
        "cloud": cloud,
        "watcher": watcher,
        "organization": new.organization,
        "subscriber": subscriber,
        "is_followed": False,
    }
    key = ("cloud", "watcher", "organization")
    await upsert(tx, tables.WatcherOrganization, columns, key=key)


async def _map_preset(tx: Transaction, cloud: int, watcher: int, new: NewMapping) -> None:
    tariff = await tx.fetchval(
        "select id from tariff where cloud = $1 and code = $2", cloud, new.tariff
    )
    if tariff is None:
        raise Invalid({"tariff": _("there is no tariff %(tariff)r") % {"tariff": new.tariff}})
    of_another = await tx.fetchval(_MADE_FOR, cloud, new.preset, tariff, watcher)
    if of_another is not None:
        raise Invalid(
            {
                "preset": _("was made for the tariff %(of_another)r and changes with it")
                % {"of_another": of_another}
            }
        )
    columns = {
        "cloud": cloud,
        "watcher": watcher,
        "preset": new.preset,
        "tariff": tariff,
        "is_followed": False,
    }
    await upsert(tx, tables.WatcherPreset, columns, key=("cloud", "watcher", "preset"))


async def follow_mappings(cloud_id: int, *, now: datetime) -> None:
    """Bring owners and subscriptions of all cameras of a cloud in line with its mappings."""
    async with atomic(SYSTEM) as tx:
        cloud = await tenancy.cloud_facts_by_id(tx, cloud_id)
        await lock_histories(tx, cloud_id)
        await lock_books_shared(tx, cloud_id)
        await force_custom_plan(tx)
        # Before they are read: one that is changed from now on waits, and is followed anew.
        await tx.execute(_FOLLOWED, cloud_id)
        today = local_date(now, cloud.timezone)
        cameras: dict[tuple[int, bool], list[int]] = {}
        for row in await tx.fetch(_LIVING, cloud_id):
            of = cameras.setdefault((row["connection"], row["follow_presets"]), [])
            of.append(row["camera"])
        for (connection, follows), ids in cameras.items():
            if follows:
                await follow(tx, cloud, connection, ids, today)
            await own(tx, cloud_id, connection, ids, today)
