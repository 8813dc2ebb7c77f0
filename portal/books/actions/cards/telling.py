"""Telling a subscriber's people by mail that a card was not charged: by workers, each once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.billing.cards.trying import AUTHENTICATION
from portal.db import atomic
from portal.kit.actions import mail
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import update
from portal.values.mail.cards import CARD_ASKS, CARD_FAILED

PEOPLE_MAX: Final = 50
AT_ONCE: Final = 200
# Whoever was there when it failed was told then.
_UNTOLD: Final = """
select c.id, c.cloud, c.subscriber, c.code, c.retry_on, i.number, m.last4
from card_charge c join invoice i on i.cloud = c.cloud and i.id = c.invoice
join payment_method m on m.cloud = c.cloud and m.id = c.payment_method
where c.state = 'failed' and c.told_at is null and not c.by_hand and c.code <> 'no_trace'
order by c.id limit $1
"""
_OWNERS: Final = """
select u.id, u.email from portal_user u
where u.cloud = $1 and u.subscriber = $2 and u.active and u.has_password
order by u.id limit $3
"""


async def tell_due(*, wall: datetime, post: Post) -> int:
    """Write the mails that are due; how many. Without a mail server nobody is told."""
    written = 0
    async with atomic(SYSTEM) as tx:
        for row in await tx.fetch(_UNTOLD, AT_ONCE):
            kind = CARD_ASKS if row["code"] == AUTHENTICATION else CARD_FAILED
            retry = row["retry_on"]
            facts = {
                "number": row["number"],
                "last4": row["last4"],
                "retry_on": "" if retry is None else retry.isoformat(),
            }
            for person in await tx.fetch(_OWNERS, row["cloud"], row["subscriber"], PEOPLE_MAX):
                made = await mail.write(
                    tx,
                    post,
                    kind,
                    f"{kind} {row['id']} {person['id']}",
                    person["email"],
                    now=wall,
                    cloud=row["cloud"],
                    user=person["id"],
                    facts=facts,
                )
                written += made is not None
            await update(tx, tables.CardCharge, row["id"], {"told_at": wall})
    return written
