"""Telling referrals by mail that a statement was approved or paid: by workers, each once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal.access import SYSTEM
from portal.billing.payouts.statement import StatementState
from portal.db import atomic
from portal.kit.actions import mail
from portal.kit.actions.mail import Post
from portal.values.mail import STATEMENT_APPROVED, STATEMENT_PAID

FRESH: Final = timedelta(days=7)
"""What was approved or paid longer ago, before there was a mail server, is not told any more."""
AT_ONCE: Final = 500
KINDS: Final = {
    StatementState.APPROVED: STATEMENT_APPROVED,
    StatementState.PAID: STATEMENT_PAID,
}
_UNTOLD: Final = """
select t.id, t.cloud, t.number, t.month, t.state, u.id as user_id, u.email
from statement t
join portal_user u on u.cloud = t.cloud and u.referral = t.referral and u.active and u.has_password
where t.state in ('approved', 'paid') and coalesce(t.ended_at, t.approved_at) > $1
  and not exists (select from delivery d
                  where d.cloud = t.cloud
                    and d.key = 'statement-' || t.state || ' ' || t.id || ' ' || u.id)
order by t.id, u.id limit $2
"""


async def tell_due(*, now: datetime, wall: datetime, post: Post) -> int:
    """Write the mails that are due; how many. `now` is the books' time, `wall` the machine's."""
    if not post.is_set_up:
        return 0
    written = 0
    async with atomic(SYSTEM) as tx:
        for row in await tx.fetch(_UNTOLD, now - FRESH, AT_ONCE):
            kind = KINDS[StatementState(row["state"])]
            made = await mail.write(
                tx,
                post,
                kind,
                f"{kind} {row['id']} {row['user_id']}",
                row["email"],
                now=wall,
                cloud=row["cloud"],
                user=row["user_id"],
                facts={"number": row["number"], "month": row["month"].isoformat()},
            )
            written += made is not None
    return written
