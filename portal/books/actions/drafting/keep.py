"""Keeping a draft: its sums, its documents, and what is looked at, in place of what was there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from portal.billing.drafting.bridge import Billed, Bridge, billed, bridge
from portal.billing.drafting.surprises import Surprise
from portal.billing.invoice import Totals
from portal.billing.money import Spread, plain
from portal.billing.period import Period
from portal.books.actions.closing.documents import kept_lines
from portal.books.actions.closing.parts import document_row
from portal.books.actions.drafting.looking import Sums, by_subscriber
from portal.books.actions.drafting.rating import Rating
from portal.books.actions.drafting.settling import Settled
from portal.books.queries.closing import Labels
from portal.books.queries.drafts.making import Issued
from portal.db import Transaction
from portal.kit.actions.bulk import copy_rows, copy_text
from portal.words import stored

_TABLES: Final = ("draft_surprise", "draft_invoice", "draft")
_BY_CAMERA: Final = ("draft_margin", "draft_subscriber", "draft_tariff", "draft_document")
"""What is left by camera, and summed, and what documents say beside figures; the books have it once
the month is closed."""
_RATED: Final = ("draft_batch",)
"""What cameras were rated to; it is kept run by run, before the rest."""
_EMPTY: Final = "delete from {table} where cloud = $1 and month = $2"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A month that is drafted. `figures` and `last` are of the month before, None if it is open.

    `facts` is a digest of all that it was rated from; empty for a month that is not over, or that
    corrects others, because its close comes to something else.
    """

    rating: Rating
    settled: Settled
    looked: Sequence[Surprise]
    last: Mapping[int, Issued] | None
    figures: Mapping[str, int] | None
    facts: str


