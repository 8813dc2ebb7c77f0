"""Who has to have a second factor, and who of them has none yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Actor, Role
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts, id_of

NAMES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Requirement:
    """Whether it is required of a group of people, and how these stand.

    `people` may sign in, `without` of them have none; `names` are the first of these by name.
    `oneself` is whether the actor is one of them.
    """

    required: bool
    people: int
    without: int
    names: tuple[str, ...]
    oneself: bool


_PLATFORM: Final = "select second_factor from platform"
_CLOUD: Final = "select second_factor from cloud where id = $1"
_CONCERNED: Final = """
select count(*)::int as people, count(*) filter (where not has_totp)::int as without,
       coalesce((array_agg(name order by lower(name), id)
                 filter (where not has_totp))[1:$2], '{}') as names,
       coalesce(bool_or(id = $3) filter (where not has_totp), false) as oneself
from portal_user
where active and cloud is not distinct from $1 and ($1::bigint is null or role = $4)
"""


async def requirement(actor: Actor, cloud: CloudFacts | None) -> Requirement:
    """Of the platform's people, or of the administrators of a cloud."""
    async with snapshot(actor) as tx:
        found = id_of(cloud)
        required = await (tx.fetchval(_PLATFORM) if found is None else tx.fetchval(_CLOUD, found))
        row = await tx.fetchrow(
            _CONCERNED, found, NAMES_MAX, actor.user, str(Role.CLOUD_ADMINISTRATOR)
        )
    assert row is not None, "a count has a row"
    return Requirement(
        required=bool(required),
        people=row["people"],
        without=row["without"],
        names=tuple(row["names"]),
        oneself=row["oneself"],
    )
