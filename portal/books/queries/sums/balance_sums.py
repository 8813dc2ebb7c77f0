"""What documents come to, summed as a page asks for them: by currency, of all and of each state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from asyncpg import Record

from portal.billing.balance import State, Status
from portal.books.queries.sums.invoice_sums import SETTLED, Sums

BALANCE: Final = " join document_balance b on b.cloud = i.cloud and b.invoice = i.id"
OF_STATE: Final = {
    State.OPEN: " and b.left > 0",
    State.OVERDUE: " and b.overdue",
    SETTLED: f" and b.status in ('{Status.PAID}', '{Status.CREDITED}', '{Status.WRITTEN_OFF}')",
    State.CREDIT_NOTE: f" and b.state = '{State.CREDIT_NOTE}'",
}
_CONDITIONS: Final[Mapping[str | None, str]] = {
    None: "true",
    **{state: condition.removeprefix(" and ") for state, condition in OF_STATE.items()},
}
# A balance is worked out once a row, and looked at by each condition.
_BALANCES: Final = """
with b as materialized (
  select i.currency, i.total, b.left, b.overdue, b.status, b.state from invoice i {which}
)
"""
_SUMS: Final = "select b.currency" + "".join(
    f""", count(*) filter (where {condition})::int as "{state}",
coalesce(sum(b.total) filter (where {condition}), 0)::bigint as "{state} total",
coalesce(sum(b.left) filter (where {condition}), 0)::bigint as "{state} left"
"""
    for state, condition in _CONDITIONS.items()
)


def of_documents(narrowed: str) -> str:
    """The statement that sums the documents that a condition leaves, which knows them as `i`."""
    return (
        _BALANCES.format(which=BALANCE + narrowed)
        + f"{_SUMS} from b group by b.currency order by count(*) desc, b.currency"
    )


def of_state(found: Sequence[Record], state: str | None) -> list[Sums]:
    """The sums of those of a state, or of all; a currency without one has none."""
    return [
        Sums(row["currency"], row[f"{state}"], row[f"{state} total"], row[f"{state} left"])
        for row in found
        if row[f"{state}"]
    ]
