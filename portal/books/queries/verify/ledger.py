"""The laws of the ledger: postings are what the facts make them, and balances what is left.

A fact's lines are made anew by the functions that posted them, and laid beside the entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.books.queries.verify.balances import BOOK

_FACTS: Final = {
    "document_lines": "invoice",
    "payment_lines": "payment",
    "allocation_lines": "allocation",
    "refund_lines": "refund",
    "payment_return_lines": "payment_return",
    "write_off_lines": "write_off",
    "commission_lines": "commission",
    "statement_lines": "statement",
    "payment_fee_lines": "payment_fee",
    "card_payout_lines": "card_payout",
}
_DUE: Final = "\n  union all\n  ".join(
    f"select * from {lines}(array(select id from {table}))"  # noqa: S608 - names of ours
    for lines, table in _FACTS.items()
)

LEDGER: Final[Mapping[str, str]] = {
    "a posting sums to nothing": f"""
select {BOOK.format(book="p.book")} as cloud, p.kind || ' ' || p.document as subject,
       0 as expected, sum(e.amount) as found, e.currency
from posting p join entry e on e.posting = p.id
group by p.id, e.currency having sum(e.amount) <> 0
""",  # noqa: S608 - names of ours
    "the ledger says what happened": f"""
with due as (
  select book, kind, source, min(document) as document, day, account, party, currency,
         sum(amount) as amount
  from ({_DUE}) l where amount <> 0
  group by book, kind, source, day, account, party, currency
), kept as (
  select coalesce(e.book, p.book) as book, p.kind, p.source, min(p.document) as document,
         coalesce(e.day, p.day) as day, e.account, e.party, e.currency, sum(e.amount) as amount
  from posting p full join entry e on e.posting = p.id
  group by coalesce(e.book, p.book), p.kind, p.source, coalesce(e.day, p.day), e.account, e.party,
           e.currency
)
select {BOOK.format(book="coalesce(d.book, k.book)")} as cloud,
       coalesce(d.kind, k.kind, 'no posting') || ' ' || coalesce(d.document, k.document, '')
         || ' (' || coalesce(d.source, k.source, 'nothing') || ') of ' || coalesce(d.day, k.day)
         || ' on ' || coalesce(d.account, k.account, 'no account') as subject,
       d.amount as expected, k.amount as found,
       coalesce(d.currency, k.currency, '') as currency
from due d full join kept k on k.book = d.book and k.kind = d.kind and k.source = d.source
  and k.day = d.day and k.account = d.account and k.party = d.party and k.currency = d.currency
where d.amount is null or d.amount is distinct from k.amount
""",  # noqa: S608 - names of ours
    "what is left of all documents is what is owed": f"""
with due as (
  select issuer, cloud, case issuer when 0 then null else subscriber end as subscriber, currency,
         sum(total - credited - paid - written_off) as amount
  from (select b.*, i.subscriber from document_balance b
        join invoice i on i.cloud = b.cloud and i.id = b.invoice where b.total > 0) b
  group by 1, 2, 3, 4
), kept as (
  select book, cloud, subscriber, currency, sum(amount) as amount
  from entry where account = 'receivable' group by 1, 2, 3, 4
)
select {BOOK.format(book="coalesce(d.issuer, k.book)")} as cloud,
       'receivable of ' || coalesce((select 'subscriber ' || s.number from subscriber s
         where s.id = coalesce(d.subscriber, k.subscriber)),
         (select slug from cloud where id = coalesce(d.cloud, k.cloud)), '?') as subject,
       coalesce(d.amount, 0) as expected, coalesce(k.amount, 0) as found,
       coalesce(d.currency, k.currency) as currency
from due d full join kept k on k.book = d.issuer and k.cloud = d.cloud
  and k.subscriber is not distinct from d.subscriber and k.currency = d.currency
where coalesce(d.amount, 0) <> coalesce(k.amount, 0)
""",  # noqa: S608 - names of ours
}
