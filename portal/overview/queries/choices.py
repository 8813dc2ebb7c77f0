"""What fits a text: subscribers, cameras, tariffs, referrals and account managers of a cloud.

For fields that choose one of many. A name fits that contains the text, in any
case; a number, code or id that begins with it fits, too, and stands first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Actor
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.kinds import Kind


@dataclass(frozen=True, slots=True)
class Candidate:
    """One that fits: `value` is its number, code, id or address; `label` says which it is."""

    value: str
    label: str


_FITTING: Final = """
select {kind.key} as value,
       case when {kind.name} in ('', {kind.key}) then {kind.key}
            else {kind.name} || ' (' || {kind.key} || ')' end as label
from {kind.table}
where {kind.cloud} = $1 and {kind.only}
  and ($2 = '' or position(lower($2) in lower({kind.shown})) > 0
       or starts_with(lower({kind.key}), lower($2)))
order by lower({kind.key}) = lower($2) desc, starts_with(lower({kind.key}), lower($2)) desc,
         lower({kind.shown}), {kind.key}
limit $3
"""


async def find(
    actor: Actor, cloud: CloudFacts, kind: Kind, text: str, limit: int
) -> list[Candidate]:
    """Those of a kind in a cloud that fit a text, so many at most; all fit an empty one."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_FITTING.format(kind=kind), cloud.id, text, limit)
    return [Candidate(value=row["value"], label=row["label"]) for row in rows]
