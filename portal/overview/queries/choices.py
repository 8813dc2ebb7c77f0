"""What fits a text: subscribers, cameras, tariffs, referrals and account managers of a cloud.

For fields that choose one of many, and for the search. A name fits that contains the text, in any
case; a number, code or id that begins with it fits, too, and stands first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from portal.access import Actor, Role
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Candidate:
    """One that fits: `value` is its number, code, id or address; `label` says which it is."""

    value: str
    label: str


Search: TypeAlias = Callable[[Actor, CloudFacts, str, int], Awaitable[Sequence[Candidate]]]
"""What finds those that fit a text, so many at most."""

_FITTING: Final = """
select value, label from ({source}) as one
where $2 = '' or position(lower($2) in lower(name)) > 0 or starts_with(lower(value), lower($2))
order by lower(value) = lower($2) desc, starts_with(lower(value), lower($2)) desc,
         lower(name), value
limit $3
"""
_SUBSCRIBERS: Final = """
select number::text as value, name, name || ' (' || number || ')' as label
from subscriber where cloud = $1
"""
_CAMERAS: Final = """
select external_id as value, name,
       case when name in ('', external_id) then external_id
            else name || ' (' || external_id || ')' end as label
from camera where cloud = $1
"""
_TARIFFS: Final = """
select code as value, name, name || ' (' || code || ')' as label from tariff where cloud = $1
"""
_REFERRALS: Final = """
select code as value, name, name || ' (' || code || ')' as label from referral where cloud = $1
"""
_ACCOUNT_MANAGERS: Final = f"""
select email as value, coalesce(nullif(name, ''), email) as name,
       coalesce(nullif(name, '') || ' (' || email || ')', email) as label
from colleague where cloud = $1 and role = '{Role.ACCOUNT_MANAGER}'
"""  # noqa: S608 - a role of ours


async def subscribers(actor: Actor, cloud: CloudFacts, text: str, limit: int) -> list[Candidate]:
    """Subscribers by number or name; `value` is the number."""
    return await _fitting(_SUBSCRIBERS, actor, cloud, text, limit)


async def cameras(actor: Actor, cloud: CloudFacts, text: str, limit: int) -> list[Candidate]:
    """Cameras by external id or name; `value` is the external id."""
    return await _fitting(_CAMERAS, actor, cloud, text, limit)


async def tariffs(actor: Actor, cloud: CloudFacts, text: str, limit: int) -> list[Candidate]:
    """Tariffs by code or name; `value` is the code."""
    return await _fitting(_TARIFFS, actor, cloud, text, limit)


async def referrals(actor: Actor, cloud: CloudFacts, text: str, limit: int) -> list[Candidate]:
    """Referrals by code or name; `value` is the code."""
    return await _fitting(_REFERRALS, actor, cloud, text, limit)


async def account_managers(
    actor: Actor, cloud: CloudFacts, text: str, limit: int
) -> list[Candidate]:
    """Account managers by e-mail address or name; `value` is the address."""
    return await _fitting(_ACCOUNT_MANAGERS, actor, cloud, text, limit)


async def _fitting(
    source: str, actor: Actor, cloud: CloudFacts, text: str, limit: int
) -> list[Candidate]:
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_FITTING.format(source=source), cloud.id, text, limit)
    return [Candidate(value=row["value"], label=row["label"]) for row in rows]
