"""What is closed stays as it was: refusing changes with effect inside a closed period."""

from __future__ import annotations

from datetime import date
from typing import Final

from portal.billing.period import Period
from portal.db import Transaction
from portal.errors import Conflict
from portal.kit.actions.locks import lock_books_shared
from portal.values import dates
from portal.words import _

_TOUCHED: Final = """
select to_char(starts_on, 'YYYY-MM') as month, state from period
where cloud = $1 and state <> 'open' and starts_on + interval '1 month' > $2::date
  and ($3::date is null or starts_on < $3)
order by starts_on limit 1
"""

_LAST_CLOSED: Final = """
select starts_on from period
where cloud = $1 and state <> 'open' order by starts_on desc limit 1
"""


async def refuse_closed_day(tx: Transaction, cloud: int, day: date, field: str) -> None:
    """Raise `Conflict`, at `field`, if a change from `day` on would touch a month not open now.

    It names the month and the first day that is possible. Until the transaction ends no period of
    the cloud can begin to close.
    """
    await lock_books_shared(tx, cloud)
    last = await tx.fetchval(_LAST_CLOSED, cloud)
    if last is None or day >= (first := Period.of(last).end):
        return
    message = _("%(month)s is closed. The first day that is possible is %(first)s.") % {
        "month": dates.month(day),
        "first": dates.day(first),
    }
    raise Conflict(message, {field: message})


async def refuse_closed(tx: Transaction, cloud: int, start: date, end: date | None) -> None:
    """Raise `Conflict` if a change with effect on `[start, end)` touches a period not open now.

    `end` None is for ever. Until the transaction ends no period of the cloud can begin to close, so
    that what is found here stays true.
    """
    await lock_books_shared(tx, cloud)
    if end is not None and end <= start:
        return
    row = await tx.fetchrow(_TOUCHED, cloud, start, end)
    if row is not None:
        span = _("from %(start)s") if end is None else _("from %(start)s to %(end)s")
        raise Conflict(
            _(
                "%(month)s is %(state)s: nothing may change with effect inside "
                "it, and this would, %(span)s."
            )
            % {
                "month": row["month"],
                "state": row["state"],
                "span": span % {"start": start, "end": end},
            }
        )
