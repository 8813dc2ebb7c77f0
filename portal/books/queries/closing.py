"""What finishing a close needs to know, summed in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Final

from asyncpg import Record

from portal.billing.charge import exact_sum
from portal.billing.commission import Basis, Referral
from portal.billing.invoice import Line
from portal.billing.rating import PoolShare
from portal.db import Transaction

STANDARD: Final = "standard"
_OF_SELLER: Final = (
    *("legal_name", "postal", "vat_id", "registration", "contact", "endpoint", "iban", "bic"),
    *("creditor_id", "tax_regime"),
)
_OF_BUYER: Final = ("buyer_reference", "tax_category", "exemption_reason", "e_invoice")
FACTS: Final = (*_OF_SELLER, *_OF_BUYER)
"""Master data as documents keep it, by the names of its columns."""


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or buyer as copied onto a document; `facts` is its master data, by name."""

    name: str
    address: list[str]
    tax_number: str
    email: str
    bank: list[str]
    customer_number: int | None = None
    facts: dict[str, object] = field(default_factory=dict)

    def as_object(self) -> dict[str, object]:
        """As it is kept in JSON."""
        return {
            "name": self.name,
            "address": self.address,
            "tax_number": self.tax_number,
            "email": self.email,
            "bank": self.bank,
            "customer_number": self.customer_number,
            "facts": self.facts,
        }

    @property
    def is_exempt(self) -> bool:
        """Whether no tax is charged to whom this is, as its tax category says."""
        return self.facts.get("tax_category", STANDARD) != STANDARD


@dataclass(frozen=True, slots=True)
class Buyer:
    """A subscriber as an invoice needs it, with today's discount and exemption.

    `version` is another one as soon as anything of its row is changed.
    """

    id: int
    number: int
    discount_percent: Decimal
    tax_exempt: bool
    referral: int | None
    language: str | None
    party: Party
    version: int

    @property
    def facts(self) -> str:
        """A digest of what its document is made of: the same as long as nothing of it changes.

        Columns that the database keeps in its row, such as what it owes, are none of it.
        """
        return sha256(repr(replace(self, version=0)).encode()).hexdigest()


# Quantities are summed where they have one denominator, and exactly added up from there.
_LINES: Final = """
select subscriber, kind, tariff, version, service, original_period,
       array_agg(numerator) as numerators, array_agg(denominator) as denominators,
       sum(amount)::bigint as amount,
       case when bool_and(is_one_price) and min(unit_price) = max(unit_price)
            then min(unit_price) end as unit_price
from (
  select subscriber, kind, tariff, version, service, original_period,
         sum(quantity_numerator) as numerator, quantity_denominator as denominator,
         sum(amount) as amount, min(unit_price) as unit_price,
         count(unit_price) = count(*) and min(unit_price) = max(unit_price) as is_one_price
  from {charges}
  group by subscriber, kind, tariff, version, service, original_period, quantity_denominator
) part
group by subscriber, kind, tariff, version, service, original_period
"""
_OF_CLOUD: Final = "charge where cloud = $1 and period = $2 and side = 'wholesale'"
# Looked up one by one: charges that were just written have no statistics to plan by.
_OF_SUBSCRIBERS: Final = """
unnest($3::bigint[]) as of(who) cross join lateral (
  select h.* from charge h
  where h.cloud = $1 and h.subscriber = of.who and h.period = $2 and h.side = 'retail'
) h
"""
_BUYERS: Final = f"""
select id, number, name, discount_percent, tax_exempt, referral, address, tax_number, email,
       language, {", ".join(name for name in FACTS if name != "tax_regime")},
       xmin::text::bigint as version
from subscriber where cloud = $1 and id = any($2) order by number
"""  # noqa: S608 - columns of ours


_PRINTED: Final = "name, address, tax_number, email, bank"
_CLOUD: Final = f"select {_PRINTED}, {', '.join(FACTS)} from cloud where id = $1"  # noqa: S608 - columns of ours
_PLATFORM: Final = (
    f"select {_PRINTED}, {', '.join(_OF_SELLER)}, invoice_prefix, timezone from platform"  # noqa: S608 - columns of ours
)


async def retail_lines(
    tx: Transaction, cloud: int, period_id: int, subscribers: Sequence[int]
) -> dict[int, list[Line]]:
    """The lines of a period by subscriber (row id), in order; of those named who have any."""
    text = _LINES.format(charges=_OF_SUBSCRIBERS)
    found: dict[int, list[Line]] = defaultdict(list)
    for row in await tx.fetch(text, cloud, period_id, subscribers):
        found[row["subscriber"]].append(_line(row))
    return {subscriber: sorted(of, key=Line.order) for subscriber, of in found.items()}


async def wholesale_lines(tx: Transaction, cloud: int, period_id: int) -> list[Line]:
    """The lines of what the platform asks of a cloud for a period, in order."""
    rows = await tx.fetch(_LINES.format(charges=_OF_CLOUD), cloud, period_id)
    return sorted(map(_line, rows), key=Line.order)


def _line(row: Record) -> Line:
    return Line(
        kind=row["kind"],
        tariff=row["tariff"],
        version=row["version"],
        service=row["service"],
        original_period=row["original_period"],
        quantity=exact_sum(map(int, row["numerators"]), map(int, row["denominators"])),
        unit_price=row["unit_price"],
        amount=row["amount"],
    )


