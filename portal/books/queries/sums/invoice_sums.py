"""Sums of documents as the database keeps them, by due day: a list reads some rows, not all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.access import Actor, Role
from portal.billing.balance import State
from portal.db import Transaction


@dataclass(frozen=True, slots=True)
class Sums:
    """All documents of a list in one currency: how many, their totals, and what is left of them."""

    currency: str
    count: int
    total: int
    left: int


SETTLED: Final = "settled"
"""Documents of which nothing is left: paid or credited."""
_SUMMED: Final = {
    None: ("documents", "total", "open_left", "true"),
    State.OPEN: ("open", "open_total", "open_left", "true"),
    State.OVERDUE: ("open", "open_total", "open_left", "s.due_on < s.today"),
    SETTLED: ("settled", "settled_total", "0", "true"),
    State.CREDIT_NOTE: ("notes", "notes_total", "0", "true"),
}
"""By state, what the database keeps of it: count, total, what is left, and of which due days."""
# $1 is a cloud, $2 a month, $3 a side, $4 which day it is where.
_WITH_TODAY: Final = """
from (
  select i.*, ($4::jsonb->>case i.issuer when 0 then (select p.timezone from platform p)
               else (select c.timezone from cloud c where c.id = i.issuer) end)::date as today
  from invoice_sum i
  where ($1::bigint is null or i.cloud = $1) and ($2::date is null or i.month = $2)
    and i.side = $3
) s
"""
KEPT: Final = (
    "select s.currency"
    + "".join(
        f""", coalesce(sum({count}) filter (where {when}), 0)::int as "{state}",
coalesce(sum({total}) filter (where {when}), 0)::bigint as "{state} total",
coalesce(sum({left}) filter (where {when}), 0)::bigint as "{state} left"
"""
        for state, (count, total, left, when) in _SUMMED.items()
    )
    + _WITH_TODAY
    + "group by s.currency order by sum(s.documents) desc, s.currency"
)
_SPANS: Final = {
    state: f"""
select array_agg(m.month) as months, min(f.id) as first, max(l.id) as last
from (select distinct s.month {_WITH_TODAY} where s.{count} > 0 and {when}) m
cross join lateral (
  select i.id from invoice i where i.cloud = $1 and i.side = $3 and i.month = m.month
  order by i.id limit 1
) f
cross join lateral (
  select i.id from invoice i where i.cloud = $1 and i.side = $3 and i.month = m.month
  order by i.id desc limit 1
) l
"""  # noqa: S608 - names of ours
    for state, (count, _, _, when) in _SUMMED.items()
}


async def span(
    tx: Transaction,
    state: str,
    *of: object,
) -> tuple[list[date], int, int]:
    """The months of a cloud with documents of a state, and the first and last row ids of these.

    `of` is a cloud, a month or None, a side, and which day it is where. Whoever looks for documents
    of a state need not look at others: the newest are rarely settled, and the old ones rarely open.
    """
    row = await tx.fetchrow(_SPANS[state], *of)
    assert row is not None, "an aggregate is a row"
    return row["months"] or [], row["first"] or 0, row["last"] or 0


_FOR: Final = frozenset(
    {
        *(Role.ADMINISTRATOR, Role.ACCOUNTANT, Role.MANAGER),
        *(Role.CLOUD_ADMINISTRATOR, Role.CLOUD_ACCOUNTANT, Role.ACCOUNT_MANAGER),
    }
)
"""Who sees every document of a cloud, and so its sums; or those of own customers, kept apart."""


def are_for(actor: Actor) -> bool:
    """Whether what is kept sums the documents that the actor sees, no more and no fewer."""
    return actor.role in _FOR
