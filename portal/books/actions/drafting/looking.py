"""What a person looks at in a draft: facts are gathered set by set, the rules are pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from portal.billing.drafting import surprises
from portal.billing.drafting.surprises import Customer, Late, Surprise, Unmapped, Unpaid, Unpriced
from portal.billing.period import day_start
from portal.books.actions.closing.corrections import Corrected
from portal.books.actions.closing.documents import Draft
from portal.books.actions.drafting.rating import Rating
from portal.books.actions.drafting.settling import Settled
from portal.books.queries import closing
from portal.books.queries.drafts import making
from portal.books.queries.drafts.making import Issued
from portal.db import Transaction


@dataclass(frozen=True, slots=True)
class Sums:
    """A subscriber's cameras in a month, after discounts."""

    revenue: int = 0
    cost: int = 0
    commission: int = 0


async def look(
    tx: Transaction,
    found: Rating,
    settled: Settled,
    corrected: Sequence[Corrected],
    last: Mapping[int, Issued] | None,
) -> list[Surprise]:
    """All that the rules find; `last` is the month before by subscriber, None if not closed."""
    cloud, period = found.book.cloud, found.month.period
    unpaid = {one.camera: one.cost for one in settled.margins if one.subscriber is None}
    waiting = await _unmapped(tx, found, unpaid)
    of_waiting = {camera for one in waiting for camera in one[1]}
    loose = [camera for camera in unpaid if camera not in of_waiting]
    names = await making.camera_facts(tx, cloud.id, loose)
    begins_at = day_start(period.start, cloud.timezone)
    return surprises.kept(
        [
            *surprises.of_customers(
                await _customers(tx, found, settled, last), await making.limits(tx, cloud)
            ),
            *surprises.of_unpaid(
                Unpaid(names[camera][0], names[camera][1] or names[camera][0], unpaid[camera])
                for camera in loose
            ),
            *surprises.of_unmapped(one for one, _cameras in waiting),
            *surprises.of_unpriced(await _unpriced(tx, found)),
            *surprises.of_late(await _late(tx, found, corrected)),
            *surprises.of_deeds(await making.deeds(tx, cloud.id, period, begins_at)),
        ]
    )


