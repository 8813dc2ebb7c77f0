"""What fits a text: subscribers, cameras, tariffs, referrals and account managers of a cloud.

For fields that choose one of many. A name fits that contains the text, in any case; a number, code
or id that begins with it fits, too, and stands first. Of subscribers and cameras, which are many,
what fits begins with the text, or has a word that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Actor
from portal.db import snapshot
from portal.kit.queries import words
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.kinds import Kind


@dataclass(frozen=True, slots=True)
class Candidate:
    """One that fits: `value` is its number, code, id or address; `label` says which it is."""

    value: str
    label: str


_MORE: Final = """
select count(*) > $2 from (
  select from {kind.table} where {kind.cloud} = $1 and {kind.only} limit $2 + 1
) one
"""
_FITTING: Final = """
select {kind.key} as value,
       case when {kind.name} in ('', {kind.key}) then {kind.key}
            else {kind.name} || ' (' || {kind.key} || ')' end as label
from {kind.table}
where {kind.cloud} = $1 and {kind.only}
  and ($2 = '' or {fits})
order by lower({kind.key}) = lower($2) desc, starts_with(lower({kind.key}), lower($2)) desc,
         lower({kind.shown}), {kind.key}
limit $3
"""
_WITHIN: Final = (
    "position(lower($2) in lower({kind.shown})) > 0 or starts_with(lower({kind.key}), lower($2))"
)


async def all_of(actor: Actor, cloud: CloudFacts, kind: Kind, most: int) -> list[Candidate] | None:
    """Every one of a kind in a cloud; None where there are more than `most`."""
    async with snapshot(actor) as tx:
        if await tx.fetchval(_MORE.format(kind=kind), cloud.id, most):
            return None
        return await find(actor, cloud, kind, "", most)


async def find(
    actor: Actor, cloud: CloudFacts, kind: Kind, text: str, limit: int
) -> list[Candidate]:
    """Those of a kind in a cloud that fit a text, so many at most; all fit an empty one."""
    async with snapshot(actor) as tx:
        of, fits = [cloud.id, text, limit], _WITHIN.format(kind=kind)
        if kind.words and (hits := await words.find(tx, kind.words, cloud.id, text)):
            of.append(hits.ids)
            fits = f"{kind.alias}.id = any($4::bigint[])"
        rows = await tx.fetch(_FITTING.format(kind=kind, fits=fits), *of)
    return [Candidate(value=row["value"], label=row["label"]) for row in rows]
