"""What a person looks at in a draft: all of it, or by rule as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.drafting.surprises import Cause
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.words import told


@dataclass(frozen=True, slots=True)
class SurpriseRow:
    """Something to look at, and who found it fine, when, and with which note, if anybody did.

    `cause` says why money is lost, where it is; "" in a draft that was made before that was kept.
    """

    id: str
    rule: str
    subject_kind: str
    subject: str
    name: str
    amount: int | None
    last: int | None
    detail: str
    cause: Cause
    fine: bool
    by: str
    at: datetime | None
    note: str


_SURPRISES: Final = """
select d.key as id, d.rule, d.subject_kind, d.subject, d.name, d.amount, d.last, d.detail, d.cause,
       s.id is not null as fine, coalesce(s.by, '') as by, s.at, coalesce(s.note, '') as note
from draft_surprise d
left join seen s on s.cloud = d.cloud and s.month = d.month and s.key = d.key
  and s.amount is not distinct from d.amount
where d.cloud = $1 and d.month = $2 and ($3::text is null or d.key = $3)
order by d.id
"""


async def surprises(
    tx: Transaction, cloud: int, period: Period, key: str | None = None
) -> list[SurpriseRow]:
    """What a person looks at in a month's draft, in its order; or the one with a key."""
    rows = await tx.fetch(_SURPRISES, cloud, period.start, key)
    return [SurpriseRow(**{**row, "detail": told(row["detail"])}) for row in rows]


@dataclass(frozen=True, slots=True)
class RuleRows:
    """The surprises of a rule: some rows, how many there are, how many are fine, their amounts."""

    rule: str
    count: int
    fine: int
    amount: int | None
    rows: Sequence[SurpriseRow]


_BY_RULE: Final = """
select one.* from (
  select d.key as id, d.rule, d.subject_kind, d.subject, d.name, d.amount, d.last, d.detail,
         d.cause,
         s.id is not null as fine, coalesce(s.by, '') as by, s.at, coalesce(s.note, '') as note,
         count(*) over w as rule_count, count(s.id) over w as rule_fine,
         sum(d.amount) over w as rule_amount,
         row_number() over (partition by d.rule order by s.id is not null, d.id) as place,
         min(d.id) over w as rule_place
  from draft_surprise d
  left join seen s on s.cloud = d.cloud and s.month = d.month and s.key = d.key
    and s.amount is not distinct from d.amount
  where d.cloud = $1 and d.month = $2
  window w as (partition by d.rule)
) one
where one.place <= $3 or one.rule = $4
order by one.rule_place, one.place
"""
_COUNTED: Final = ("rule_count", "rule_fine", "rule_amount", "place", "rule_place")


async def groups(
    actor: Actor, cloud: CloudFacts, period: Period, *, each: int, shown: str = ""
) -> list[RuleRows]:
    """What a person looks at by rule: the first `each` rows, and of the rule `shown` all."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_BY_RULE, cloud.id, period.start, each, shown)
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row["rule"], []).append(row)
    return [
        RuleRows(
            rule=rule,
            count=of[0]["rule_count"],
            fine=of[0]["rule_fine"],
            amount=None if of[0]["rule_amount"] is None else int(of[0]["rule_amount"]),
            rows=[
                SurpriseRow(
                    **{
                        **{name: value for name, value in row.items() if name not in _COUNTED},
                        "detail": told(row["detail"]),
                    }
                )
                for row in of
            ],
        )
        for rule, of in found.items()
    ]
