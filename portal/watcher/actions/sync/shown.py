"""What Watcher calls its organizations and presets, and what a preset keeps, for people to map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from portal.billing.readings import CameraReading, Organization, Preset
from portal.db import Transaction
from portal.values.watcher import Kept
from portal.watcher.actions.sync.history import SyncRun

TITLE_MAX: Final = 300
_ORGANIZATIONS: Final = """
insert into watcher_organization (cloud, watcher, organization, title, seen_at)
select $1, $5, o.id, o.title, $4 from unnest($2::bigint[], $3::text[]) as o(id, title)
on conflict (cloud, watcher, organization) do update
  set title = excluded.title, seen_at = excluded.seen_at
"""
_PRESETS: Final = """
insert into watcher_preset (cloud, watcher, preset, title, continuous_depth_days,
  motion_depth_days, faces, plates, is_adjustable, is_deleted, seen_at)
select $1, $11, p.id, p.title, p.continuous, p.motion, p.faces, p.plates, p.adjustable,
  p.deleted, $2
from unnest($3::bigint[], $4::text[], $5::int[], $6::int[], $7::bool[], $8::bool[], $9::bool[],
  $10::bool[]) as p(id, title, continuous, motion, faces, plates, adjustable, deleted)
on conflict (cloud, watcher, preset) do update set title = excluded.title,
  continuous_depth_days = excluded.continuous_depth_days,
  motion_depth_days = excluded.motion_depth_days, faces = excluded.faces, plates = excluded.plates,
  is_adjustable = excluded.is_adjustable, is_deleted = excluded.is_deleted,
  seen_at = excluded.seen_at
"""
_KNOWN: Final = "select preset from watcher_preset where cloud = $1 and watcher = $2"
_GONE: Final = """
update watcher_preset set is_deleted = true
where cloud = $1 and watcher = $3 and preset <> all($2::bigint[])
  and seen_at is not null and not is_deleted
  and not exists (select from camera_interval i join camera c on c.id = i.camera
                  where i.cloud = $1 and i.until is null and i.preset = watcher_preset.preset
                  and c.watcher = $3)
"""


# What cameras say they are in or under, where a list leaves it out: the first title stays.
_MENTIONED: Final = """
with organizations as (
  insert into watcher_organization (cloud, watcher, organization, title, seen_at)
  select $1, $7, o.id, o.title, $2 from unnest($3::bigint[], $4::text[]) as o(id, title)
  on conflict (cloud, watcher, organization) do update set seen_at = excluded.seen_at
)
insert into watcher_preset (cloud, watcher, preset, title, seen_at)
select $1, $7, p.id, p.title, $2 from unnest($5::bigint[], $6::text[]) as p(id, title)
on conflict (cloud, watcher, preset) do nothing
"""
DAYS_MAX: Final = 2**31 - 1


@dataclass(slots=True)
class Mentioned:
    """Ids and titles of the organizations and presets that cameras mention."""

    organizations: dict[int, str] = field(default_factory=dict)
    presets: dict[int, str] = field(default_factory=dict)
    _kept: tuple[Kept, Kept] = field(
        default_factory=lambda: (Kept("organizations"), Kept("presets")), init=False
    )

    def add(self, camera: CameraReading) -> None:
        """What one camera says. Raises `Nonsense` when they mention more than can be kept."""
        organizations, presets = self._kept
        one, title = camera.organization, camera.organization_title
        if one is not None:
            _mention(self.organizations, one, title, organizations)
        one, title = camera.preset, camera.preset_title
        if one is not None:
            _mention(self.presets, one, title, presets)


def _mention(known: dict[int, str], one: int, title: str | None, kept: Kept) -> None:
    if one not in known or (title and known[one] == str(one)):
        known[one] = (title or str(one))[:TITLE_MAX]
        kept.add(known[one])


async def show_mentioned(tx: Transaction, run: SyncRun, mentioned: Mentioned) -> None:
    """Remember those that are known from cameras alone, so that they can be mapped, too."""
    await tx.execute(
        _MENTIONED,
        run.cloud,
        run.at,
        list(mentioned.organizations),
        list(mentioned.organizations.values()),
        list(mentioned.presets),
        list(mentioned.presets.values()),
        run.watcher,
    )


async def show_organizations(
    tx: Transaction, run: SyncRun, organizations: Sequence[Organization]
) -> None:
    """Remember organizations as they were listed at a time; what they are mapped to stays."""
    await tx.execute(
        _ORGANIZATIONS,
        run.cloud,
        [one.id for one in organizations],
        [one.title[:TITLE_MAX] for one in organizations],
        run.at,
        run.watcher,
    )


async def show_all_presets(
    tx: Transaction,
    cloud: int,
    watcher: int,
    presets: Sequence[Preset],
    at: datetime,
    *,
    only_known: bool,
) -> None:
    """The same of a whole list: presets that are not on it, and no camera is under, are gone.

    Of a Watcher that other clouds share, presets are told `only_known`: those that were mapped, or
    that a camera of this cloud has been under. The others may be somebody else's.
    """
    shown = presets
    if only_known:
        known = {row["preset"] for row in await tx.fetch(_KNOWN, cloud, watcher)}
        shown = [one for one in presets if one.id in known]
    await show_presets(tx, cloud, watcher, shown, at)
    await tx.execute(_GONE, cloud, [one.id for one in presets], watcher)


async def show_presets(
    tx: Transaction, cloud: int, watcher: int, presets: Sequence[Preset], at: datetime
) -> None:
    """Remember presets as they were at a time; what they are mapped to stays."""
    await tx.execute(
        _PRESETS,
        cloud,
        at,
        [one.id for one in presets],
        [one.title[:TITLE_MAX] for one in presets],
        [_days(one.continuous_depth_days) for one in presets],
        [_days(one.motion_depth_days) for one in presets],
        [one.faces for one in presets],
        [one.plates for one in presets],
        [one.is_adjustable for one in presets],
        [one.is_deleted for one in presets],
        watcher,
    )


def _days(depth: int | None) -> int | None:
    """A depth as the column holds it: "for ever" may be a very large number of days."""
    return None if depth is None else min(depth, DAYS_MAX)


# Camera by camera they are counted here alone: a list of 20 000 organizations reads what it shows.
_COUNTED: Final = """
with living as (
  select coalesce(n.same_as, n.id) as watcher, i.{kind}, count(*)::int as cameras
  from camera_interval i join connection n on n.id = i.connection
  where i.cloud = $1 and i.until is null group by 1, 2
)
update watcher_{kind} k set cameras = n.cameras
from (
  select k.id, coalesce(l.cameras, 0) as cameras from watcher_{kind} k
  left join living l on l.watcher = k.watcher and l.{kind} = k.{kind} where k.cloud = $1
) n
where k.id = n.id and k.cameras <> n.cameras
"""


async def count_cameras(tx: Transaction, cloud: int) -> None:
    """Remember how many cameras are in each organization and under each preset."""
    for kind in ("organization", "preset"):
        await tx.execute(_COUNTED.format(kind=kind), cloud)
