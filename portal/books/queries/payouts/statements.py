"""Statements of a cloud's referrals: those that are there, and those that are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

from portal import tables
from portal.access import SYSTEM, Actor
from portal.billing.period import Period, local_date
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.keyed import Keyed
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.values.numbers import number_in
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a referral (a code) is paid in one sum, in minor units of `currency`.

    `entries` are its commissions, `carried` what those of months before `month` make. `number` is
    None before approval. `state` is one of `portal.billing.payouts.statement.StatementState`.
    """

    id: int
    referral: str
    name: str
    month: date
    state: str
    number: str | None
    currency: str
    entries: int
    carried: int
    amount: int
    made_at: datetime
    approved_on: date | None
    paid_on: date | None
    reference: str

    @property
    def period(self) -> Period:
        """The month."""
        return Period.of(self.month)

    @property
    def title(self) -> str:
        """What it is called in the log: its number, or before it has one its row id."""
        return self.number or str(self.id)


_LISTED: Final = select_list(Statement, tables.Statement, "t", referral="r.code", name="r.name")
_SELECT: Final = f"""
select {_LISTED}
from statement t join referral r on r.cloud = t.cloud and r.id = t.referral
"""  # noqa: S608 - columns of ours
_BY_ID: Final = Keyed(
    _SELECT, "t.id", _("statement"), partial(row_of, Statement), owner="t.cloud = $1"
)
_ID: Final = "select id from statement where cloud = $1 and number = $2"
_PAGE: Final = (
    _SELECT
    + """
where t.cloud = $1 and t.state <> 'dropped' and t.id < $2
  and ($3::date is null or t.month = $3) and ($4::text is null or r.code = $4)
  and ($5::text is null or t.state = $5)
order by t.id desc limit $6
"""
)
_OF_MONTH: Final = (
    _SELECT
    + """
where t.cloud = $1 and t.month = $2 and t.state not in ('dropped', 'void')
  and ($3::text is null or r.code = $3)
order by t.id
"""
)
ID_MAX: Final = 2**63 - 1


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    period: Period | None = None,
    referral: str | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Statement]:
    """The latest first, those whose id is below `before`; what was dropped is not among them."""
    month = None if period is None else period.start
    async with snapshot(actor) as tx:
        facts = cloud.id, ID_MAX if before is None else before, month, referral, state, limit
        rows = await tx.fetch(_PAGE, *facts)
    return [row_of(Statement, row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, key: str) -> Statement:
    """One by its number, or by its row id. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await get_in(tx, cloud, key)


async def get_in(tx: Transaction, cloud: CloudFacts, key: str, *, lock: bool = False) -> Statement:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    found = number_in(key)
    if found is None:
        found = await tx.fetchval(_ID, cloud.id, key)
    if found is None:
        raise no_such(_("statement"), key)
    return await by_id_in(tx, cloud, found, lock=lock)


async def by_id_in(
    tx: Transaction, cloud: CloudFacts, statement: int, *, lock: bool = False
) -> Statement:
    """As `get_in`, of a row id."""
    return await _BY_ID.get_in(tx, statement, cloud.id, lock="no key update" if lock else "")


async def of_month(
    tx: Transaction, cloud: CloudFacts, period: Period, referral: str | None
) -> list[Statement]:
    """Those of a month that stand, of all referrals or of one (a code), in the order made."""
    rows = await tx.fetch(_OF_MONTH, cloud.id, period.start, referral)
    return [row_of(Statement, row) for row in rows]


@dataclass(frozen=True, slots=True)
class DueRun:
    """A cloud (a row id) of which the statements of a month are to be drafted."""

    cloud: int
    period: Period


_CLOUDS: Final = """
select c.id, c.timezone, c.statement_day,
       (select max(u.month) from statement_run u where u.cloud = c.id) as last
from cloud c
where not c.suspended and exists (select from commission_sum k where k.cloud = c.id)
order by c.id
"""


async def runs(now: datetime) -> list[DueRun]:
    """The clouds whose day of the month has come, and whose last month was not stated yet."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_CLOUDS)
    found = []
    for row in rows:
        today = local_date(now, row["timezone"])
        period = Period.of(today).previous()
        is_new = row["last"] is None or row["last"] < period.start
        if today.day >= row["statement_day"] and is_new:
            found.append(DueRun(row["id"], period))
    return found
