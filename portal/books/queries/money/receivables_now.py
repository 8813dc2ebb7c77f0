"""Receivables of a cloud as they are now, by what is kept: a day on which nothing followed.

Of another day they are summed from the ledger, which takes longer the more it has.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts

_LATER: Final = "select exists (select from entry e where e.book = $1 and e.day > $2)"
_IN_CREDIT: Final = """
select c.subscriber, sum(c.free)::bigint as free from credit_source c
where c.cloud = $1 and c.issuer = $1 group by c.subscriber having sum(c.free) <> 0
"""
# Each is looked up: PostgreSQL would join all customers, since policies make it expect few.
_OWES: Final = """
(select true from subscriber_terms t where t.id = s.id and t.owes_from < 'infinity' limit 1)
"""
WHO: Final = f"""
select s.number::text as party, s.cloud, s.id as subscriber, o.currency, s.number as place,
       coalesce((select c.free from ({_IN_CREDIT}) c where c.subscriber = s.id), 0)::bigint
         as credit
from subscriber s join cloud o on o.id = s.cloud
where s.cloud = $1 and $2::date is not null and (s.number, s.number::text) > ($3, $4)
  and s.number >= $3 and ({_OWES}
    or s.id = any(array(select c.subscriber from ({_IN_CREDIT}) c)))
order by s.number
"""  # noqa: S608 - texts of ours
"""Customers with something on their account, in the order of their numbers after ($3, $4)."""
CREDITS: Final = f"""
select o.currency, k.credit,
       (k.customers + (select count(*) from (
         select from subscriber_terms t where t.cloud = $1 and t.owes_from < 'infinity'
           and t.id <> all(k.subscribers) limit $3) owing))::int as customers
from cloud o cross join lateral (
  select count(*) as customers, coalesce(sum(c.free), 0)::bigint as credit,
         coalesce(array_agg(c.subscriber), '{{}}') as subscribers
  from ({_IN_CREDIT}) c
) k
where o.id = $1 and $2::date is not null
"""  # noqa: S608 - texts of ours


async def is_now(tx: Transaction, cloud: CloudFacts, day: date) -> bool:
    """Whether a cloud's book is at the end of a day as it is now: nothing in it is of a later."""
    return not await tx.fetchval(_LATER, cloud.id, day)
