"""Documents that would go to an address that a server has refused before, and nobody corrected."""

from __future__ import annotations

from datetime import date
from typing import Final

from portal.access import Actor
from portal.books.queries.sending.letters import RECIPIENTS
from portal.books.queries.sending.troubles import Trouble
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts

FAILURES_MAX: Final = 1_000
"""Mails of a cloud that failed, the newest, which are looked through for addresses."""
# By subscriber: a mail of theirs failed at an address that none of theirs has reached since.
_REFUSED: Final = f"""
with failed as materialized (
  select d.id, d.document, d.recipient, d.recipients, d.taken, d.error from delivery d
  where d.cloud = $1 and d.state = 'failed' order by d.id desc limit {FAILURES_MAX}
), refused as materialized (
  select i.subscriber, r.address, d.id, d.error
  from failed d join invoice i on i.cloud = $1 and i.id = d.document
  cross join lateral unnest(d.recipients) as r(address)
  where r.address <> all(d.taken)
  union all
  select t.id, t.email, d.id, d.error
  from failed d join subscriber_terms t on t.cloud = $1 and t.email = d.recipient
  where d.document is null
), still as (
  select r.subscriber, r.address, (array_agg(r.error order by r.id desc))[1] as error
  from refused r
  where not exists (
    select from invoice o join delivery s on s.cloud = o.cloud and s.document = o.id
    where o.cloud = $1 and o.subscriber = r.subscriber and s.id > r.id
      and r.address = any(s.taken))
  group by r.subscriber, r.address
), found as (
  select i.id, i.number, i.subscriber, i.buyer->>'name' as name,
         array_agg(r.address order by r.address) as recipients, min(r.error) as error
  from still r
  join invoice i on i.cloud = $1 and i.month = $2 and i.side = 'retail'
    and i.subscriber = r.subscriber
  cross join lateral (
    select t.email, t.document_emails from subscriber_terms t
    where t.cloud = $1 and t.id = i.subscriber limit 1
  ) t
  where r.address = any({RECIPIENTS})
    and (select true from delivery d where d.cloud = i.cloud and d.document = i.id limit 1) is null
  group by i.id, i.number, i.subscriber, name
)
"""  # noqa: S608 - texts of ours
_COUNT: Final = f"{_REFUSED} select count(*)::int from found"  # noqa: S608 - as above
_ROWS: Final = f"""{_REFUSED}
select f.number, s.number as subscriber, f.name, f.recipients, f.error
from found f join subscriber s on s.cloud = $1 and s.id = f.subscriber
order by f.id limit $3
"""  # noqa: S608 - as above


async def count_in(tx: Transaction, cloud: int, month: date) -> int:
    """How many unsent documents of a month, its first day, go to such an address."""
    return int(await tx.fetchval(_COUNT, cloud, month))


async def refused(
    actor: Actor, cloud: CloudFacts, month: date, *, limit: int = 100
) -> list[Trouble]:
    """Those documents, in order of issue, with what the server said."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_ROWS, cloud.id, month, limit)
    return [Trouble(**row) for row in rows]
