"""Which payments, refunds and lines of bank files a text finds.

By how the reference or the payer's name begins, by the customer's words, and by the amount.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from portal.billing.money import CURRENCIES
from portal.books.queries.money.customers import Book
from portal.db import Transaction
from portal.errors import Invalid
from portal.kit.queries import words
from portal.values.typed import decimal_text

_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
HITS_MAX: Final = 1_000
"""Row ids that a text finds at most."""
_BEGUN: Final = "{column} >= lower($2) and {column} < lower($2) || chr(1114111)"
_REFERENCES: Final = f"""
select p.id from {{table}} p where p.issuer = $1 and {_BEGUN.format(column="p.reference_begun")}
"""  # noqa: S608 - texts of ours
_AMOUNTS: Final = "select p.id from {table} p where p.issuer = $1 and p.amount = any($3)"
_OF_SUBSCRIBERS: Final = f"""
select p.id from (
  select w.subscriber from subscriber_word w where w.cloud = $1 and {words.SUBSCRIBERS.begun("$2")}
  limit {HITS_MAX}
) w join {{table}} p on p.cloud = $1 and p.issuer = $1 and p.subscriber = w.subscriber
"""  # noqa: S608 - texts of ours
_OF_CLOUDS: Final = """
select p.id from cloud o join {table} p on p.cloud = o.id and p.issuer = $1
where strpos(lower(o.name), lower($2)) > 0 or starts_with(o.slug, lower($2))
"""
# Whoever paid is called in the line of the bank.
_OF_PAYERS: Final = f"""
select b.payment from bank_line l join bank_payment b on b.bank_line = l.id
where l.issuer = $1 and l.name <> '' and {_BEGUN.format(column="l.name_begun")}
"""  # noqa: S608 - texts of ours
_LINES: Final = f"""
select l.id from bank_line l where l.issuer = $1 and l.name <> ''
  and {_BEGUN.format(column="l.name_begun")}
union all
select l.id from bank_line l
where l.issuer = $1 and l.bank_reference <> '' and l.bank_reference = $2
union all
select l.id from bank_line l where l.issuer = $1 and l.end_to_end <> '' and l.end_to_end = $2
union all
select l.id from bank_line l where l.issuer = $1 and l.amount = any($3)
"""  # noqa: S608 - texts of ours


def text_of(table: str, *, is_platform: bool) -> str:
    """The query for row ids of a table: payment, refund or bank_line; $1 is the issuer."""
    if table == "bank_line":
        return _LINES
    whose = _OF_CLOUDS if is_platform else _OF_SUBSCRIBERS
    parts = [one.format(table=table) for one in (_REFERENCES, _AMOUNTS, whose)]
    if table == "payment":
        parts.append(_OF_PAYERS)
    return " union all ".join(parts)


async def found_by(tx: Transaction, book: Book, table: str, text: str) -> Sequence[int]:
    """Row ids of a book that a text finds, HITS_MAX of them at most, the latest first."""
    query = text_of(table, is_platform=book.cloud is None)
    rows = await tx.fetch(
        f"select distinct one.id from ({query}) one (id) order by one.id desc limit {HITS_MAX}",  # noqa: S608 - texts of ours
        *(book.issuer, text.strip(), amounts_in(text)),
    )
    return [row["id"] for row in rows]


def amounts_in(text: str) -> list[int]:
    """What amounts a text may mean, in minor units: "16,48" is 1648 of euros, 16480 of dinars.

    One that went out is looked for, too.
    """
    try:
        found = decimal_text(text.strip().lstrip("−-"), "q")
    except Invalid:
        return []
    if not _AMOUNT.fullmatch(found):
        return []
    value = Decimal(found)
    places = sorted(set(CURRENCIES.values()))
    minors = {int(value.scaleb(one)) for one in places if value.scaleb(one) % 1 == 0}
    return sorted({sign * minor for minor in minors for sign in (1, -1) if minor})
