"""What a draft is made of beside rating: the month before, customers, what waits, deeds by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal

from portal.billing.drafting.surprises import MISSING, Deed, Limits
from portal.billing.invoice import Line
from portal.billing.period import Period
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts

MONTHS_MAX: Final = 12
"""Months that have ended and are open, of which drafts are made: the newest."""
MONTHS_BACK: Final = 120
"""No month is drafted that is longer ago."""
LOGGED_MAX: Final = 10_000
"""Entries of the log that are looked through for deeds by hand, the newest."""

_OPEN: Final = """
select m.month::date as month
from (select date_trunc('month', min(starts_on)::timestamp) as first
      from subscription where cloud = $1) f
cross join lateral generate_series(
  greatest(f.first, $2::timestamp - make_interval(months => $3)),
  $2::timestamp - interval '1 month', interval '1 month') as m(month)
where exists (select from subscription s where s.cloud = $1
              and s.starts_on < (m.month + interval '1 month')::date
              and (s.ends_on is null or s.ends_on > m.month::date))
  and not exists (select from period p where p.cloud = $1 and p.starts_on = m.month::date
                  and p.state <> 'open')
order by m.month desc limit $4
"""


async def open_months(tx: Transaction, cloud: int, running: Period) -> list[Period]:
    """The months before the running one that nobody has closed, the newest first."""
    rows = await tx.fetch(_OPEN, cloud, running.start, MONTHS_BACK, MONTHS_MAX)
    return [Period.of(row["month"]) for row in rows]


# What is marked -----------------------------------------------------------------------------------

MARKS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Marks:
    """What changed since drafts were made: the marks (row ids) that are there, and from when on.

    `since` is the first month that they are about, None where one is about all; `used_since` is the
    first one whose usage changed.
    """

    ids: Sequence[int]
    since: date | None
    used_since: date | None = None

    def concern(self, period: Period) -> bool:
        """Whether something changed of which the draft of a month is made."""
        return bool(self.ids) and (self.since is None or self.since <= period.start)


async def marks(tx: Transaction, cloud: int) -> Marks:
    """The marks of a cloud that can be seen now."""
    rows = await tx.fetch(
        "select id, month from draft_mark where cloud = $1 order by id limit $2", cloud, MARKS_MAX
    )
    months = {row["month"] for row in rows}
    since = None if not months or None in months else min(months)
    used_since = min(months - {None}, default=None)
    return Marks([row["id"] for row in rows], since, used_since)


async def whole_months(tx: Transaction, cloud: int) -> set[date]:
    """Months (first days) with a draft that has all of their days."""
    rows = await tx.fetch(
        "select month from draft where cloud = $1 and until = (month + interval '1 month')::date",
        cloud,
    )
    return {row["month"] for row in rows}


# The month before ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Issued:
    """What a close issued to a subscriber."""

    total: int
    discount: int
    discount_percent: Decimal
    lines: Sequence[Line]


_ISSUED: Final = """
select i.subscriber, i.total, i.discount, i.discount_percent, l.kind, v.tariff, l.version,
       l.service, l.original_period, l.quantity, l.unit_price, l.amount
from period p
join invoice i on i.cloud = p.cloud and i.period = p.id and i.side = 'retail' and i.credits is null
join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
left join tariff_version v on v.cloud = l.cloud and v.id = l.version
where p.cloud = $1 and p.starts_on = $2 and p.state = 'closed'
order by i.subscriber, l.position
"""
_FIGURES: Final = """
select b.retail as charges, b.commission,
       count(i.id) filter (where i.side = 'retail')::int as invoices,
       coalesce(sum(i.taxable) filter (where i.side = 'retail'), 0)::bigint as revenue,
       coalesce(sum(i.taxable) filter (where i.side = 'wholesale'), 0)::bigint as wholesale,
       coalesce(sum(i.tax) filter (where i.side = 'retail'), 0)::bigint as tax,
       coalesce(sum(i.total) filter (where i.side = 'retail'), 0)::bigint as to_collect
