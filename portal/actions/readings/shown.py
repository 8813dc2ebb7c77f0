"""What Watcher calls its organizations and presets, and what a preset keeps, for people to map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from portal.billing.readings import Organization, Preset
    from portal.db import Connection

TITLE_MAX: Final = 300
_ORGANIZATIONS: Final = """
insert into watcher_organization (cloud, organization, title, seen_at)
select $1, o.id, o.title, $4 from unnest($2::bigint[], $3::text[]) as o(id, title)
on conflict (cloud, organization) do update set title = excluded.title, seen_at = excluded.seen_at
"""
_PRESETS: Final = """
insert into watcher_preset (cloud, preset, title, continuous_depth_days, motion_depth_days,
  faces, plates, is_adjustable, is_deleted, seen_at)
select $1, p.id, p.title, p.continuous, p.motion, p.faces, p.plates, p.adjustable, p.deleted, $2
from unnest($3::bigint[], $4::text[], $5::int[], $6::int[], $7::bool[], $8::bool[], $9::bool[],
  $10::bool[]) as p(id, title, continuous, motion, faces, plates, adjustable, deleted)
on conflict (cloud, preset) do update set title = excluded.title,
  continuous_depth_days = excluded.continuous_depth_days,
  motion_depth_days = excluded.motion_depth_days, faces = excluded.faces, plates = excluded.plates,
  is_adjustable = excluded.is_adjustable, is_deleted = excluded.is_deleted,
  seen_at = excluded.seen_at
"""
_GONE: Final = """
update watcher_preset set is_deleted = true
where cloud = $1 and preset <> all($2::bigint[]) and seen_at is not null and not is_deleted
  and (select count(distinct rtrim(url, '/')) from connection
       where cloud = $1 and ended_at is null) = 1
"""


async def show_organizations(
    tx: Connection, cloud: int, organizations: Sequence[Organization], at: datetime
) -> None:
    """Remember organizations as they were listed at a time; what they are mapped to stays."""
    await tx.execute(
        _ORGANIZATIONS,
        cloud,
        [one.id for one in organizations],
        [one.title[:TITLE_MAX] for one in organizations],
        at,
    )


async def show_all_presets(
    tx: Connection, cloud: int, presets: Sequence[Preset], at: datetime
) -> None:
    """The same of a whole list: presets that are not on it any more are gone.

    Not so where a cloud has several Watchers, whose lists are different ones.
    """
    await show_presets(tx, cloud, presets, at)
    await tx.execute(_GONE, cloud, [one.id for one in presets])


async def show_presets(tx: Connection, cloud: int, presets: Sequence[Preset], at: datetime) -> None:
    """Remember presets as they were at a time; what they are mapped to stays."""
    await tx.execute(
        _PRESETS,
        cloud,
        at,
        [one.id for one in presets],
        [one.title[:TITLE_MAX] for one in presets],
        [one.continuous_depth_days for one in presets],
        [one.motion_depth_days for one in presets],
        [one.faces for one in presets],
        [one.plates for one in presets],
        [one.is_adjustable for one in presets],
        [one.is_deleted for one in presets],
    )