def by_subscriber(settled: Settled) -> dict[int, Sums]:
    """Margins of cameras summed by subscriber (row id); cost that nobody bears is left out."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in settled.margins:
        if one.subscriber is not None:
            of = sums[settled.ids[one.subscriber]]
            of[0] += one.revenue
            of[1] += one.cost
            of[2] += one.commission
    return {subscriber: Sums(*of) for subscriber, of in sums.items()}


async def _customers(
    tx: Transaction, found: Rating, settled: Settled, last: Mapping[int, Issued] | None
) -> list[Customer]:
    cloud, period = found.book.cloud, found.month.period
    before = period.previous()
    drafts = {draft.buyer.id: draft for draft in settled.retail if draft.buyer is not None}
    whose = {*drafts, *found.cameras, *(last or ())}
    known = await making.known(tx, cloud.id, period.start)
    had = await making.cameras(tx, cloud.id, before.start, before.end)
    sums = by_subscriber(settled)
    return [
        _customer(
            found,
            buyer,
            drafts.get(buyer.id),
            sums.get(buyer.id, Sums()),
            last=None if last is None else _total(last.get(buyer.id)),
            known=buyer.id in known,
            had=had.get(buyer.id, 0),
        )
        for buyer in await closing.buyers(tx, cloud.id, list(whose))
    ]


def _total(issued: Issued | None) -> int:
    return 0 if issued is None else issued.total


def _customer(
    found: Rating,
    buyer: closing.Buyer,
    draft: Draft | None,
    sums: Sums,
    *,
    last: int | None,
    known: bool,
    had: int,
) -> Customer:
    party = buyer.party
    lacks = {"address": party.address, "email": party.email, "tax_number": party.tax_number}
    return Customer(
        number=buyer.number,
        name=party.name,
        has_lines=draft is not None,
        is_issued=draft is not None and draft.type is not None,
        total=0 if draft is None else draft.totals.total,
        last=last,
        known=known,
        cameras=found.cameras.get(buyer.id, 0),
        cameras_last=had,
        gross=0 if draft is None else draft.totals.subtotal,
        revenue=sums.revenue,
        cost=sums.cost,
        commission=sums.commission,
        kept=found.keeping.worth.get(buyer.id, 0),
        keeping=found.keeping.cameras.get(buyer.id, 0),
        missing=[what for what, text in lacks.items() if not text],
    )


async def _unmapped(
    tx: Transaction, found: Rating, unpaid: Mapping[int, int]
) -> list[tuple[Unmapped, Sequence[int]]]:
    """What waits for a mapping with those of its cameras that cost money and nobody pays for."""
    cloud, month = found.book.cloud, found.month
    span = [day_start(day, cloud.timezone) for day in (month.period.start, month.until)]
    waiting: list[tuple[Unmapped, Sequence[int]]] = []
    for one in await making.unmapped(tx, cloud.id, *span):
        cameras = [camera for camera in one.cameras if camera in unpaid]
        cost = sum(unpaid[camera] for camera in cameras)
        name = one.name or str(one.id)
        waiting.append((Unmapped(one.kind, one.id, name, len(cameras), cost), cameras))
    return waiting


async def _unpriced(tx: Transaction, found: Rating) -> list[Unpriced]:
    period = found.month.period
    days: dict[int, dict[int, int]] = defaultdict(dict)
    for (service, offset), cameras in found.rated.unrated.items():
        days[service][offset] = cameras
    sold = await making.sold_services(tx, found.book.cloud.id, list(days), period.end)
    return [
        Unpriced(
            service=code,
            name=name,
            cameras=max(days[service].values()),
            since=period.start + timedelta(days=min(days[service])),
            days=len(days[service]),
        )
        for service, (code, name) in sold.items()
    ]


async def _late(tx: Transaction, found: Rating, corrected: Sequence[Corrected]) -> list[Late]:
    """By subscriber what it is charged, or else what its cameras cost; by camera without one."""
    cloud = found.book.cloud.id
    charges = [(one.month, charge) for one in corrected for charge in one.charges]
    cameras = await making.camera_facts(tx, cloud, [charge.camera for _, charge in charges])
    whose = {camera: owner for camera, (_id, _name, owner) in cameras.items()}
    whose |= {
        charge.camera: charge.subscriber for _, charge in charges if charge.subscriber is not None
    }
    sums: dict[tuple[str, int], _Late] = defaultdict(_Late)
    for month, charge in charges:
        owner = charge.subscriber if charge.subscriber is not None else whose[charge.camera]
        of = sums[("camera", charge.camera) if owner is None else ("subscriber", owner)]
        of.months.add(f"{month:%Y-%m}")
        of.cameras.add(charge.camera)
        of.amounts[charge.side] += charge.amount
    owners = [one for kind, one in sums if kind == "subscriber"]
    names = {one.id: one for one in await closing.buyers(tx, cloud, owners)}
    late = []
    for (kind, one), of in sums.items():
        amount = of.amounts["retail"] or of.amounts["wholesale"]
        about = (sorted(of.months), len(of.cameras), amount)
        if kind == "camera":
            external_id, name, _owner = cameras[one]
            late.append(Late("camera", external_id, name or external_id, *about))
        else:
            buyer = names[one]
            late.append(Late("subscriber", str(buyer.number), buyer.party.name, *about))
    return late


class _Late:
    """What late usage changes, as it gathers."""

    def __init__(self) -> None:
        self.months: set[str] = set()
        self.cameras: set[int] = set()
        self.amounts: dict[str, int] = defaultdict(int)
