"""Usage of closed months that no close corrects by itself any more: a person settles it.

What it comes to is rated anew from stored usage and prices, as a close would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor, Permission
from portal.billing.correction import MONTHS_CORRECTED
from portal.books.actions.closing.corrections import differences_of
from portal.books.forms.late_usage import MARKS_MAX, LateFilter, SettleLateForm
from portal.db import Transaction, atomic, snapshot
from portal.errors import Invalid
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

# The next close is of the month after the last closed one, and corrects so many before itself.
_TOO_OLD: Final = f"""
u.month < (select max(l.starts_on) from period l where l.cloud = u.cloud and l.state = 'closed')
  - interval '{MONTHS_CORRECTED - 1} months'
"""  # noqa: S608 - a number of ours
_WAITING: Final = f"""
select u.month, u.camera, p.id as period, u.settled, c.external_id, c.name,
       s.number, coalesce(s.name, '') as customer
from usage_change u
join period p on p.cloud = u.cloud and p.starts_on = u.month and p.state = 'closed'
join camera c on c.cloud = u.cloud and c.id = u.camera
left join lateral (
  select b.subscriber from subscription b
  where b.cloud = u.cloud and b.camera = u.camera and b.starts_on < u.month + interval '1 month'
    and (b.ends_on is null or b.ends_on > u.month)
  order by b.starts_on desc limit 1
) o on true
left join subscriber s on s.cloud = u.cloud and s.id = coalesce(o.subscriber, c.subscriber)
where u.cloud = $1 and u.settled is distinct from 'waive' and {_TOO_OLD}
  and ($2::int is null or s.number = $2) and ($3::date is null or u.month = $3)
order by u.month, c.external_id limit $4
"""  # noqa: S608 - a condition of ours
_SETTLE: Final = f"""
update usage_change u
set settled = $2, settled_reason = $3, settled_by = $4, settled_at = $5
from unnest($6::date[], $7::text[]) as asked (month, external_id)
join camera c on c.cloud = $1 and c.external_id = asked.external_id
where u.cloud = $1 and u.month = asked.month and u.camera = c.id
  and u.settled is distinct from $2 and {_TOO_OLD}
  and exists (select from period p where p.cloud = u.cloud and p.starts_on = u.month
              and p.state = 'closed')
returning u.month, c.external_id
"""  # noqa: S608 - a condition of ours


@dataclass(frozen=True, slots=True)
class Waiting:
    """A camera's late usage of a month, in minor units: what each side would be charged more.

    `subscriber` is None, and `customer` "", where it had none. `bills` where it is settled to be
    billed, and waits for the close.
    """

    month: date
    camera: str
    name: str
    subscriber: int | None
    customer: str
    retail: int
    wholesale: int
    bills: bool


async def waiting(
    actor: Actor, cloud: CloudFacts, form: LateFilter, *, limit: int = MARKS_MAX
) -> tuple[list[Waiting], bool]:
    """What waits, the oldest first, `limit` at most; and whether there is more."""
    require(actor, Permission.MARGINS_READ)
    month = None if form.month is None else form.month.start
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_WAITING, cloud.id, form.subscriber, month, limit + 1)
        marks = rows[:limit]
        sums: dict[tuple[date, int, str], int] = defaultdict(int)
        for one in await differences_of(tx, cloud, marks):
            for charge in one.charges:
                sums[one.month, charge.camera, charge.side] += charge.amount
    found = [
        Waiting(
            month=row["month"],
            camera=row["external_id"],
            name=row["name"],
            subscriber=row["number"],
            customer=row["customer"],
            retail=sums[row["month"], row["camera"], "retail"],
            wholesale=sums[row["month"], row["camera"], "wholesale"],
            bills=row["settled"] == "bill",
        )
        for row in marks
    ]
    return found, len(rows) > limit


async def settle(actor: Actor, cloud: CloudFacts, form: SettleLateForm, *, now: datetime) -> int:
    """Bill with the next close, or waive; how many were not settled so before.

    Raises `Invalid` for a camera without late usage of that month that waits for a person.
    """
    require(actor, Permission.CREDITS_WRITE)
    asked = [(mark.period.start, mark.camera) for mark in form.marks]
    async with atomic(actor) as tx:
        await _check(tx, cloud, asked)
        by = actor.name
        rows = await tx.fetch(
            _SETTLE,
            *(cloud.id, form.deed, form.reason, by, now),
            *(list(column) for column in zip(*asked, strict=True)),
        )
        if rows:
            marks = sorted(f"{row['external_id']} {row['month']:%Y-%m}" for row in rows)
            facts = {"deed": form.deed, "marks": marks, "reason": form.reason}
            about = f"cloud {cloud.slug}"
            await audit.record(tx, actor, "usage.settle", about, cloud=cloud.id, after=facts)
        return len(rows)


async def _check(tx: Transaction, cloud: CloudFacts, asked: Sequence[tuple[date, str]]) -> None:
    rows = await tx.fetch(
        "select u.month, c.external_id from usage_change u"  # noqa: S608 - a condition of ours
        " join camera c on c.cloud = u.cloud and c.id = u.camera"
        f" where u.cloud = $1 and c.external_id = any($2) and {_TOO_OLD}",
        cloud.id,
        [camera for _month, camera in asked],
    )
    known = {(row["month"], row["external_id"]) for row in rows}
    told = _("has no late usage of that month that waits for a person")
    wrong = {f"marks[{place}]": told for place, one in enumerate(asked) if one not in known}
    if wrong:
        raise Invalid(wrong)
