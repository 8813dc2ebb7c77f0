"""The days of a row of usage, as SQL: a month of a camera and a meter is one row, a column a day.

A set of days is a whole number: bit 0 is the first of the month. Where a query looks at some days
only, each column goes through `within`, and `total`, `peak` and `present` say the same of what is
left as the table's own columns say of the whole row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

DAYS: Final = tuple(f"d{number:02}" for number in range(1, 32))
"""The columns, by day of the month."""
_ADDS_UP: Final = 1 << 58
"""Below it 31 quantities add up within 64 bits, which is quicker than beyond."""


def column_of(day: date) -> str:
    """The column of a day: "d16"."""
    return DAYS[day.day - 1]


def span(starts_on: str, ends_on: str, month: str) -> str:
    """The set of a month's days in `[starts_on, ends_on)`; no `ends_on` is for ever.

    All three are SQL of dates.
    """
    first = f"least(greatest({starts_on} - {month}, 0), 31)"
    after = f"least(greatest(coalesce({ends_on} - {month}, 31), 0), 31)"
    return f"((1::bigint << greatest({after}, {first})) - (1::bigint << {first}))::integer"


def within(days: str, row: str = "u") -> list[str]:
    """Each day's quantity where a set of days has it, else null."""
    return [
        f"case when {days} & {1 << at} <> 0 then {row}.{one} end" for at, one in enumerate(DAYS)
    ]


def total(quantities: Sequence[str]) -> str:
    """The sum of quantities, exact also beyond 64 bits; those that are null count nothing."""
    small = " + ".join(f"coalesce({one}, 0)" for one in quantities)
    large = " + ".join(f"coalesce({one}, 0)::numeric" for one in quantities)
    return f"case when {peak(quantities)} < {_ADDS_UP} then ({small})::numeric else {large} end"


def peak(quantities: Iterable[str]) -> str:
    """The highest of quantities."""
    return f"greatest({', '.join(quantities)})"


def present(quantities: Iterable[str]) -> str:
    """The set of days whose quantity is not null."""
    return those(f"({one}) is not null" for one in quantities)


def those(conditions: Iterable[str]) -> str:
    """The set of days on which a condition holds, one for each day from the first on."""
    bits = (f"case when {one} then {1 << at} else 0 end" for at, one in enumerate(conditions))
    return "(" + " | ".join(bits) + ")"


def unrolled(row: str = "u") -> str:
    """The days of a row as rows of their own: (day, quantity), those without one left out."""
    values = ", ".join(f"({row}.month + {at}, {row}.{one})" for at, one in enumerate(DAYS))
    rows = f"(values {values}) d(day, quantity)"
    return f"(select day, quantity from {rows} where quantity is not null)"
