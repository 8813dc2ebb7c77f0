"""Every amount that one referral of a cloud earned, as its operator sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.books.queries.commissions import Page, rows_of
from portal.db import snapshot
from portal.kit.queries.pages import Sorts
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.zones import tell_todays


@dataclass(frozen=True, slots=True)
class EarnedRow:
    """An amount earned or, below zero, given back; `subscriber` is whose document it was.

    It is pending until `payable_on`; `statement` is the number of the one it is on.
    """

    id: int
    document: str
    subscriber: int
    name: str
    month: date
    level: int
    base: int
    percent: Decimal
    amount: int
    state: str
    payable_on: date
    statement: str | None


@dataclass(frozen=True, slots=True)
class EarnedPage:
    """One page of them; `total` and `amount` are of all that the filters leave."""

    rows: Sequence[EarnedRow]
    total: int
    amount: int


_FROM: Final = """
from due_commission m
join referral r on r.id = m.referral
join subscriber s on s.id = m.subscriber
where m.cloud = $1 and r.cloud = $1 and r.code = $2 and ($3::date is null or m.month = $3)
  and ($4::int is null or m.level = $4) and ($5::text is null or m.state = $5)
  and ($6::text is null or strpos(lower(s.name), lower($6)) > 0 or s.number::text = $6
       or strpos(lower(m.document), lower($6)) > 0)
"""
_ID: Final = "select id from referral where cloud = $1 and code = $2"
_SUMS: Final = """
select count(*)::int as total, coalesce(sum(m.amount), 0)::bigint as amount
"""
_ROWS: Final = """
select m.id, m.document, s.number as subscriber, s.name, m.month, m.level, m.base, m.percent,
       m.amount, m.state, m.payable_on, m.statement
"""
_SORTS: Final = Sorts(
    {
        "document": "m.document",
        "subscriber": "lower(s.name)",
        "month": "m.month",
        "level": "m.level",
        "base": "m.base",
        "amount": "m.amount",
    },
    tie="m.id desc",
)


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    code: str,
    *,
    now: datetime,
    period: Period | None = None,
    level: int | None = None,
    state: str | None = None,
    text: str | None = None,
    sort: str = "-month",
    offset: int = 0,
    limit: int = 50,
) -> EarnedPage:
    """What a referral earned; `text` is of a subscriber's name or number, or of a document's.

    `sort` is document, subscriber, month, level, base or amount, with "-" for downwards.
    """
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        month = None if period is None else period.start
        facts = [cloud.id, code, month, level, state, text]
        referral = await tx.fetchval(_ID, cloud.id, code)
        is_whole = (state, text) == (None, None) and referral is not None
        page = Page(
            cloud=cloud.id,
            referral=referral or 0,
            month=month,
            level=level,
            order=_SORTS.order_by(sort),
            offset=offset,
            limit=limit,
        )
        sums, rows = await rows_of(
            tx,
            page,
            facts,
            rows=_ROWS + _FROM,
            sums=None if is_whole else _SUMS + _FROM,
            by_subscriber=sort.endswith("subscriber"),
        )
        return EarnedPage(rows=[EarnedRow(**row) for row in rows], **sums)


async def months(actor: Actor, cloud: CloudFacts, code: str) -> list[date]:
    """The months in which a referral earned something, the latest first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select k.month from commission_sum k join referral r on r.id = k.referral"
            " where k.cloud = $1 and r.code = $2 and k.level = 0 order by k.month desc",
            cloud.id,
            code,
        )
        return [row["month"] for row in rows]
