"""Documents that are sent to subscribers: written down as mail, once each; workers send it.

Killed anywhere, the row in `delivery` says what is left. A server that took a letter just before
its worker was killed gets it again, under the same Message-ID: rather twice than never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor, Permission
from portal.billing.period import Period
from portal.books.queries.sending import deliveries
from portal.books.queries.sending.deliveries import DocumentDelivery
from portal.books.queries.sending.letters import RECIPIENTS
from portal.db import Transaction, atomic
from portal.errors import Conflict
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.values.mail.documents import CREDIT_NOTE, INVOICE
from portal.words import _

MANY_MAX: Final = 20_000
"""Documents that are chosen at once, beside all of a month."""
_DUE: Final = """
case when exists (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)
     then $2::timestamptz else 'infinity' end
"""
# Each of some documents: those of a month $3, or the ids $4. Its customer is looked up by its key:
# how many rows a policy leaves PostgreSQL guesses far too low.
_OF: Final = f"""
from (
  select i.*, {RECIPIENTS} as addresses
  from invoice i cross join lateral (
    select t.email, t.document_emails from subscriber_terms t
    where t.cloud = i.cloud and t.id = i.subscriber limit 1
  ) t
  where i.cloud = $1 and i.side = 'retail' and ($3::date is null or i.month = $3)
    and ($4::bigint[] is null or i.id = any($4))
) i
"""  # noqa: S608 - texts of ours
_INSERT: Final = f"""
insert into delivery
  (cloud, key, kind, document, copy, recipient, recipients, subject, facts, created_at, due_at)
select i.cloud, {{key}}, case i.type when 'invoice' then '{INVOICE}' else '{CREDIT_NOTE}' end,
       i.id, n.copy, i.addresses[1], i.addresses, '', '{{{{}}}}'::jsonb, $2, {_DUE}
{{of}}
cross join lateral ({{copy}}) n
where cardinality(i.addresses) > 0 order by i.id
on conflict do nothing
"""
WRITE: Final = _INSERT.format(key="'document ' || i.id", of=_OF, copy="select 0 as copy")
_COPY: Final = _INSERT.format(
    key="'document ' || i.id || ' copy ' || n.copy",
    of=_OF,
    copy="select coalesce(max(d.copy), 0) + 1 as copy from delivery d"
    " where d.cloud = i.cloud and d.document = i.id",
)
# To the addresses of today: one that was corrected gets it, one that has it gets it once.
_AGAIN: Final = f"""
update delivery d set
  recipient = i.addresses[1], recipients = i.addresses, attempts = 0, error = '',
  state = case when i.addresses <@ d.taken then 'sent' else 'waiting' end,
  sent_at = case when i.addresses <@ d.taken then $2::timestamptz end, due_at = {_DUE}
{_OF}
where d.cloud = i.cloud and d.document = i.id and d.state = 'failed'
  and cardinality(i.addresses) > 0
"""  # noqa: S608 - texts of ours


@dataclass(frozen=True, slots=True)
class Which:
    """Some documents of a cloud to its subscribers: those of a month, or with these row ids."""

    period: Period | None = None
    ids: Sequence[int] | None = None


async def send(actor: Actor, cloud: CloudFacts, which: Which, *, now: datetime, post: Post) -> int:
    """Send documents that were never sent to anybody; how many those are.

    Those of subscribers without an address are left out, and those that were sent, are on their way
    or have failed. Raises `Conflict` where no mail server is set up and for a month that is not
    closed, `Forbidden`.
    """
    require(actor, Permission.INVOICES_SEND)
    _require_server(post)
    async with atomic(actor) as tx:
        if which.period is not None:
            await _require_closed(tx, cloud, which.period)
        count = await written(tx, WRITE, cloud.id, which, now)
        await _note(tx, actor, cloud, "document.send", which, count)
        mail.ring(post)
    return count


async def try_again(
    actor: Actor, cloud: CloudFacts, which: Which, *, now: datetime, post: Post
) -> int:
    """Try documents again whose mail has failed, to the addresses of today; how many those are.

    Raises as `send`.
    """
    require(actor, Permission.INVOICES_SEND)
    _require_server(post)
    async with atomic(actor) as tx:
        count = await written(tx, _AGAIN, cloud.id, which, now)
        await _note(tx, actor, cloud, "document.try-again", which, count)
        mail.ring(post)
    return count


async def send_one(
    actor: Actor, cloud: CloudFacts, number: str, *, copy: bool, now: datetime, post: Post
) -> DocumentDelivery:
    """Send one document: for the first time, again where that has failed, or another copy of it.

    Raises `NotFound`, `Conflict` where it was sent and no `copy` is wanted, where it is on its way,
    and where its subscriber has no address or no mail server is set up.
    """
    require(actor, Permission.INVOICES_SEND)
    _require_server(post)
    async with atomic(actor) as tx:
        document = await deliveries.document_in(tx, cloud, number)
        if not document.recipients:
            raise Conflict(_("This customer has no e-mail address for documents."))
        which = Which(ids=[document.id])
        last = await deliveries.last_in(tx, cloud, document.id)
        if last is not None and last.state in {"waiting", "sending"}:
            raise Conflict(_("%(number)s is on its way already.") % {"number": number})
        if last is not None and last.state == "sent" and not copy:
            raise Conflict(
                _("%(number)s was sent already. Send another copy to send it again.")
                % {"number": number}
            )
        query = _COPY
        if last is None or last.state == "failed":
            query = WRITE if last is None else _AGAIN
        await written(tx, query, cloud.id, which, now)
        await audit.record(
            tx,
            actor,
            "document.send",
            f"document {number}",
            cloud=cloud.id,
            after={"recipients": list(document.recipients), "copy": last is not None},
        )
        mail.ring(post)
        found = await deliveries.last_in(tx, cloud, document.id)
        assert found is not None, "it was written, now or by somebody else at once"
        return found


async def written(tx: Transaction, query: str, cloud: int, which: Which, now: datetime) -> int:
    """Write down, by one of the queries here, some documents of a cloud (a row id); how many."""
    month = None if which.period is None else which.period.start
    ids = None if which.ids is None else list(which.ids)
    assert month is not None or ids is not None, "not every document of a cloud"
    status = await tx.execute(query, cloud, now, month, ids)
    return int(status.rpartition(" ")[2])


async def _note(  # noqa: PLR0917 - what one entry says
    tx: Transaction, actor: Actor, cloud: CloudFacts, action: str, which: Which, count: int
) -> None:
    """Write down who sent how many; nothing where there was nothing to send."""
    if not count:
        return
    about = f"period {which.period.key}" if which.period else f"cloud {cloud.slug}"
    await audit.record(tx, actor, action, about, cloud=cloud.id, after={"documents": count})


async def _require_closed(tx: Transaction, cloud: CloudFacts, period: Period) -> None:
    state = await tx.fetchval(
        "select state from period where cloud = $1 and starts_on = $2", cloud.id, period.start
    )
    if state != "closed":
        raise Conflict(
            _("%(key)s is not closed: its documents are issued by its close.") % {"key": period.key}
        )


def _require_server(post: Post) -> None:
    if not post.is_set_up:
        raise Conflict(_("No mail server is set up: set CAMLEDGER_SMTP_URL, and restart."))