from period p
join period_books b on b.id = p.id
left join invoice i on i.cloud = p.cloud and i.period = p.id and i.credits is null
where p.cloud = $1 and p.starts_on = $2 and p.state = 'closed'
group by b.id, b.retail, b.commission
"""
FIGURES: Final = (
    *("invoices", "charges", "revenue", "wholesale", "commission", "tax", "to_collect"),
)


async def issued_figures(tx: Transaction, cloud: int, period: Period) -> dict[str, int] | None:
    """What the close of a month issued, by FIGURES; None where it is not closed."""
    row = await tx.fetchrow(_FIGURES, cloud, period.start)
    return None if row is None else {name: row[name] for name in FIGURES}


async def issued(tx: Transaction, cloud: int, period: Period) -> dict[int, Issued]:
    """The documents of a closed month with their lines, by subscriber (row id)."""
    lines: dict[int, list[Line]] = defaultdict(list)
    facts: dict[int, Any] = {}
    for row in await tx.fetch(_ISSUED, cloud, period.start):
        facts[row["subscriber"]] = row
        lines[row["subscriber"]].append(
            Line(
                kind=row["kind"],
                tariff=row["tariff"],
                version=row["version"],
                service=row["service"],
                original_period=row["original_period"],
                quantity=Fraction(row["quantity"]),
                unit_price=row["unit_price"],
                amount=row["amount"],
            )
        )
    return {
        subscriber: Issued(
            total=of["total"],
            discount=of["discount"],
            discount_percent=of["discount_percent"],
            lines=lines[subscriber],
        )
        for subscriber, of in facts.items()
    }


# Customers ----------------------------------------------------------------------------------------

_KNOWN: Final = """
select s.id from subscriber s
where s.cloud = $1 and exists (
  select from invoice i where i.cloud = s.cloud and i.subscriber = s.id and i.side = 'retail'
    and i.month < $2)
"""
_CAMERAS: Final = """
select subscriber, count(distinct camera)::int as cameras from subscription
where cloud = $1 and starts_on < $3 and (ends_on is null or ends_on > $2) group by subscriber
"""


async def known(tx: Transaction, cloud: int, before: date) -> set[int]:
    """Subscribers (row ids) with a document of a month before that day."""
    return {row["id"] for row in await tx.fetch(_KNOWN, cloud, before)}


async def cameras(tx: Transaction, cloud: int, start: date, end: date) -> dict[int, int]:
    """How many cameras were subscribed in `[start, end)`, by subscriber (row id)."""
    rows = await tx.fetch(_CAMERAS, cloud, start, end)
    return {row["subscriber"]: row["cameras"] for row in rows}


_LIMITS: Final = """
select check_percent, check_amount, check_address, check_email, check_tax_number
from cloud where id = $1
"""


async def limits(tx: Transaction, cloud: CloudFacts) -> Limits:
    """What is looked at, as the cloud has set it: changed bills, and what documents lack."""
    row = await tx.fetchrow(_LIMITS, cloud.id)
    assert row is not None, "the cloud is there"
    return Limits(
        percent=row["check_percent"],
        amount=row["check_amount"],
        currency=cloud.currency,
        needed=[what for what in MISSING if row[f"check_{what}"]],
    )


# What waits, and deeds by hand --------------------------------------------------------------------

_UNMAPPED: Final = """
with waiting as materialized (
  select 'organization' as kind, watcher, organization as id, title from watcher_organization
  where subscriber is null and cloud = $1
  union all
  select 'preset', watcher, preset, title from watcher_preset
  where tariff is null and not is_deleted and cloud = $1
)
select w.kind, w.id, min(w.title) as name, array_agg(distinct i.camera) as cameras
from waiting w
join connection n on n.cloud = $1 and coalesce(n.same_as, n.id) = w.watcher
join camera_interval i on i.cloud = $1 and i.connection = n.id
  and case w.kind when 'organization' then i.organization else i.preset end = w.id
  and i.since < $3 and (i.until is null or i.until > $2)
