"""What an outage gives back on each document of its month: planned, and looked at before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from asyncpg import Record

from portal.access import Actor, is_of_platform
from portal.billing.crediting.outage import (
    Back,
    Charged,
    days_between,
    given_back,
    gross_of,
    months_between,
)
from portal.billing.money import format_minor
from portal.billing.period import Period
from portal.books.forms.outage import OutageForm
from portal.books.queries.money import customers
from portal.books.queries.money.concerned import Days, concerned
from portal.books.queries.money.crediting import crediting, note_of
from portal.books.queries.money.earnings import Cause, changed
from portal.db import Transaction, snapshot
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

NOTES_AT_ONCE: Final = 200
"""So many documents are credited in one step; the next step goes on with the others."""

_DOCUMENTS: Final = """
select i.id, i.number, i.side, i.subscriber, i.subtotal, i.total, i.currency,
       coalesce(s.number::text, '') as customer, coalesce(s.name, '') as name,
       (i.total - b.credited)::bigint as left,
       (select coalesce(-sum(n.total), 0)::bigint from invoice n
        where n.cloud = i.cloud and n.credits = i.id and exists (
          select from outage_credit o where o.cloud = n.cloud and o.note = n.id)) as before
from invoice i
join document_balance b on b.cloud = i.cloud and b.invoice = i.id
left join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
where i.cloud = $1 and i.period = $2 and i.side = any($3) and i.type = 'invoice'
  and ($4::bigint is null or i.side = 'wholesale' or i.subscriber = $4)
order by i.side, i.number
"""
# What a set-up costs is not for days, and a correction is about another month.
_CHARGED: Final = """
select c.side, case c.side when 'retail' then c.subscriber end as subscriber, c.camera,
       sum(c.amount)::bigint as amount
from charge c
where c.cloud = $1 and c.period = $2 and c.original_period = $3 and c.side = any($4)
  and c.kind <> 'setup' and ($5::bigint[] is null or c.camera = any($5))
group by 1, 2, 3 order by 1, 2, 3
"""
# The billable days of a camera's subscriptions, and the days with usage that the platform measured.
_BILLABLE: Final = """
select m.camera, m.subscriber, bit_or(u.days) as days
from measurement m
cross join lateral unnest(m.subscriptions, m.services, m.days) as u(subscription, service, days)
where m.cloud = $1 and m.period = $2 and (m.subscriber is null or u.service is null)
  and ($3::bigint[] is null or m.camera = any($3))
group by m.camera, m.subscriber
"""
_BEFORE: Final = """
select invoice, camera, share, bit_or(days) as days, sum(amount)::bigint as amount
from outage_credit where cloud = $1 and invoice = any($2) group by invoice, camera, share
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """A document and what comes back on it: by camera, before discount, and `gross` in all.

    Amounts are minor units. `customer` is a subscriber's number, "" of the platform's to the cloud.
    """

    invoice: int
    number: str
    period: Period
    side: str
    customer: str
    name: str
    currency: str
    subscriber: int | None
    cameras: Mapping[int, Back]
    gross: int

    @property
    def days(self) -> int:
        """Days of cameras that are given back, some of them in part."""
        return sum(back.days.bit_count() for back in self.cameras.values())


class _Asked(NamedTuple):
    """Whose charges are looked at: of a closed month, of some sides, of some cameras or all."""

    cloud: CloudFacts
    period_id: int
    period: Period
    sides: Sequence[str]
    cameras: Sequence[int] | None


async def planned(
    tx: Transaction, actor: Actor, cloud: CloudFacts, form: OutageForm
) -> list[Planned]:
    """What is to be credited: side by side, the platform's last, and month by month.

    Raises `Invalid` for a camera or subscriber that is not there, `Conflict` for a month that is
    not closed, `Forbidden` for the platform's side where the actor is not of the platform.
    """
    sides = _sides(actor, form)
    months = await _closed(tx, cloud, form)
    subscriber = await _subscriber(tx, cloud, form)
    named = await concerned(tx, cloud, form)
    found = []
    for period_id, period in months:
        cameras = None if named is None else sorted(named)
        if cameras is None and subscriber is not None:
            cameras = await _charged_to(tx, cloud, subscriber, period_id)
        asked = _Asked(cloud, period_id, period, sides, cameras)
        documents = await tx.fetch(_DOCUMENTS, cloud.id, period_id, sides, subscriber)
        charged = await _charged(tx, asked, documents)
        earlier = await _earlier(tx, cloud, documents)
        outs = _outs(period, form, named)
        for row in documents:
            backs = {
                camera: given_back(one, outs(camera), form.of_a_day)
                for camera, one in charged.get(row["id"], {}).items()
            }
            found.append(_of_document(row, period, backs, earlier.get(row["id"], 0)))
    return sorted((one for one in found if one.gross), key=_order)


def _order(one: Planned) -> tuple[str, date, str]:
    return one.side, one.period.start, one.number


async def _closed(tx: Transaction, cloud: CloudFacts, form: OutageForm) -> list[tuple[int, Period]]:
    """The months of the outage, by row id. Raises `Conflict` where one is not closed."""
    months = list(months_between(form.first_day, form.last_day))
    rows = await tx.fetch(
        "select id, starts_on from period"
        " where cloud = $1 and starts_on = any($2) and state = 'closed'",
        cloud.id,
        [month.start for month in months],
    )
    ids = {row["starts_on"]: row["id"] for row in rows}
    for month in months:
        if month.start not in ids:
            told = _("%(key)s is not closed: nothing was charged for it yet.")
            raise Conflict(told % {"key": month.key})
    return [(ids[month.start], month) for month in months]