async def buyers(tx: Transaction, cloud: int, ids: Sequence[int]) -> list[Buyer]:
    """The subscribers named, in order of their number."""
    return [
        Buyer(
            id=row["id"],
            number=row["number"],
            discount_percent=row["discount_percent"],
            tax_exempt=row["tax_exempt"],
            referral=row["referral"],
            language=row["language"],
            version=row["version"],
            party=_party(row, customer_number=row["number"]),
        )
        for row in await tx.fetch(_BUYERS, cloud, ids)
    ]


async def cloud_party(tx: Transaction, cloud: int) -> Party:
    """The cloud as a party: seller of retail, buyer of wholesale."""
    rows = await tx.fetch(_CLOUD, cloud)
    return _party(rows[0])


def _party(row: Record, *, customer_number: int | None = None) -> Party:
    """Whoever a row is, with the master data that it has."""
    return Party(
        name=row["name"],
        address=row["address"],
        tax_number=row["tax_number"],
        email=row["email"],
        bank=row.get("bank", []),
        customer_number=customer_number,
        facts={name: row[name] for name in FACTS if name in row},
    )


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """The seller of wholesale, and how its documents are numbered."""

    party: Party
    invoice_prefix: str
    timezone: str


async def platform(tx: Transaction) -> PlatformFacts:
    """The platform's own facts."""
    row = (await tx.fetch(_PLATFORM))[0]
    return PlatformFacts(
        party=_party(row), invoice_prefix=row["invoice_prefix"], timezone=row["timezone"]
    )


async def referrals(tx: Transaction, cloud: int) -> dict[int, Referral]:
    """A cloud's referrals by id."""
    rows = await tx.fetch(
        "select id, percent, basis, sponsor from referral where cloud = $1", cloud
    )
    return {
        row["id"]: Referral(
            id=row["id"], percent=row["percent"], basis=Basis(row["basis"]), sponsor=row["sponsor"]
        )
        for row in rows
    }


async def pool_shares(tx: Transaction, cloud: int, period_id: int) -> dict[int, list[PoolShare]]:
    """The shares of pooled services that rating left, by service id."""
    found: dict[int, list[PoolShare]] = defaultdict(list)
    for row in await tx.fetch(
        "select s.service, s.camera, c.external_id, s.base from pool_share s"
        " join camera c on c.id = s.camera where s.cloud = $1 and s.period = $2",
        cloud,
        period_id,
    ):
        share = PoolShare(
            service=row["service"],
            camera=row["camera"],
            external_id=row["external_id"],
            base=int(row["base"]),
        )
        found[share.service].append(share)
    return found


@dataclass(frozen=True, slots=True)
class CameraSums:
    """A period's charges by camera, and who was subscribed for how long, to spread documents."""

    retail: dict[int, dict[int, int]]
    """Subscriber number → camera → minor units."""
    wholesale: dict[int, int]
    subscribed: dict[int, dict[int, int]]
    """Camera → subscriber number → days of the period."""
    names: dict[int, str]


_SUBSCRIBED: Final = """
select p.camera, s.number,
       sum(least(coalesce(p.ends_on, $3), $3) - greatest(p.starts_on, $2))::int as days
from subscription p join subscriber s on s.id = p.subscriber
where p.cloud = $1 and p.starts_on < $3 and (p.ends_on is null or p.ends_on > $2)
group by p.camera, s.number
"""


async def subscribed_days(
    tx: Transaction, cloud: int, start: date, end: date
) -> dict[int, dict[int, int]]:
    """Camera → subscriber number → days of `[start, end)`."""
    subscribed: dict[int, dict[int, int]] = {}
    # Most cameras were one subscriber's for as many days as its others: they share one dictionary.
    alone: dict[tuple[int, int], dict[int, int]] = {}
    for camera, number, days in await tx.fetch(_SUBSCRIBED, cloud, start, end):
        if camera in subscribed:
            subscribed[camera] = {**subscribed[camera], number: days}
        else:
            subscribed[camera] = alone.setdefault((number, days), {number: days})
    return subscribed


async def camera_names(tx: Transaction, cloud: int) -> dict[int, str]:
    """The external id of every camera."""
    rows = await tx.fetch("select id, external_id from camera where cloud = $1", cloud)
    return {row["id"]: row["external_id"] for row in rows}


async def subscribers_by_number(tx: Transaction, cloud: int) -> dict[int, int]:
    """Row ids of a cloud's subscribers by their number."""
    rows = await tx.fetch("select number, id from subscriber where cloud = $1", cloud)
    return {row["number"]: row["id"] for row in rows}


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of what is sold, to write lines with."""

    tariffs: dict[int, str]
    versions: dict[int, date]
    services: dict[int, tuple[str, str]]
    """Service id → name and unit."""


async def labels(tx: Transaction, cloud: int) -> Labels:
    """The names of a cloud's tariffs and of all services."""
    tariffs = await tx.fetch("select id, name from tariff where cloud = $1", cloud)
    versions = await tx.fetch("select id, valid_from from tariff_version where cloud = $1", cloud)
    services = await tx.fetch("select id, name, unit from service")
    return Labels(
        tariffs={row["id"]: row["name"] for row in tariffs},
        versions={row["id"]: row["valid_from"] for row in versions},
        services={row["id"]: (row["name"], row["unit"]) for row in services},
    )
