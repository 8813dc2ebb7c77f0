"""What follows from rows: views that say of stored rows what the core's laws say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.tables.policy import WEB, WORKER
from portal.tables.usage_views import USAGE_DAY
from portal.tables.views import IS_WORKER


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows from rows, worked out in SQL for every list and page that says it."""

    name: str
    query: str


# The law is `portal.billing.balance`; what is taken off a document is added up here. SQL is told
# which day it is where, by `zones.tell_todays` in `app.todays`, and asks for it only where a query
# wants to know what is overdue.
_DOCUMENT_BALANCE: Final = """
select s.*, case when s.status = 'issued' then 'credit_note' when s.overdue then 'overdue'
                 else s.status end as state
from (
  select b.*,
         case when b.total <= 0 then 'issued' when b.credited >= b.total then 'credited'
              when b.left = 0 and b.written_off > 0 then 'written_off'
              when b.left = 0 then 'paid' when b.paid > 0 then 'partly_paid' else 'open'
         end as status,
         coalesce(b.due_on < ((select current_setting('app.todays')::jsonb)->>b.zone)::date
                  and b.left > 0, false) as overdue
  from (
    select i.id as invoice, i.cloud, i.side, i.issuer, i.currency, i.total, i.due_on,
           n.credited, p.paid, w.written_off,
           greatest(0, i.total - n.credited - p.paid - w.written_off) as left,
           exists (select from dispute q where q.cloud = i.cloud and q.invoice = i.id
                   and q.closed_at is null) as disputed, false as in_collection,
           case i.issuer when 0 then (select p.timezone from platform p)
                else (select c.timezone from cloud c where c.id = i.issuer) end as zone
    from invoice i
    cross join lateral (select coalesce(-sum(n.total), 0)::bigint as credited from invoice n
                        where n.cloud = i.cloud and n.credits = i.id) n
    cross join lateral (select coalesce(sum(a.amount), 0)::bigint as paid from allocation a
                        where a.cloud = i.cloud and a.invoice = i.id) p
    cross join lateral (select coalesce(sum(w.amount), 0)::bigint as written_off from write_off w
                        where w.cloud = i.cloud and w.invoice = i.id) w
  ) b
) s
"""

# A commission as it stands; the law is `portal.billing.payouts.statement`. Held is what waits for a
# look at its referred subscriber, or at a referral who is its own. A statement counts from its
# draft on, for whoever sees that. SQL is told which day it is, as above.
_DUE_COMMISSION: Final = """
select m.id, m.cloud, m.referral, m.subscriber, m.invoice, m.payment, m.document, m.month, m.level,
       m.basis, m.base, m.percent, m.amount, m.created_at, m.note, m.allocation,
       m.day, t.number as statement,
       e.id as entry, m.day + r.hold_days as payable_on,
       case when t.state = 'paid' then 'paid' when t.id is not null then 'stated'
            when exists (select from held_subscriber h where h.id = m.subscriber)
              or exists (select from commission_hold h
                         where h.cloud = m.cloud and h.invoice = m.invoice
                           and h.referral = m.referral and h.level = m.level
                           and h.released_at is null)
            then 'held'
            when m.amount > 0 and m.day + r.hold_days
              > ((select current_setting('app.todays')::jsonb)->>c.timezone)::date
            then 'pending' else 'payable' end as state
from commission m
join cloud c on c.id = m.cloud
join referral r on r.cloud = m.cloud and r.id = m.referral
left join statement_entry e on e.cloud = m.cloud and e.commission = m.id and not e.freed
left join statement t on t.cloud = e.cloud and t.id = e.statement
"""

DERIVED: Final = (
    Derived("document_balance", _DOCUMENT_BALANCE.strip()),
    Derived("due_commission", _DUE_COMMISSION.strip()),
    Derived("usage_day", USAGE_DAY.strip().format(worker=IS_WORKER)),
)


def derived(one: Derived) -> str:
    """The SQL of what is said of rows."""
    return (
        f"create view {one.name} with (security_invoker) as\n{one.query};\n"
        f"revoke all on {one.name} from public;\n"
        f"grant select on {one.name} to {WEB}, {WORKER};"
    )
