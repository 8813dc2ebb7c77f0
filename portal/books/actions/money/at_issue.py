"""What a close does with credit: as documents are issued, it goes on them by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from portal.books.actions.money.earning import earn
from portal.books.queries.money import customers
from portal.books.queries.money.customers import Customer
from portal.books.queries.money.earnings import Cause
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts

# `billing.allocation` has the rule, for one customer; here it is for all of a month at once: each
# source and the new invoice are stretches of one line, and what they share is put on.
_APPLY: Final = """
with issued as (
  select i.id, i.issuer, i.subscriber, i.total, i.issued_on from invoice i
  where i.cloud = $1 and i.period = $2 and i.type = 'invoice' and i.credits is null
    and (i.issuer = 0 or (
      (select c.apply_credit from cloud c where c.id = $1)
      and (select s.apply_credit from subscriber s where s.cloud = $1 and s.id = i.subscriber)))
), source as (
  select s.*, sum(greatest(s.free, 0)) over oldest as upto,
         sum(greatest(-s.free, 0)) over (partition by s.issuer, s.subscriber) as owed
  from credit_source s where s.cloud = $1
  window oldest as (partition by s.issuer, s.subscriber order by s.day, s.note, s.payment)
), part as (
  select i.issuer, i.subscriber, s.payment, s.note, i.id as invoice, s.upto,
         least(s.upto - s.owed, i.total) - greatest(s.upto - s.free - s.owed, 0) as amount,
         greatest(s.day, i.issued_on) as day
  from source s
  join issued i on i.issuer = s.issuer and i.subscriber is not distinct from s.subscriber
  where s.free > 0
)
insert into allocation (issuer, cloud, subscriber, payment, note, invoice, amount, day)
select issuer, $1, subscriber, payment, note, invoice, amount::bigint, day
from part where amount > 0 order by invoice, upto
returning id, issuer, subscriber, payment, invoice, amount, day
"""


async def apply_credit_to_issued(tx: Transaction, cloud: CloudFacts, period: int) -> None:
    """Put credit balances on the invoices that a period was just issued, up to their totals.

    Whoever issued them holds the lock on the sums of the cloud. What is earned as it is paid is
    earned on it.
    """
    rows = await tx.fetch(_APPLY, cloud.id, period)
    causes: dict[int, list[Cause]] = {}
    for row in rows:
        cause = Cause(
            invoice=row["invoice"],
            day=row["day"],
            amount=row["amount"],
            allocation=row["id"],
            payment=row["payment"],
        )
        causes.setdefault(row["invoice"], []).append(cause)
    earning = await tx.fetch(
        "select distinct invoice from commission_term where cloud = $1 and invoice = any($2)",
        cloud.id,
        list(causes),
    )
    found = await customers.by_id(tx, cloud.id, [row["invoice"] for row in earning])
    for invoice, document in found.items():
        claim = replace(document.claim, balance=replace(document.claim.balance, paid=0))
        new = {invoice: replace(document, claim=claim)}
        customer = Customer(cloud.id, cloud.id, document.subscriber, "", cloud.currency)
        await earn(tx, customer, new, causes[invoice])
