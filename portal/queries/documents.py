"""Issued documents as values to print, with the usage they are based on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from portal.billing.charge import exact_sum
from portal.billing.money import plain
from portal.billing.period import Period
from portal.billing.rating import Measure, Service
from portal.gateways.document_value import CameraUsageValue, DocumentValue, LineValue, Party

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from portal.db import Connection

CAMERAS_PRINTED_MAX: Final = 1_000
"""Beyond this many cameras the appendix is left to the portal: nobody reads 2 000 pages."""

_INVOICE: Final = """
select i.*, o.number as credited_number, c.slug
from invoice i join cloud c on c.id = i.cloud left join invoice o on o.id = i.credits
where i.id = $1
"""
_CHARGED: Final = """
select h.camera, sum(h.amount)::bigint as amount
from charge h where h.cloud = $1 and h.period = $2 and h.side = $3
  and h.subscriber is not distinct from $4
group by h.camera
"""
_SUBSCRIBED: Final = """
select s.camera, string_agg(distinct t.name, ', ') as tariff,
       sum(least(coalesce(s.ends_on, $4), $4) - greatest(s.starts_on, $3))::int as days
from subscription s join tariff t on t.id = s.tariff
where s.cloud = $1 and s.subscriber = $2
  and s.starts_on < $4 and (s.ends_on is null or s.ends_on > $3)
group by s.camera
"""
# What each subscribed camera used of the services in its tariff, on the days it was subscribed.
_USED: Final = """
select s.camera, v.service, sum(u.quantity) as total, max(u.quantity) as peak
from subscription s
join (select distinct tv.tariff, ti.service from tariff_item ti
      join tariff_version tv on tv.id = ti.version where tv.cloud = $1) v on v.tariff = s.tariff
join service k on k.id = v.service
join usage u on u.cloud = s.cloud and u.camera = s.camera and u.meter = k.meter
  and u.day >= greatest(s.starts_on, $3) and u.day < least(coalesce(s.ends_on, $4), $4)
where s.cloud = $1 and s.subscriber = $2
  and s.starts_on < $4 and (s.ends_on is null or s.ends_on > $3)
group by s.camera, v.service
"""
_BOUGHT: Final = """
select camera, service, array_agg(quantity_numerator) as numerators,
       array_agg(quantity_denominator) as denominators
from charge
where cloud = $1 and period = $2 and side = 'wholesale' and original_period = $3
group by camera, service
"""


@dataclass(frozen=True, slots=True)
class Printable:
    """A document's value, and whose it is."""

    id: int
    cloud: int
    subscriber: int | None
    value: DocumentValue


async def printable(tx: Connection, invoice_id: int) -> Printable:
    """Everything that the PDF of a document says."""
    row = dict((await tx.fetch(_INVOICE, invoice_id))[0])
    period = Period.of(row["month"])
    lines = await tx.fetch(
        "select * from invoice_line where cloud = $1 and invoice = $2 order by position",
        row["cloud"],
        invoice_id,
    )
    usage: tuple[CameraUsageValue, ...] = ()
    if row["period"] is not None:
        usage = await _usage(tx, row, period)
    return Printable(
        invoice_id,
        row["cloud"],
        row["subscriber"],
        _value(row, period, [dict(line) for line in lines], usage),
    )


def _value(
    row: Mapping[str, Any],
    period: Period,
    lines: Sequence[Mapping[str, Any]],
    usage: tuple[CameraUsageValue, ...],
) -> DocumentValue:
    notes = []
    if row["credited_number"]:
        notes.append(f"This note credits {row['credited_number']}: {row['reason']}")
    if len(usage) > CAMERAS_PRINTED_MAX:
        notes.append(
            f"The usage of the {len(usage)} cameras billed here can be read in the portal."
        )
        usage = ()
    due_on = row["due_on"]
    return DocumentValue(
        type=row["type"],
        side=row["side"],
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=due_on,
        period=period.key,
        period_start=period.start,
        period_end=period.end,
        currency=row["currency"],
        locale=row["locale"],
        seller=_party(row["seller"]),
        buyer=_party(row["buyer"]),
        lines=tuple(_line(line, period) for line in lines),
        subtotal=row["subtotal"],
        discount_percent=plain(row["discount_percent"]),
        discount=row["discount"],
        taxable=row["taxable"],
        tax_percent=plain(row["tax_percent"]),
        tax=row["tax"],
        total=row["total"],
        exempt=row["tax_exempt"],
        payment_terms=(
            f"Payable within {(due_on - row['issued_on']).days} days of issue." if due_on else ""
        ),
        note=" ".join(notes) or None,
        usage=usage,
    )


