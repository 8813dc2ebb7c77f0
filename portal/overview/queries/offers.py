"""What a customer would pay, cost and leave a month: an offer, before it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from portal.access import Actor, shows
from portal.billing.commission import earned, terms
from portal.billing.money import percent_of, to_minor
from portal.billing.period import local_date
from portal.books.queries import closing, composer
from portal.catalog.forms.tariff import NewItem, NewVersion
from portal.catalog.queries import tariffs
from portal.catalog.queries.tariffs import Version
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.choices import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A number of cameras on a tariff for a full month; amounts are minor units, before tax.

    `gross` is before and `net` after the discount. `cost` is by today's prices and real use where
    that is known; it, `commission` and `margin` are None where they are not this actor's to know.
    """

    cameras: int
    currency: str
    price: int
    gross: int
    net: int
    cost: int | None = None
    commission: int | None = None

    @property
    def margin(self) -> int | None:
        """What is left of the revenue."""
        if self.cost is None or self.commission is None:
            return None
        return self.net - self.cost - self.commission


_DEFAULT: Final = "select code from tariff where cloud = $1 and is_default"
_OFFERED: Final = """
select code as value, name || ' (' || code || ')' as label from tariff
where cloud = $1 and offered order by is_default desc, lower(name), code limit $2
"""
_LAST_CLOSED: Final = """
select (starts_on + interval '1 month')::date from period
where cloud = $1 and state <> 'open' order by starts_on desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a form for cameras begins with: the tariff that is preselected, and the days possible.

    `first` is the first day of an open month, None where none is closed.
    """

    tariff: str
    today: date
    first: date | None
    tariffs: tuple[Candidate, ...]


async def beginning(actor: Actor, cloud: CloudFacts, *, now: datetime, limit: int) -> Beginning:
    """What is offered, `limit` tariffs at most, and from when cameras may begin."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_OFFERED, cloud.id, limit)
        return Beginning(
            await tx.fetchval(_DEFAULT, cloud.id) or "",
            local_date(now, cloud.timezone),
            await tx.fetchval(_LAST_CLOSED, cloud.id),
            tuple(Candidate(**row) for row in rows),
        )


async def get(
    actor: Actor,
    cloud: CloudFacts,
    code: str,
    *,
    cameras: int,
    discount_percent: Decimal,
    referral: str | None,
    starts_on: date,
    now: datetime,
) -> Offer | None:
    """The offer; None for a tariff that has no version then. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        tariff = await tariffs.get_in(tx, cloud.id, code)
        sold = [one for one in tariff.versions if one.valid_from <= starts_on]
        if not sold:
            return None
        price = to_minor(Fraction(sold[-1].monthly_price), cloud.currency)
        gross = cameras * price
        net = gross - percent_of(gross, discount_percent)
        offer = Offer(cameras=cameras, currency=cloud.currency, price=price, gross=gross, net=net)
        if not shows(actor, "sales", "margin"):
            return offer
        version = _version(sold[-1])
        found = await composer.compose_version(actor, cloud, version, code=code, now=now)
        percent = await _commission_percent(tx, cloud, referral)
        return replace(offer, cost=cameras * found.figures.cost, commission=earned(net, percent))


def _version(version: Version) -> NewVersion:
    """The same as it would be typed; what goes beyond the included is no part of an offer."""
    items = tuple(NewItem(service=one.service, quantity=one.quantity) for one in version.items)
    return NewVersion(
        valid_from=version.valid_from,
        monthly_price=version.monthly_price,
        setup_fee=version.setup_fee,
        trial_days=version.trial_days,
        bill_when_disabled=version.bill_when_disabled,
        items=items,
    )


async def _commission_percent(tx: Transaction, cloud: CloudFacts, code: str | None) -> Decimal:
    """What a sale to a customer of this referral pays, all levels together."""
    if code is None:
        return Decimal(0)
    referral = await tx.fetchval(
        "select id from referral where cloud = $1 and code = $2", cloud.id, code
    )
    if referral is None:
        return Decimal(0)
    known = await closing.referrals(tx, cloud.id)
    agreed = terms(referral, known, cloud.level_percents)
    return sum((one.percent for one in agreed), Decimal(0))
