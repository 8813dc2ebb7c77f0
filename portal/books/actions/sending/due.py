"""What workers write down of themselves: documents of clouds that send after a close, late PDFs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import jobs
from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions.sending.documents import WRITE, Which, written
from portal.db import Transaction, atomic
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.queueing import enqueue_after_commit
from portal.ports import Queue

MONTHS_AT_ONCE: Final = 100
_DUE: Final = """
select id, cloud, month from sending_due order by id limit $1 for update skip locked
"""
_CLOSED: Final = """
insert into sending_due (cloud, month) select id, $2 from cloud where id = $1 and send_after_close
on conflict do nothing
"""
_RELEASE: Final = """
update delivery d set due_at = $1
where d.document is not null and d.due_at = 'infinity' and d.state = 'waiting'
  and exists (select from invoice_file f where f.cloud = d.cloud and f.invoice = d.document)
"""


async def note_closed(tx: Transaction, cloud: int, period: Period) -> None:
    """Note a month that has just been closed, where its cloud (a row id) sends by itself."""
    await tx.execute(_CLOSED, cloud, period.start)


async def write_due(*, now: datetime, post: Post) -> None:
    """Write down the documents of the months that were noted. Without a mail server they wait."""
    if not post.is_set_up:
        return
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(_DUE, MONTHS_AT_ONCE)
        for row in rows:
            period = Period.of(row["month"])
            count = await written(tx, WRITE, row["cloud"], Which(period), now)
            await tx.execute("delete from sending_due where id = $1", row["id"])
            await audit.record(
                tx,
                SYSTEM,
                "document.send",
                f"period {period.key}",
                cloud=row["cloud"],
                after={"documents": count},
            )
        if rows:
            mail.ring(post)


async def release(*, now: datetime, queue: Queue) -> int:
    """Let mails go whose PDF has been made since they were written; how many."""
    async with atomic(SYSTEM) as tx:
        status = await tx.execute(_RELEASE, now)
        released = int(status.rpartition(" ")[2])
        if released:
            enqueue_after_commit(queue, jobs.SEND_MAIL)
    return released