def _party(facts: Mapping[str, Any]) -> Party:
    number = facts["customer_number"]
    return Party(
        name=facts["name"],
        address=tuple(facts["address"]),
        tax_number=facts["tax_number"] or None,
        email=facts["email"] or None,
        bank=tuple(facts["bank"]),
        customer_number=None if number is None else str(number),
    )


def _line(line: Mapping[str, Any], period: Period) -> LineValue:
    original = Period.of(line["original_period"])
    return LineValue(
        kind=line["kind"],
        description=line["description"],
        amount=line["amount"],
        quantity=plain(line["quantity"]),
        unit=line["unit"],
        detail=line["detail"] or None,
        unit_price=None if line["unit_price"] is None else plain(line["unit_price"]),
        original_period=None if original == period else original.key,
    )


async def _usage(
    tx: Connection, row: Mapping[str, Any], period: Period
) -> tuple[CameraUsageValue, ...]:
    """The cameras that a document charges, by external id, with what they used in the month."""
    cloud, subscriber = row["cloud"], row["subscriber"]
    charged = {
        found["camera"]: found["amount"]
        for found in await tx.fetch(_CHARGED, cloud, row["period"], row["side"], subscriber)
    }
    services = {
        found["id"]: found
        for found in await tx.fetch(
            "select s.id, s.code, s.name, s.unit, s.unit_size, s.measure, m.key as meter"
            " from service s join meter m on m.id = s.meter"
        )
    }
    terms: dict[int, tuple[str, int]] = {}
    if row["side"] == "retail":
        for found in await tx.fetch(_SUBSCRIBED, cloud, subscriber, period.start, period.end):
            terms[found["camera"]] = found["tariff"], found["days"]
        used = await _used(tx, cloud, subscriber, period, services)
    else:
        used = await _bought(tx, cloud, row["period"], period, services)
    cameras = await tx.fetch(
        "select id, external_id, name from camera where cloud = $1 and id = any($2)"
        " order by external_id",
        cloud,
        sorted({*charged, *terms, *used}),
    )
    return tuple(
        CameraUsageValue(
            external_id=camera["external_id"],
            name=camera["name"],
            tariff=terms.get(camera["id"], ("", 0))[0],
            days=terms.get(camera["id"], ("", 0))[1],
            rows=tuple(used.get(camera["id"], ())),
            amount=charged.get(camera["id"], 0),
        )
        for camera in cameras
    )


_Used = dict[int, list[tuple[str, str, str]]]
"""Camera id → (service, quantity, unit) each."""


async def _used(
    tx: Connection, cloud: int, subscriber: int, period: Period, services: Mapping[int, Any]
) -> _Used:
    found: _Used = defaultdict(list)
    rows = await tx.fetch(_USED, cloud, subscriber, period.start, period.end)
    for row in sorted(rows, key=lambda row: services[row["service"]]["code"]):
        facts = services[row["service"]]
        service = Service(
            facts["id"],
            facts["code"],
            facts["meter"],
            facts["unit_size"],
            Measure(facts["measure"]),
        )
        base = row["peak"] if service.measure is Measure.PEAK else row["total"]
        quantity = plain(Fraction(int(base), service.divisor(period.days)))
        found[row["camera"]].append((facts["name"], quantity, facts["unit"]))
    return found


async def _bought(
    tx: Connection, cloud: int, period_id: int, period: Period, services: Mapping[int, Any]
) -> _Used:
    found: _Used = defaultdict(list)
    rows = await tx.fetch(_BOUGHT, cloud, period_id, period.start)
    for row in sorted(rows, key=lambda row: services[row["service"]]["code"]):
        facts = services[row["service"]]
        quantity = exact_sum(map(int, row["numerators"]), map(int, row["denominators"]))
        found[row["camera"]].append((facts["name"], plain(quantity), facts["unit"]))
    return found
