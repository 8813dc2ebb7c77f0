"""Sums of documents as the database keeps them, by due day: a list reads some rows, not all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Actor, Role
from portal.billing.balance import State


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
KEPT: Final = (
    "select s.currency"  # noqa: S608 - names of ours
    + "".join(
        f""", coalesce(sum({count}) filter (where {when}), 0)::int as "{state}",
coalesce(sum({total}) filter (where {when}), 0)::bigint as "{state} total",
coalesce(sum({left}) filter (where {when}), 0)::bigint as "{state} left"
"""
        for state, (count, total, left, when) in _SUMMED.items()
    )
    + """
from (
  select i.*, ($4::jsonb->>case i.issuer when 0 then (select p.timezone from platform p)
               else (select c.timezone from cloud c where c.id = i.issuer) end)::date as today
  from invoice_sum i
  where ($1::bigint is null or i.cloud = $1) and ($2::date is null or i.month = $2)
    and i.side = $3
) s
group by s.currency order by sum(s.documents) desc, s.currency
"""
)
_FOR: Final = frozenset(
    {
        *(Role.ADMINISTRATOR, Role.ACCOUNTANT, Role.MANAGER),
        *(Role.CLOUD_ADMINISTRATOR, Role.CLOUD_ACCOUNTANT),
    }
)
"""Who sees every document of a cloud, and so its sums."""


def are_for(actor: Actor) -> bool:
    """Whether the actor sees what is summed: an account manager sees some documents only."""
    return actor.role in _FOR
