"""Statements as lists show them: sorted, narrowed and added up, and what one is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal import tables
from portal.access import Actor
from portal.books.queries.commissions import LISTED as COMMISSION
from portal.books.queries.commissions import CommissionRow
from portal.books.queries.payouts.statements import Statement
from portal.db import snapshot
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.zones import tell_todays


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidStatement(Statement):
    """A statement and where it is paid to: as approved, else as the referral has it now.

    Whoever had no account then may have said one since.
    """

    payee: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class StatementPage:
    """One page of them; `total` and `amount` are of all that the filters leave."""

    rows: Sequence[PaidStatement]
    total: int
    amount: int


_WHERE: Final = """
from statement t join referral r on r.cloud = t.cloud and r.id = t.referral
where t.cloud = $1 and t.state <> 'dropped' and ($2::text is null or t.state = $2)
  and ($3::text is null or r.code = $3)
"""
# A void one is paid to nobody.
_SUMS: Final = f"""
select count(*)::int as total,
       coalesce(sum(t.amount) filter (where t.state <> 'void'), 0)::bigint as amount {_WHERE}
"""
_LISTED: Final = select_list(
    PaidStatement,
    tables.Statement,
    "t",
    referral="r.code",
    name="r.name",
    payee="coalesce(nullif(coalesce(t.payee->>'payee', r.payee), ''), r.name)",
    iban="coalesce(nullif(t.payee->>'iban', ''), r.iban)",
    bic="case when t.payee->>'iban' <> '' then t.payee->>'bic' else r.bic end",
)
_ROWS: Final = f"select {_LISTED} {_WHERE}"
_SORTS: Final = Sorts(
    {
        "number": "t.sequence",
        "referral": "lower(r.name)",
        "month": "t.month",
        "state": "t.state",
        "amount": "t.amount",
    },
    tie="t.id desc",
    optional=frozenset({"number"}),
)


async def page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    state: str | None = None,
    referral: str | None = None,
    sort: str = "-month",
    offset: int = 0,
    limit: int = 50,
) -> StatementPage:
    """A cloud's statements but for dropped drafts; `referral` is a code.

    `sort` is number, referral, month, state or amount, with "-" in front for downwards.
    """
    async with snapshot(actor) as tx:
        facts = cloud.id, state, referral
        sums = await tx.fetchrow(_SUMS, *facts)
        assert sums is not None, "an aggregate has a row"
        ordered = _ROWS + _SORTS.order_by(sort)
        rows = await numbered(tx, ordered, facts, sums["total"], offset=offset, limit=limit)
    return StatementPage([row_of(PaidStatement, row) for row in rows], **sums)


_ENTRIES: Final = (
    COMMISSION
    + """
join statement_entry e on e.cloud = m.cloud and e.commission = m.id
where m.cloud = $1 and e.statement = $2
"""
)
_ENTRY_SORTS: Final = Sorts(
    {"document": "m.document", "month": "m.month", "amount": "m.amount"}, tie="m.id"
)


async def entries(
    actor: Actor,
    cloud: CloudFacts,
    statement: Statement,
    *,
    now: datetime,
    sort: str = "document",
    offset: int = 0,
    limit: int = 50,
) -> list[CommissionRow]:
    """The commissions that a statement is made of, also those of one that was voided.

    `sort` is document, month or amount, with "-" in front for downwards.
    """
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        ordered = _ENTRIES + _ENTRY_SORTS.order_by(sort)
        facts, total = (cloud.id, statement.id), statement.entries
        rows = await numbered(tx, ordered, facts, total, offset=offset, limit=limit)
    return [CommissionRow(**row, currency=cloud.currency) for row in rows]
