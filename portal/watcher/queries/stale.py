"""What is kept of a month's differences, and of which cameras it is older than what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.billing.period import Period
from portal.db import Transaction
from portal.watcher.queries.comparison import FEW

_MARKS: Final = """
select id, cardinality(cameras) as cameras from difference_mark
where cloud = $1 order by id limit $2
"""
_NAMED: Final = "select cameras from difference_mark where id = any($1::bigint[])"
MARKS_MAX: Final = 10_000
NAMED_MAX: Final = 100_000
"""Of so many marks, or with so many cameras in them, all cameras of the cloud are meant."""
_KEPT: Final = "select until, fixed from difference_month where cloud = $1 and month = $2"
# Whether one of them has been under a preset that cannot be adjusted.
_IS_FIXED: Final = """
select exists (
  select from camera_interval i join connection n on n.id = i.connection
  join watcher_preset p on p.cloud = i.cloud and p.watcher = coalesce(n.same_as, n.id)
    and p.preset = i.preset
  where i.cloud = $1 and i.camera = any($2::bigint[]) and p.is_adjustable is false)
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """What changed since differences were kept: marks (row ids), and cameras (row ids) or None.

    None are all cameras of the cloud.
    """

    ids: Sequence[int]
    cameras: frozenset[int] | None


async def marks(tx: Transaction, cloud: int) -> Marks:
    """The marks of a cloud that can be seen now."""
    rows = await tx.fetch(_MARKS, cloud, MARKS_MAX)
    ids, sizes = [row["id"] for row in rows], [row["cameras"] for row in rows]
    if None in sizes or len(rows) == MARKS_MAX or sum(sizes) > NAMED_MAX:
        return Marks(ids, None)
    named = await tx.fetch(_NAMED, ids) if ids else ()
    return Marks(ids, frozenset(one for row in named for one in row["cameras"]))


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands of a month: all but what is said of `stale` cameras (row ids), or None: nothing.

    `fixed` are as in `DifferenceMonth`, without those that are stale.
    """

    stale: Sequence[int] | None
    fixed: frozenset[int] = frozenset()


async def kept(tx: Transaction, cloud: int, period: Period, tomorrow: date, since: Marks) -> Kept:
    """What stands of a month whose days before `tomorrow` are looked at, after some marks.

    A preset that cannot be adjusted is judged by all cameras that keep more than it gives: if one
    of them changed, or came to be one, all are stale.
    """
    row = await tx.fetchrow(_KEPT, cloud, period.start)
    if row is None or row["until"] != tomorrow or since.cameras is None:
        return Kept(None)
    stale, fixed = since.cameras, frozenset(row["fixed"])
    if stale and fixed and not stale >= fixed:
        together = bool(stale & fixed) or await tx.fetchval(_IS_FIXED, cloud, list(stale))
        stale = stale | fixed if together else stale
    if len(stale) > FEW:
        return Kept(None)
    return Kept(sorted(stale), fixed - stale)
