"""Retail rating: a camera's subscription at the dated versions of its tariff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import compress

from portal.billing.charge import Charge, Key, Kind, round_charge
from portal.billing.measure import ENABLED, CameraUsage, Daily, Measure, Service, base_quantity
from portal.billing.money import digits
from portal.billing.period import Period
from portal.billing.pricing import Pricing, price_steps, unit_price_of
from portal.billing.why.explanation import Beyond, Explained, Once, Prorated
from portal.errors import Conflict
from portal.words import _


@dataclass(frozen=True, slots=True)
class Item:
    """A service in a tariff: the included quantity in its units, and what going beyond costs."""

    service: Service
    quantity: Decimal
    overage: Pricing | None


@dataclass(frozen=True, slots=True)
class Version:
    """A tariff's terms from a day on; `monthly_price` and `setup_fee` in major units a camera."""

    id: int
    tariff: int
    valid_from: date
    monthly_price: Decimal
    setup_fee: Decimal
    trial_days: int
    bill_when_disabled: bool
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        if self.monthly_price < 0 or self.setup_fee < 0 or self.trial_days < 0:
            raise ValueError("prices and trial days are not negative")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One camera on one tariff for `[starts_on, ends_on)`; `ends_on` None is open."""

    id: int
    camera: int
    subscriber: int
    tariff: int
    starts_on: date
    ends_on: date | None

    def __post_init__(self) -> None:
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            raise ValueError("a subscription holds at least one day")


@dataclass(frozen=True, slots=True)
class _Job:
    """One subscription in one period: what every charge of it shares.

    `explained` takes the reasons of its charges, where they are asked for.
    """

    period: Period
    currency: str
    subscription: Subscription
    usage: CameraUsage | None
    explained: Explained | None = None

    def key(self, kind: Kind, version: Version, service: int | None = None) -> Key:
        of = self.subscription
        return Key(
            "retail",
            kind,
            of.camera,
            of.subscriber,
            of.id,
            version.tariff,
            version.id,
            service,
            None,
        )


def rate_retail(
    period: Period,
    currency: str,
    subscription: Subscription,
    versions: Sequence[Version],
    usage: CameraUsage | None,
    *,
    explained: Explained | None = None,
) -> list[Charge]:
    """A subscription's charges in a period: recurring, setup and overage for each tariff version.

    `versions` are all of the subscription's tariff, sorted by `valid_from`; `usage` is its
    camera's, None when there is none. With `explained` each charge leaves its reason there. Raises
    `Conflict` when no version is in force on `starts_on`.

    Example: 16 of October's 31 days at 9.90 a month → one recurring charge of 5.11.
    """
    terms = version_on(versions, subscription.starts_on)
    if not running_days(period, subscription):
        return []
    if terms is None:
        raise Conflict(
            _("Subscription %(id)s starts before its tariff's first version.")
            % {"id": subscription.id}
        )
    job = _Job(period, currency, subscription, usage, explained)
    charges: list[Charge] = []
    if subscription.starts_on >= period.start and terms.setup_fee:
        charges += _setup(job, terms)
    for version, first, after in _paid_stretches(period, subscription, versions, terms):
        charges += _version_charges(job, version, first, after)
    return charges


def billable_days(
    period: Period,
    subscription: Subscription,
    versions: Sequence[Version],
    usage: CameraUsage | None,
) -> int:
    """The days of a period that a subscription is charged for, a bit for each, bit 0 the first.

    Those after its trial, but for days switched off where its tariff lets such days go free.
    `versions` and `usage` are as for `rate_retail`; of the usage `camera.enabled` is looked at.
    """
    terms = version_on(versions, subscription.starts_on)
    if terms is None:
        return 0
    job, days = _Job(period, "", subscription, usage), 0
    for version, first, after in _paid_stretches(period, subscription, versions, terms):
        chosen = _billable(job, version, first, after)[1]
        if chosen is None:
            days |= (1 << after) - (1 << first)
        else:
            days |= sum(1 << first + index for index, counts in enumerate(chosen) if counts)
    return days


def running_days(period: Period, subscription: Subscription) -> range:
    """The offsets of the days of a period on which a subscription runs."""
    days = period.days
    first = max(0, period.index(subscription.starts_on))
    after = days if subscription.ends_on is None else min(days, period.index(subscription.ends_on))
    return range(first, after)


def _paid_stretches(
    period: Period, subscription: Subscription, versions: Sequence[Version], terms: Version
) -> Iterator[tuple[Version, int, int]]:
    """Days `[first, after)` after the trial, each under the version in force on them.

    The trial is fixed by `terms`, those in force at the start, whatever comes later.
    """
    running = running_days(period, subscription)
    paid_from = max(running.start, period.index(subscription.starts_on) + terms.trial_days)
    starts = [max(paid_from, period.index(version.valid_from)) for version in versions]
    for version, start, end in zip(versions, starts, [*starts[1:], running.stop], strict=True):
        if start < min(end, running.stop):
            yield version, start, min(end, running.stop)


def version_on(versions: Sequence[Version], day: date) -> Version | None:
    """The version in force on a day, of versions sorted by `valid_from`; None before the first."""
    found = None
    for version in versions:
        if version.valid_from > day:
            break
        found = version
    return found


def _setup(job: _Job, version: Version) -> list[Charge]:
    numerator, denominator = version.setup_fee.as_integer_ratio()
    amount = round_charge(numerator * 10 ** digits(job.currency), denominator, "a setup fee")
    if not amount:
        return []
    key = job.key("setup", version)
    if job.explained is not None:
        on = job.subscription.starts_on
        job.explained[key] = Once(version.setup_fee, on, version.valid_from)
    return [Charge(*key, Fraction(1), version.setup_fee, amount)]


def _version_charges(job: _Job, version: Version, first: int, after: int) -> list[Charge]:
    """The charges of the days `[first, after)`, trial already taken off, all under one version."""
    days = job.period.days
    billable, chosen = _billable(job, version, first, after)
    if not billable:
        return []
    charges = _recurring(job, version, billable)
    if job.usage is None:
        return charges
    for item in version.items:
        if item.overage is None:
            continue
        daily = job.usage.meter(item.service.meter, days)
        if daily is None:
            continue
        values = (
            daily[first:after] if chosen is None else list(compress(daily[first:after], chosen))
        )
        quantity = overage_quantity(item, values, days)
        if quantity:
            used = base_quantity(item.service.measure, values)
            charges += _overage(job, version, item, _Excess(quantity, billable, used))
    return charges


def _billable(job: _Job, version: Version, first: int, after: int) -> tuple[int, list[bool] | None]:
    """How many of the days `[first, after)` are billable, and which; None when all of them are."""
    chosen = None if version.bill_when_disabled else _enabled_days(job, first, after)
    return after - first if chosen is None else sum(chosen), chosen


def _enabled_days(job: _Job, first: int, after: int) -> list[bool] | None:
    """Which of the days are billable where disabled ones are not; None when all of them are.

    Only a day *known* to be 0 is free: a day without a reading is billed.
    """
    enabled = None if job.usage is None else job.usage.meter(ENABLED, job.period.days)
    if enabled is None or 0 not in enabled[first:after]:
        return None
    return [value != 0 for value in enabled[first:after]]


def _recurring(job: _Job, version: Version, billable: int) -> list[Charge]:
    days = job.period.days
    numerator, denominator = version.monthly_price.as_integer_ratio()
    scaled = numerator * billable * 10 ** digits(job.currency)
    amount = round_charge(scaled, denominator * days, "a tariff")
    if not amount:
        return []
    key = job.key("recurring", version)
    if job.explained is not None:
        terms = version.monthly_price, billable, days, version.valid_from
        job.explained[key] = Prorated(*terms)
    return [Charge(*key, Fraction(billable, days), version.monthly_price, amount)]


def overage_quantity(item: Item, values: Daily, days: int) -> Fraction:
    """What exceeds an item's included quantity, in units, on the billable days given.

    `values` are the billable days' base units only; `days` is the D of the whole period. Depth of 9
    days with 7 included for half a month is 1 unit-month.
    """
    service = item.service
    numerator, over = item.quantity.as_integer_ratio()
    included = numerator * service.unit_size  # base units × over
    if service.measure is Measure.UNIT_MONTH:
        beyond = [value * over - included for value in values if value and value * over > included]
        excess, divisor = sum(beyond), over * service.unit_size * days
    elif service.measure is Measure.TOTAL:
        divisor = over * service.unit_size * days
        excess = base_quantity(service.measure, values) * over * days - included * len(values)
    else:
        divisor = over * service.unit_size
        excess = base_quantity(service.measure, values) * over - included
    return Fraction(excess, divisor) if excess > 0 else Fraction(0)


@dataclass(frozen=True, slots=True)
class _Excess:
    """A quantity beyond what is included, which `used` base units on `billable` days have made."""

    quantity: Fraction
    billable: int
    used: int | None


def _overage(job: _Job, version: Version, item: Item, excess: _Excess) -> list[Charge]:
    service, pricing, quantity = item.service, item.overage, excess.quantity
    if pricing is None:
        return []
    steps = price_steps(pricing, quantity)
    exact = sum((step.amount for step in steps), Fraction(0)) * 10 ** digits(job.currency)
    amount = round_charge(exact, 1, service.code)
    if not amount:
        return []
    key = job.key("overage", version, service.id)
    if job.explained is not None:
        counted = excess.used, excess.billable, job.period.days, quantity
        terms = pricing, steps, version.valid_from
        job.explained[key] = Beyond(service, item.quantity, *counted, *terms)
    return [Charge(*key, quantity, unit_price_of(pricing, quantity), amount)]


def explain_stored(
    prices: tuple[Period, str],
    subscription: Subscription,
    version: Version,
    charge: Charge,
    explained: Explained,
) -> list[Charge]:
    """A retail charge as it comes from its own stored quantity, whatever usage says by now.

    `prices` are its period and currency, `version` is the one that it names. The charge is the same
    unless what is stored of it contradicts itself; its reason is left in `explained`.
    """
    period, currency = prices
    job = _Job(period, currency, subscription, None, explained)
    billable = charge.quantity * period.days
    if charge.kind == "recurring":
        return _recurring(job, version, int(billable)) if billable.denominator == 1 else []
    if charge.kind == "setup":
        return _setup(job, version)
    excess = _Excess(charge.quantity, period.days, None)
    return [
        made
        for item in version.items
        if item.service.id == charge.service
        for made in _overage(job, version, item, excess)
    ]
