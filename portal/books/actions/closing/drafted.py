"""Taking documents and margins from the draft, where making them would come to the same.

A draft is made by the functions of the close. It is what making its parts anew would come to as
long as its cameras were rated from the same facts, no other month is corrected, and the terms of
the documents are the same; each of these is a digest. A customer that has changed since makes only
the part with it be made anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from asyncpg import Record

from portal.billing.money import Spread
from portal.billing.period import Period
from portal.books.actions.closing.terms import Terms
from portal.books.queries import closing
from portal.db import Transaction
from portal.values import languages

_IS_RATED_SO: Final = """
select exists (
  select from draft where cloud = $1 and month = $3 and facts = (
    select encode(sha256(convert_to(string_agg(facts, '' order by first_camera), 'UTF8')), 'hex')
    from period_batch where cloud = $1 and period = $2))
"""
_HOLDS: Final = "select exists (select from draft where cloud = $1 and month = $2 and terms = $3)"
_COST: Final = """
select wholesale_document as document, last_remainder, last_camera from draft
where cloud = $1 and month = $2
"""
# As those of a close, rows of a draft may have no statistics yet: each is looked up by its key.
_FACTS: Final = """
select d.subscriber, d.facts from unnest($3::bigint[]) as of(subscriber)
join draft_document d on d.cloud = $1 and d.month = $2 and d.subscriber = of.subscriber
"""
_TAKE_DOCUMENTS: Final = """
insert into period_document (cloud, period, part, side, subscriber, number, version, type, locale,
  buyer, discount_percent, tax_percent, tax_exempt, subtotal, discount, taxable, tax, total,
  commission, lines, earned, collected)
select $1, $3, $4, 'retail', of.subscriber, of.number, of.version, i.type, d.locale, d.buyer,
       i.discount_percent, i.tax_percent, i.tax_exempt, i.subtotal, i.discount, i.taxable, i.tax,
       i.total, e.commission, i.lines, d.earned, d.collected
from unnest($5::bigint[], $6::int[], $7::bigint[]) as of(subscriber, number, version)
cross join lateral (
  select d.* from draft_document d
  where d.cloud = $1 and d.month = $2 and d.subscriber = of.subscriber limit 1
) d cross join lateral (
  select i.* from draft_invoice i
  where i.cloud = $1 and i.month = $2 and i.subscriber = of.subscriber limit 1
) i cross join lateral (
  select coalesce(sum(amount), 0)::bigint as commission
  from jsonb_to_recordset(d.earned) as e(amount bigint)
) e
"""
_TAKE_SUMS: Final = (
    """
    insert into margin (cloud, period, camera, subscriber, revenue, cost, commission)
    select $1, $3, m.camera, m.subscriber, m.revenue, m.cost, m.commission
    from unnest($4::bigint[]) as of(subscriber) cross join lateral (
      select m.* from draft_margin m
      where m.cloud = $1 and m.month = $2 and m.subscriber = of.subscriber offset 0
    ) m
    """,
    """
    insert into subscriber_month (cloud, period, subscriber, revenue, cost, commission)
    select $1, $3, m.subscriber, m.revenue, m.cost, m.commission
    from unnest($4::bigint[]) as of(subscriber) cross join lateral (
      select m.* from draft_subscriber m
      where m.cloud = $1 and m.month = $2 and m.subscriber = of.subscriber offset 0
    ) m
    """,
    """
    insert into tariff_month
      (cloud, period, tariff, subscriber, cameras, revenue, cost, commission)
    select $1, $3, m.tariff, m.subscriber, m.cameras, m.revenue, m.cost, m.commission
    from unnest($4::bigint[]) as of(subscriber) cross join lateral (
      select m.* from draft_tariff m
      where m.cloud = $1 and m.month = $2 and m.subscriber = of.subscriber offset 0
    ) m
    """,
)
_TAKE_LOOSE: Final = """
insert into margin (cloud, period, camera, subscriber, revenue, cost, commission)
select $1, $3, m.camera, null, m.revenue, m.cost, m.commission from draft_margin m
where m.cloud = $1 and m.month = $2 and m.subscriber is null and m.camera between $4 and $5
"""


async def is_rated_so(tx: Transaction, of: tuple[int, int], period: Period) -> bool:
    """Whether the cameras of a cloud and a period (row ids) were rated from their draft's facts."""
    return bool(await tx.fetchval(_IS_RATED_SO, *of, period.start))


async def holds(tx: Transaction, terms: Terms) -> bool:
    """Whether the documents of the draft were made by these terms."""
    of_month = terms.cloud.id, terms.period.start
    return bool(await tx.fetchval(_HOLDS, *of_month, terms.digest))


async def cost(tx: Transaction, terms: Terms) -> tuple[dict[str, Any], Spread]:
    """The platform's document of the draft, as it waits for its number, and its discount's spread.

    For terms that hold.
    """
    row = await tx.fetchrow(_COST, terms.cloud.id, terms.period.start)
    assert row is not None, "the draft is there"
    kept: Mapping[str, Any] = row["document"]
    figures = {name: kept[name] for name in ("subtotal", "discount", "taxable", "tax", "total")}
    document = {
        "cloud": terms.cloud.id,
        "period": terms.period_id,
        "side": "wholesale",
        "type": kept["type"],
        "locale": languages.spoken_in(terms.cloud.locale, None),
        "buyer": terms.party.as_object(),
        "discount_percent": Decimal(kept["discount_percent"]),
        "tax_percent": Decimal(kept["tax_percent"]),
        "tax_exempt": terms.party.is_exempt,
        **figures,
        "commission": 0,
        "lines": kept["lines"],
        "earned": [],
        "collected": [],
    }
    return document, kept_spread(row, total=figures["discount"], over=figures["subtotal"])


def kept_spread(row: Record, *, total: int, over: int) -> Spread:
    """The spread of the platform's discount, of a row with its last camera."""
    last = None
    if row["last_camera"] is not None:
        last = int(row["last_remainder"]), row["last_camera"]
    return Spread(total=total, over=over, last=last)


async def take_customers(
    tx: Transaction, terms: Terms, part: Record, subscribers: Sequence[int]
) -> bool:
    """Take the documents and margins of a part's customers (row ids), for terms that hold.

    False, and nothing, where one of them is not the one that was drafted.
    """
    of_month = terms.cloud.id, terms.period.start
    rows = await tx.fetch(_FACTS, *of_month, subscribers)
    drafted = {row["subscriber"]: row["facts"] for row in rows}
    buyers = await closing.buyers(tx, terms.cloud.id, list(drafted))
    if any(drafted[one.id] != one.facts for one in buyers):
        return False
    facts = ([one.id for one in buyers], [one.number for one in buyers])
    versions = [one.version for one in buyers]
    of = *of_month, terms.period_id
    await tx.execute(_TAKE_DOCUMENTS, *of, part["id"], *facts, versions)
    for statement in _TAKE_SUMS:
        await tx.execute(statement, *of, subscribers)
    return True


async def take_cameras(tx: Transaction, terms: Terms, part: Record) -> None:
    """Take the margins of a part's cameras that nobody pays for, for terms that hold."""
    of = terms.cloud.id, terms.period.start, terms.period_id
    await tx.execute(_TAKE_LOOSE, *of, part["first"], part["last"])