group by w.kind, w.id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An organization or preset that is not mapped, and its cameras (row ids) in the month."""

    kind: Literal["organization", "preset"]
    id: int
    name: str
    cameras: Sequence[int]


async def unmapped(tx: Transaction, cloud: int, start: datetime, end: datetime) -> list[Waiting]:
    """What Watchers have in `[start, end)` that stands for nobody."""
    return [Waiting(**row) for row in await tx.fetch(_UNMAPPED, cloud, start, end)]


_CAMERA_NAMES: Final = """
select id, external_id, name, subscriber from camera where cloud = $1 and id = any($2)
"""


async def camera_facts(
    tx: Transaction, cloud: int, ids: Sequence[int]
) -> dict[int, tuple[str, str, int | None]]:
    """External id, name and subscriber (row id) of cameras."""
    rows = await tx.fetch(_CAMERA_NAMES, cloud, ids)
    return {row["id"]: (row["external_id"], row["name"], row["subscriber"]) for row in rows}


# A service without a rate is looked at where a tariff includes it, or where it had a rate before.
_SERVICES: Final = """
select s.id, s.code, coalesce(nullif(s.short, ''), s.name) as name
from service s
where s.id = any($2) and (
  exists (select from tariff_item t where t.cloud = $1 and t.service = s.id)
  or exists (select from rate r where r.cloud = $1 and r.service = s.id and r.valid_from < $3))
order by s.code
"""


async def sold_services(
    tx: Transaction, cloud: int, ids: Sequence[int], before: date
) -> Mapping[int, tuple[str, str]]:
    """Code and name of those of some services that the cloud sells or has bought."""
    rows = await tx.fetch(_SERVICES, cloud, ids, before)
    return {row["id"]: (row["code"], row["name"]) for row in rows}


_DISCOUNTS: Final = """
select 'subscriber' as kind, s.number::text as subject, s.name, count(*)::int as times,
       max(a.actor) as by
from (select object, at, action, actor, after from audit
      where cloud = $1 order by id desc limit $3) a
join subscriber s on s.cloud = $1 and 'subscriber ' || s.number = a.object
where a.action = 'subscriber.change' and a.at >= $2 and a.after ? 'discount_percent'
group by s.number, s.name
"""
_CORRECTED: Final = """
select 'camera' as kind, c.external_id as subject, c.name, count(*)::int as times, max(u.by) as by
from usage_correction u join camera c on c.cloud = u.cloud and c.id = u.camera
where u.cloud = $1 and u.day >= $2 and u.day < $3 group by c.external_id, c.name
"""
_BELOW: Final = """
select 'tariff' as kind, t.code as subject, t.name, count(*)::int as times,
       coalesce(max(a.actor), '') as by
from tariff_version v join tariff t on t.cloud = v.cloud and t.id = v.tariff
left join lateral (
  select actor from audit where object = 'tariff ' || t.code and cloud = $1 order by id desc limit 1
) a on true
where v.cloud = $1 and v.below_cost_reason <> ''
  and (v.created_at >= $4 or v.valid_from >= $2 and v.valid_from < $3)
group by t.code, t.name
"""


async def deeds(tx: Transaction, cloud: int, period: Period, begins_at: datetime) -> list[Deed]:
    """Discounts changed since the month began, usage corrected in it, tariffs below cost."""
    span = period.start, period.end
    rows = [
        *await tx.fetch(_DISCOUNTS, cloud, begins_at, LOGGED_MAX),
        *await tx.fetch(_CORRECTED, cloud, *span),
        *await tx.fetch(_BELOW, cloud, *span, begins_at),
    ]
    return [Deed(**row) for row in rows]