def rows_of(drafted: Drafted, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The rows of a draft by table."""
    found, settled, last = drafted.rating, drafted.settled, drafted.last
    figures, looked, names = drafted.figures, drafted.looked, settled.terms.names
    period = found.month.period
    of_month = {"cloud": found.book.cloud.id, "month": period.start}
    steps = None if last is None else _bridge(settled, last, period, found.book.cloud.currency)
    sums = {
        "invoices": sum(draft.type is not None for draft in settled.retail),
        "charges": sum(draft.totals.subtotal for draft in settled.retail),
        "revenue": sum(draft.totals.taxable for draft in settled.retail),
        "wholesale": settled.wholesale.totals.taxable,
        "commission": settled.commission,
        "tax": sum(draft.totals.tax for draft in settled.retail),
        "to_collect": sum(draft.totals.total for draft in settled.retail),
    }
    draft = {
        **of_month,
        "made_at": now,
        "until": found.month.until,
        **sums,
        "wholesale_document": _of_platform(settled),
        "last": None if figures is None else dict(figures),
        "bridge": None if steps is None else asdict(steps),
        "by_day": found.by_day.spread(
            sums["revenue"], sums["wholesale"], sums["commission"], found.month.days_over
        ),
        "facts": drafted.facts,
        "terms": settled.terms.digest,
        **_last_of(settled.spread),
    }
    return {
        "draft": [draft],
        "draft_invoice": [{**of_month, **row} for row in _documents(found, settled, names, last)],
        "draft_document": [
            {**of_month, **row} for row in (_to_issue(settled) if drafted.facts else ())
        ],
        "draft_surprise": [
            {
                **of_month,
                "key": one.key,
                "rule": one.rule,
                "subject_kind": one.subject_kind,
                "subject": one.subject,
                "name": one.name,
                "amount": one.amount,
                "last": one.last,
                "detail": stored(one.detail),
                "cause": one.cause,
            }
            for one in looked
        ],
    }


def _of_platform(settled: Settled) -> dict[str, Any]:
    wholesale = settled.wholesale
    return {
        **asdict(wholesale.totals),
        "type": None if wholesale.type is None else str(wholesale.type),
        "discount_percent": plain(wholesale.discount_percent),
        "tax_percent": plain(wholesale.tax_percent),
        "tax_exempt": wholesale.tax_exempt,
        "lines": kept_lines(wholesale.lines, settled.terms.names),
    }


def _documents(
    found: Rating, settled: Settled, names: Labels, last: Mapping[int, Issued] | None
) -> list[dict[str, Any]]:
    """Of every subscriber that is charged, has cameras, or was billed the month before."""
    sums = by_subscriber(settled)
    rows = []
    for draft in settled.retail:
        assert draft.buyer is not None, "a retail document has a buyer"
        of = sums.get(draft.buyer.id, Sums())
        rows.append(
            {
                "subscriber": draft.buyer.id,
                "type": None if draft.type is None else str(draft.type),
                **_figures(draft.totals),
                "discount_percent": draft.discount_percent,
                "tax_percent": draft.tax_percent,
                "tax_exempt": draft.tax_exempt,
                "last": _last(last, draft.buyer.id),
                "cost": of.cost,
                "commission": of.commission,
                "cameras": found.cameras.get(draft.buyer.id, 0),
                "lines": kept_lines(draft.lines, names),
            }
        )
    billed_now = {row["subscriber"] for row in rows}
    for subscriber in sorted({*found.cameras, *(last or ())} - billed_now):
        of = sums.get(subscriber, Sums())
        rows.append(
            {
                "subscriber": subscriber,
                "type": None,
                **_figures(Totals(0, 0, 0, 0, 0)),
                "discount_percent": Decimal(0),
                "tax_percent": Decimal(0),
                "tax_exempt": False,
                "last": _last(last, subscriber),
                "cost": of.cost,
                "commission": of.commission,
                "cameras": found.cameras.get(subscriber, 0),
                "lines": [],
            }
        )
    return rows


def _last_of(spread: Spread) -> dict[str, Any]:
    remainder, camera = (None, None) if spread.last is None else spread.last
    return {"last_remainder": remainder, "last_camera": camera}


def _to_issue(settled: Settled) -> Iterator[dict[str, Any]]:
    """What documents say beside lines and figures, as a close puts it together."""
    columns = ("subscriber", "locale", "buyer", "earned", "collected")
    for draft in settled.retail:
        assert draft.buyer is not None, "a retail document has a buyer"
        row = document_row(settled.terms, None, draft, settled.earned[draft.buyer.number])
        yield {"facts": draft.buyer.facts, **{name: row[name] for name in columns}}


def _figures(totals: Totals) -> dict[str, int]:
    return asdict(totals)


def _last(last: Mapping[int, Issued] | None, subscriber: int) -> int | None:
    if last is None:
        return None
    return last[subscriber].total if subscriber in last else 0


def _bridge(settled: Settled, last: Mapping[int, Issued], period: Period, currency: str) -> Bridge:
    before = period.previous().start
    was = {
        subscriber: billed(of.lines, before, of.discount, of.discount_percent)
        for subscriber, of in last.items()
    }
    now: dict[int, Billed] = {
        draft.buyer.id: billed(
            draft.lines, period.start, draft.totals.discount, draft.discount_percent
        )
        for draft in settled.retail
        if draft.buyer is not None
    }
    return bridge(was, now, currency)


async def keep(
    tx: Transaction, cloud: int, period: Period, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Store a draft in place of the one before."""
    await drop_draft(tx, cloud, period)
    for table, of_table in rows.items():
        await copy_rows(tx, table, of_table)


_MARGIN_COLUMNS: Final = (
    *("cloud", "month", "camera", "subscriber"),
    *("charges", "revenue", "cost", "commission"),
)
# As the close sums margins.
_BY_SUBSCRIBER: Final = """
insert into draft_subscriber (cloud, month, subscriber, charges, revenue, cost, commission)
select cloud, month, subscriber, sum(charges), sum(revenue), sum(cost), sum(commission)
from draft_margin
where cloud = $1 and month = $2 and subscriber is not null group by cloud, month, subscriber
"""
# A camera that changed its tariff counts where it is last. Rows that were just written have no
# statistics yet, so each looks up the subscriptions of its camera, and is never joined: the fence
# keeps PostgreSQL from going through all of a customer's for each of its cameras.
BY_TARIFF: Final = """
insert into draft_tariff
  (cloud, month, tariff, subscriber, cameras, charges, revenue, cost, commission)
select m.cloud, m.month, s.tariff, m.subscriber, count(*), sum(m.charges), sum(m.revenue),
       sum(m.cost), sum(m.commission)
from draft_margin m cross join lateral (
  select s.tariff from (
    select s.subscriber, s.tariff, s.starts_on from subscription s
    where s.cloud = m.cloud and s.camera = m.camera offset 0
  ) s
  where s.subscriber = m.subscriber and s.starts_on < $3 order by s.starts_on desc limit 1
) s
where m.cloud = $1 and m.month = $2
group by grouping sets ((m.cloud, m.month, s.tariff, m.subscriber), (m.cloud, m.month, s.tariff))
"""


async def keep_margins(tx: Transaction, found: Rating, settled: Settled) -> None:
    """Store what a drafted month leaves by camera, and its sums."""
    cloud, period, rated = found.book.cloud.id, found.month.period, found.rated

    def rows() -> Iterator[tuple[object, ...]]:
        for one in settled.margins:
            subscriber = None if one.subscriber is None else settled.ids[one.subscriber]
            charges = rated.retail.get(subscriber or 0, {}).get(one.camera, 0)
            yield (
                *(cloud, period.start, one.camera, subscriber),
                *(charges, one.revenue, one.cost, one.commission),
            )

    await copy_text(tx, "draft_margin", _MARGIN_COLUMNS, rows())
    await tx.execute(_BY_SUBSCRIBER, cloud, period.start)
    await tx.execute(BY_TARIFF, cloud, period.start, period.end)


async def drop_draft(tx: Transaction, cloud: int, period: Period) -> None:
    """Take away the draft of a month."""
    for table in (*_TABLES, *_BY_CAMERA):
        await tx.execute(_EMPTY.format(table=table), cloud, period.start)


_GONE: Final = """
delete from {table} d where d.cloud = $1 and d.month <> all($2)
  and not exists (select from period p where p.cloud = d.cloud and p.starts_on = d.month
                  and p.state <> 'open')
"""
_LONG_CLOSED: Final = """
delete from draft_invoice d where d.cloud = $1 and d.month < $2
  and exists (select from period p where p.cloud = d.cloud and p.starts_on = d.month
              and p.state = 'closed')
"""
_CLOSED: Final = """
delete from {table} d where d.cloud = $1
  and exists (select from period p where p.cloud = d.cloud and p.starts_on = d.month
              and p.state = 'closed')
"""
MONTHS_KEPT: Final = 3
"""So many months before the running one keep the documents of their last draft after the close."""


async def tidy(tx: Transaction, cloud: int, open_months: Sequence[Period]) -> None:
    """Take away drafts of months in which nothing is sold any more, and old documents of others.

    A closed month keeps the sums that it was expected to come to.
    """
    for table in (*_TABLES, *_BY_CAMERA, *_RATED):
        await tx.execute(_GONE.format(table=table), cloud, [one.start for one in open_months])
    for table in (*_BY_CAMERA, *_RATED):
        await tx.execute(_CLOSED.format(table=table), cloud)
    await tx.execute(_LONG_CLOSED, cloud, open_months[0].back(MONTHS_KEPT).start)