def _sides(actor: Actor, form: OutageForm) -> list[str]:
    ours = is_of_platform(actor)
    if form.side is None:
        return ["retail", "wholesale"] if ours else ["retail"]
    if form.side != "retail" and not ours:
        raise Forbidden(_("What the platform issued, its own people change."))
    return ["retail", "wholesale"] if form.side == "both" else [form.side]


async def _subscriber(tx: Transaction, cloud: CloudFacts, form: OutageForm) -> int | None:
    if form.subscriber is None:
        return None
    found: int | None = await tx.fetchval(
        "select id from subscriber where cloud = $1 and number = $2", cloud.id, form.subscriber
    )
    if found is None:
        raise Invalid({"subscriber": _("is not a subscriber of this cloud")})
    return found


def _outs(
    period: Period, form: OutageForm, named: Mapping[int, Sequence[Days]] | None
) -> Callable[[int], int]:
    """The days of a month on which a camera, by row id, was out, as bits."""
    if named is None:
        every = days_between(period, form.first_day, form.last_day)
        return lambda _camera: every

    def of(camera: int) -> int:
        bits = 0
        for first, last in named.get(camera, ()):
            bits |= days_between(period, first, last)
        return bits

    return of


async def _charged_to(
    tx: Transaction, cloud: CloudFacts, subscriber: int, period: int
) -> list[int]:
    """The cameras that a subscriber was charged for in a month."""
    rows = await tx.fetch(
        "select distinct camera from charge"
        " where cloud = $1 and period = $2 and subscriber = $3 and side = 'retail'",
        cloud.id,
        period,
        subscriber,
    )
    return [row["camera"] for row in rows]


async def _charged(
    tx: Transaction, asked: _Asked, documents: Sequence[Record]
) -> dict[int, dict[int, Charged]]:
    """By document and camera, what it was charged, for which days, and what came back."""
    cloud, period = asked.cloud, asked.period
    some = None if asked.cameras is None else list(asked.cameras)
    rows = await tx.fetch(
        _CHARGED, cloud.id, asked.period_id, period.start, list(asked.sides), some
    )
    days = {
        (row["camera"], row["subscriber"]): row["days"]
        for row in await tx.fetch(_BILLABLE, cloud.id, asked.period_id, some)
    }
    invoices = {(row["side"], row["subscriber"]): row["id"] for row in documents}
    before: dict[tuple[int, int], list[Record]] = defaultdict(list)
    for row in await tx.fetch(_BEFORE, cloud.id, list(invoices.values())):
        before[row["invoice"], row["camera"]].append(row)
    whole = (1 << period.days) - 1
    found: dict[int, dict[int, Charged]] = defaultdict(dict)
    for row in rows:
        invoice = invoices.get((row["side"], row["subscriber"]))
        if invoice is None:
            continue
        camera = row["camera"]
        # A month that was closed before days were kept was charged as a whole.
        billable = days.get((camera, row["subscriber"])) or whole
        earlier = before.get((invoice, camera), ())
        found[invoice][camera] = Charged(
            amount=row["amount"],
            billable=billable,
            given=tuple((one["share"], one["days"]) for one in earlier),
            before=sum(one["amount"] for one in earlier),
        )
    return found


async def _earlier(
    tx: Transaction, cloud: CloudFacts, documents: Sequence[Record]
) -> dict[int, int]:
    """What all cameras of each document got back before."""
    rows = await tx.fetch(
        "select invoice, sum(amount)::bigint as amount from outage_credit"
        " where cloud = $1 and invoice = any($2) group by invoice",
        cloud.id,
        [row["id"] for row in documents],
    )
    return {row["invoice"]: row["amount"] for row in rows}


def _of_document(row: Record, period: Period, every: Mapping[int, Back], earlier: int) -> Planned:
    backs = {camera: back for camera, back in every.items() if back.days}
    gross = 0
    if backs:
        back = earlier + sum(one.amount for one in backs.values())
        sums = row["subtotal"], row["total"], back
        gross = gross_of(*sums, before=row["before"], left=row["left"])
    return Planned(
        invoice=row["id"],
        number=row["number"],
        period=period,
        side=row["side"],
        customer=row["customer"],
        name=row["name"],
        currency=row["currency"],
        subscriber=row["subscriber"],
        cameras=backs,
        gross=gross,
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """A note before it is issued, in minor units; `commission` is what referrals get more."""

    planned: Planned
    net: int
    tax: int
    gross: int
    commission: int


async def preview(actor: Actor, cloud: CloudFacts, form: OutageForm) -> tuple[list[Looked], int]:
    """The notes of the next step, and how many documents follow in later ones. As `planned`."""
    async with snapshot(actor) as tx:
        every = await planned(tx, actor, cloud, form)
        step = every[:NOTES_AT_ONCE]
        documents = await customers.by_id(tx, cloud.id, [one.invoice for one in step])
        notes, causes = {}, []
        for one in step:
            text = format_minor(one.gross, one.currency)
            note = note_of(await crediting(tx, cloud.id, one.invoice), None, text).totals
            notes[one.invoice] = note
            day = documents[one.invoice].issued_on
            causes.append(Cause(one.invoice, day, one.gross, note=0, taxable=-note.taxable))
        commissions: dict[int, int] = defaultdict(int)
        for _document, cause, change in await changed(tx, cloud.id, documents, causes):
            commissions[cause.invoice] += change.amount
        looked = [
            Looked(
                planned=one,
                net=-notes[one.invoice].taxable,
                tax=-notes[one.invoice].tax,
                gross=one.gross,
                commission=commissions[one.invoice],
            )
            for one in step
        ]
        return looked, len(every) - len(step)
