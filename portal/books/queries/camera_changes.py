"""What a change of one camera would come to, by the very rating of the close. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from portal.access import Actor
from portal.billing.period import Period
from portal.billing.rating import Fleet, Subscription, rate_cameras, version_on
from portal.billing.why.explanation import Once, Prorated
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook
from portal.customers.queries import cameras
from portal.db import Transaction, snapshot
from portal.errors import Invalid, no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.tables.usage_days import column_of
from portal.usage.forms.correction import NewCorrection
from portal.values import dates
from portal.words import _


@dataclass(frozen=True, slots=True)
class TariffPreview:
    """The month in which a tariff would begin: what its price and the one before it come to.

    `parts` are reasons with their amounts, in minor units; `before` and `after` a full month's
    price of the camera, `before` None where it is on no tariff.
    """

    period: Period
    currency: str
    parts: Sequence[tuple[Prorated | Once, int]]
    before: Decimal | None
    after: Decimal

    @property
    def total(self) -> int:
        """What the parts come to."""
        return sum(amount for _reason, amount in self.parts)


async def preview_tariff(
    actor: Actor,
    cloud: CloudFacts,
    external_id: str,
    tariff: str,
    starts_on: date,
    *,
    moves: bool = False,
) -> TariffPreview:
    """What a camera's month comes to with a tariff from a day on, usage beyond it left out.

    With `moves` what the camera was on before is another subscriber's, and not part of it. Raises
    `NotFound`, `Invalid` for a tariff that is not there or not sold on that day.
    """
    period = Period.of(starts_on)
    async with snapshot(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        book = await rating.price_book(tx, cloud, period)
        code = await tx.fetchval(
            "select id from tariff where cloud = $1 and code = $2", cloud.id, tariff
        )
        fleet = await rating.of_cameras(tx, book, [camera.id])
    versions = book.prices.versions.get(code or 0, ())
    wanted = version_on(versions, starts_on)
    if code is None:
        raise Invalid({"tariff": _("there is no tariff %(tariff)r") % {"tariff": tariff}})
    if wanted is None:
        first = dates.day(versions[0].valid_from) if versions else ""
        problem = _("is before the tariff's first version, %(first)s") % {"first": first}
        raise Invalid({"starts_on": problem})
    standing = fleet.subscriptions.get(camera.id, ())
    current = next((one for one in standing if _holds(one, starts_on)), None)
    kept = [] if moves else [cut for one in standing if (cut := _until(one, starts_on))]
    until = current.ends_on if current else None
    owner = current.subscriber if current else 0
    added = Subscription(0, camera.id, owner, code, starts_on, until)
    rated = rate_cameras(
        book.prices, Fleet(fleet.cameras, {camera.id: [*kept, added]}), explain=True
    )
    parts = [
        (reason, charge.amount)
        for charge in rated.charges
        if isinstance(reason := rated.explained[charge.key], Prorated | Once)
    ]
    before = None
    if current is not None:
        now = version_on(book.prices.versions.get(current.tariff, ()), starts_on)
        before = now.monthly_price if now else None
    return TariffPreview(period, cloud.currency, parts, before, wanted.monthly_price)


def _holds(one: Subscription, day: date) -> bool:
    return one.starts_on <= day and (one.ends_on is None or day < one.ends_on)


def _until(one: Subscription, day: date) -> Subscription | None:
    """The part of a subscription before a day."""
    if one.starts_on >= day:
        return None
    return replace(one, ends_on=min(one.ends_on or day, day))


@dataclass(frozen=True, slots=True)
class CorrectionEffect:
    """What another quantity of a day changes, in minor units before discounts.

    `before` and `after` are the day's quantity, in base units; `closed` says whether the next close
    corrects the month. Services that are priced for the whole cloud are left out.
    """

    period: Period
    day: date
    currency: str
    before: int | None
    after: int
    closed: bool
    retail: int
    wholesale: int


async def correction_effect(
    actor: Actor, cloud: CloudFacts, wanted: NewCorrection
) -> CorrectionEffect:
    """Rate a camera's month with a day's quantity and without. Raises `NotFound`."""
    external_id, meter, day = wanted.camera, wanted.meter, wanted.day
    quantity, period = wanted.quantity, Period.of(day)
    async with snapshot(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        before = await _quantity(tx, cloud, camera.id, meter, day)
        state = await tx.fetchval(
            "select state from period where cloud = $1 and starts_on = $2", cloud.id, period.start
        )
        book = await rating.price_book(tx, cloud, period)
        fleet = await rating.of_cameras(tx, book, [camera.id])
    changed = [
        replace(
            one,
            daily={
                **one.daily,
                meter: _with(one.daily.get(meter), period, period.index(day), quantity),
            },
        )
        for one in fleet.cameras
    ]
    sums = [_sums(book, one) for one in (fleet, Fleet(changed, fleet.subscriptions))]
    (retail, wholesale), (other_retail, other_wholesale) = sums
    return CorrectionEffect(
        period,
        day,
        cloud.currency,
        before,
        quantity,
        state not in {None, "open"},
        other_retail - retail,
        other_wholesale - wholesale,
    )


async def _quantity(
    tx: Transaction, cloud: CloudFacts, camera: int, meter: str, day: date
) -> int | None:
    known = await tx.fetchval("select id from meter where key = $1", meter)
    if known is None:
        raise no_such(_("meter"), meter)
    found: int | None = await tx.fetchval(
        f"select {column_of(day)} from usage"  # noqa: S608 - a column of ours
        " where cloud = $1 and camera = $2 and meter = $3 and month = $4",
        cloud.id,
        camera,
        known,
        day.replace(day=1),
    )
    return found


def _with(
    daily: Sequence[int | None] | None, period: Period, index: int, quantity: int
) -> list[int | None]:
    values: list[int | None] = [*daily] if daily is not None else [None] * period.days
    values[index] = quantity
    return values


def _sums(book: PriceBook, fleet: Fleet) -> tuple[int, int]:
    charges = rate_cameras(book.prices, fleet).charges
    retail = sum(one.amount for one in charges if one.side == "retail")
    return retail, sum(one.amount for one in charges) - retail


@dataclass(frozen=True, slots=True)
class Prices:
    """What cameras cost their subscribers in a full month, before and after a change.

    `served` is how many are on a tariff on the day of the change.
    """

    served: int
    before: Decimal
    after: Decimal
    currency: str


async def compare_prices(
    actor: Actor, cloud: CloudFacts, external_ids: Sequence[str], tariff: str | None, day: date
) -> Prices:
    """The monthly prices of many cameras on a day, and on a tariff from then on; None is none.

    Raises `Invalid` for a tariff that is not there or not sold on that day.
    """
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select id from camera where cloud = $1 and external_id = any($2)",
            cloud.id,
            external_ids,
        )
        code = await tx.fetchval(
            "select id from tariff where cloud = $1 and code = $2", cloud.id, tariff
        )
        book = await rating.price_book(tx, cloud, Period.of(day))
        fleet = await rating.of_cameras(tx, book, [row["id"] for row in rows])
    price = Decimal(0)
    if tariff is not None:
        version = version_on(book.prices.versions.get(code or 0, ()), day)
        if version is None:
            raise Invalid({"tariff": _("is not sold on this day")})
        price = version.monthly_price
    standing = [one for of in fleet.subscriptions.values() for one in of if _holds(one, day)]
    versions = [version_on(book.prices.versions.get(one.tariff, ()), day) for one in standing]
    before = sum((one.monthly_price for one in versions if one), Decimal(0))
    return Prices(len(standing), before, price * len(rows), cloud.currency)
