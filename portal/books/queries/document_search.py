"""Which documents a text finds."""

from __future__ import annotations

from typing import Final

from portal.kit.queries import words

# By the beginning or the end of a number, and by a buyer's name: a customer's by its words, a
# cloud's, of which there are few documents, wherever it is.
FOUND: Final = f"""
select n.id from cloud o cross join lateral (
  select d.id from invoice d where d.cloud = o.id and d.number_begun >= word_begun($5)
    and d.number_begun < word_begun($5) || chr(1114111)
  union all
  select d.id from invoice d where d.cloud = o.id and d.number_ended >= reverse(word_begun($5))
    and d.number_ended < reverse(word_begun($5)) || chr(1114111)
  union all
  select d.id from subscriber_word w
  join invoice d on d.cloud = w.cloud and d.subscriber = w.subscriber
  where w.cloud = o.id and {words.DOCUMENTS.begun("$5")}
  union all
  select d.id from invoice d where d.cloud = o.id and d.side = 'wholesale'
    and strpos(lower(d.buyer->>'name'), word_begun($5)) > 0
) n
where $1::bigint is null or o.id = $1
"""  # noqa: S608 - a condition of ours
"""The row ids that a text ($5) finds in a cloud ($1), or in all."""
