"""Making a manager of the platform responsible for clouds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.accounts.queries.people import PersonRow
from portal.db import Transaction
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import update
from portal.words import _

_NAMED: Final = """
select c.id, c.slug, u.id as manager_id, u.email as manager
from cloud c left join portal_user u on u.id = c.manager
where c.slug = any($1) or c.manager = $2 order by c.id for no key update of c
"""


async def make_responsible(
    tx: Transaction, actor: Actor, person: PersonRow, slugs: Sequence[str]
) -> None:
    """Give a person these clouds, from whoever has them, and take all others from them.

    For administrators of the platform: a manager gives itself none. Raises `Invalid` for a cloud
    that is not there, `Forbidden`, and `Conflict` for somebody who cannot be responsible.
    """
    require(actor, Permission.CLOUDS_CREATE)
    if person.cloud is not None:
        raise Conflict(
            _("%(email)s belongs to a cloud and is responsible for none.") % {"email": person.email}
        )
    rows = await tx.fetch(_NAMED, list(slugs), person.id)
    there = {row["slug"] for row in rows}
    problems = {
        f"clouds[{index}]": _("there is no cloud %(slug)r") % {"slug": slug}
        for index, slug in enumerate(slugs)
        if slug not in there
    }
    if problems:
        raise Invalid(problems)
    for row in rows:
        manager = person.id if row["slug"] in slugs else None
        if manager == row["manager_id"]:
            continue
        await update(tx, tables.Cloud, row["id"], {"manager": manager})
        await audit.record(
            tx,
            actor,
            "cloud.change",
            f"cloud {row['slug']}",
            cloud=row["id"],
            before={"manager": row["manager"]},
            after={"manager": None if manager is None else person.email},
        )
