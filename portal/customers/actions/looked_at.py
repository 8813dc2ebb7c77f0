"""What a referral has begun and the operator looks at: its subscribers and its agents."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import Actor
from portal.customers.queries.referrals import Referral
from portal.customers.queries.subscribers import Subscriber
from portal.db import Transaction
from portal.errors import Conflict
from portal.kit.actions.rows import update
from portal.words import _


async def look_at(
    tx: Transaction, actor: Actor, row: Subscriber | Referral, *, now: datetime
) -> dict[str, object]:
    """Store that the operator has looked at a row, which is locked, and finds it fine.

    Answers what was stored, for the log. Raises `Conflict` for one that no referral began, or that
    was looked at before.
    """
    looked: dict[str, object] = {"checked_at": now, "checked_by": actor.name}
    if isinstance(row, Subscriber):
        if row.brought_at is None or row.checked_at is not None:
            raise Conflict(_("Subscriber %(number)s waits for no look.") % {"number": row.number})
        await update(tx, tables.Subscriber, row.id, looked)
    else:
        if row.invited_at is None or row.checked_at is not None:
            raise Conflict(_("Referral %(code)s waits for no look.") % {"code": row.code})
        await update(tx, tables.Referral, row.id, looked)
    return looked
