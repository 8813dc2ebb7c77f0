"""Wholesale rating: a cloud's cameras at the platform's dated rates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from portal.billing.charge import Charge, round_charge
from portal.billing.measure import CameraUsage, Daily, Measure, Service, base_quantity
from portal.billing.money import Spread, digits
from portal.billing.period import Period
from portal.billing.pricing import PerUnit, Pricing, Step, price_steps, unit_price_of
from portal.billing.why.explanation import AsCharged, Explained, Measured, Pooled


@dataclass(frozen=True, slots=True)
class Rate:
    """A cloud's price of a service from a day on."""

    id: int
    service: Service
    valid_from: date
    pricing: Pricing


@dataclass(frozen=True, slots=True)
class PoolShare:
    """One camera's part of a pool: its base units summed (for `peak` the highest), above 0."""

    service: int
    camera: int
    external_id: str
    base: int


@dataclass(frozen=True, slots=True)
class WholesaleResult:
    """What one camera's usage comes to.

    `shares` wait until every camera of the cloud is rated, then go to `price_pool`. `unrated`
    lists, by service, the offsets of days with usage but no rate: not charged, shown on the close.
    """

    charges: list[Charge]
    shares: list[PoolShare]
    unrated: dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days `[first, after)` of a period charged at one unit price, in the name of one rate."""

    first: int
    after: int
    rate: int
    valid_from: date
    unit_price: Decimal
    numerator: int  # base quantity × numerator ÷ denominator is the amount in minor units
    denominator: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one service is charged: by stretches, or pooled from the first rated day on."""

    service: Service
    divisor: int
    first: int  # offset of the first day with a rate; the number of days when there is none
    stretches: tuple[_Stretch, ...]
    pooled: bool


@dataclass(frozen=True, slots=True)
class PriceList:
    """A cloud's rates made ready for one period: prepare it once, rate any number of cameras.

    `rates` are by service; services in `services` without any rate are watched for usage that
    goes uncharged. Raises `ValueError` for two rates of one service on the same day.
    """

    period: Period
    currency: str
    rates: Mapping[int, Sequence[Rate]]
    services: Sequence[Service] = ()
    pools: dict[int, Rate] = field(init=False)
    """By service, the rate that prices a cloud's whole quantity at once: not `per_unit`."""
    _plans: tuple[_Plan, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        services = {service.id: service for service in self.services}
        in_force: dict[int, list[Rate]] = {}
        for service, dated in self.rates.items():
            ordered = sorted(dated, key=lambda rate: rate.valid_from)
            if any(one.valid_from == two.valid_from for one, two in pairwise(ordered)):
                raise ValueError(f"two rates of service {service} on one day")
            services.update((rate.service.id, rate.service) for rate in ordered)
            in_force[service] = [rate for rate in ordered if rate.valid_from < self.period.end]
        pools = {
            service: rates[-1]
            for service, rates in in_force.items()
            if rates and not isinstance(rates[-1].pricing, PerUnit)
        }
        plans = tuple(
            self._plan(services[service], in_force.get(service, [])) for service in sorted(services)
        )
        object.__setattr__(self, "pools", pools)
        object.__setattr__(self, "_plans", plans)

    def _plan(self, service: Service, rates: Sequence[Rate]) -> _Plan:
        days = self.period.days
        divisor = service.divisor(days)
        if not rates:
            return _Plan(service, divisor, days, (), pooled=False)
        first = max(0, self.period.index(rates[0].valid_from))
        last = rates[-1].pricing
        if not isinstance(last, PerUnit):
            return _Plan(service, divisor, first, (), pooled=True)
        stretches = tuple(self._stretches(service, divisor, first, rates, last))
        return _Plan(service, divisor, first, stretches, pooled=False)

    def _stretches(
        self, service: Service, divisor: int, first: int, rates: Sequence[Rate], last: PerUnit
    ) -> Iterator[_Stretch]:
        """One for each rate in force on some day; for `peak` one at the last day's price.

        Days of a tiered or package rate take the last day's unit price, still in that rate's name.
        """
        days, scale = self.period.days, 10 ** digits(self.currency)
        if service.measure is Measure.PEAK:
            rates = rates[-1:]
            starts = [first]
        else:
            starts = [max(0, self.period.index(rate.valid_from)) for rate in rates]
        for rate, start, after in zip(rates, starts, [*starts[1:], days], strict=True):
            if start < after:
                pricing = rate.pricing if isinstance(rate.pricing, PerUnit) else last
                numerator, denominator = pricing.unit_price.as_integer_ratio()
                yield _Stretch(
                    start,
                    after,
                    rate.id,
                    rate.valid_from,
                    pricing.unit_price,
                    numerator * scale,
                    denominator * divisor,
                )

    @property
    def watched(self) -> Iterator[Service]:
        """The services whose usage is looked at, by id."""
        return (plan.service for plan in self._plans)

    def rate(self, usage: CameraUsage, explained: Explained | None = None) -> WholesaleResult:
        """One camera's charges, its shares of the pools, and its usage without a rate.

        With `explained` each charge leaves its reason there.
        """
        days = self.period.days
        result = WholesaleResult([], [], {})
        for plan in self._plans:
            daily = usage.meter(plan.service.meter, days)
            if daily is None:
                continue
            if plan.first and any(daily[: plan.first]):
                offsets = tuple(index for index in range(plan.first) if daily[index])
                result.unrated[plan.service.id] = offsets
            if plan.pooled:
                base = base_quantity(plan.service.measure, daily[plan.first :])
                if base:
                    share = PoolShare(plan.service.id, usage.camera, usage.external_id, base)
                    result.shares.append(share)
            else:
                result.charges.extend(_charges(plan, usage, daily, explained))
        return result

    def explain_stored(self, charge: Charge, explained: Explained) -> list[Charge]:
        """A charge as it comes from its own stored quantity, whatever usage says by now.

        It is the same unless what is stored of it contradicts itself; its reason is left in
        `explained`. A share of a pool keeps its amount: the pool as it was is known no more.
        """
        for plan in self._plans:
            if plan.service.id != charge.service:
                continue
            if plan.pooled:
                explained[charge.key] = AsCharged(plan.service, charge.quantity)
                return [charge]
            base = charge.quantity * plan.divisor
            for stretch in plan.stretches:
                if stretch.rate == charge.rate and base.denominator == 1:
                    made = _priced(plan, stretch, charge.camera, int(base))
                    reason = _reason(plan, stretch, int(base), None, self.period.days)
                    explained[charge.key] = reason
                    return [] if made is None else [made]
        return []

    def tried(self, measured: Mapping[int, Mapping[int, int]]) -> dict[int, int]:
        """What a month's measured quantities come to by service, as `rate` and `price_pool` charge.

        `measured` says by service how many cameras have so many base units. Each service is charged
        by the rate of the period's last day, as if that had been in force on all of them.
        """
        found: dict[int, int] = {}
        for plan in self._plans:
            cameras = measured.get(plan.service.id, {})
            if plan.pooled:
                total = sum(base * count for base, count in cameras.items())
                rate = self.pools[plan.service.id]
                found[plan.service.id] = pool_of(self.period, self.currency, rate, total).amount
            elif plan.stretches:
                last = plan.stretches[-1]
                made = ((_priced(plan, last, 0, base), count) for base, count in cameras.items())
                amounts = (one.amount * count for one, count in made if one is not None)
                found[plan.service.id] = sum(amounts)
        return found

    def charged_days(self, service: int, rate: int) -> tuple[int, int]:
        """The days `[first, after)`, as offsets, whose usage a charge in the name of a rate is for.

        None of them, `(0, 0)`, for a rate that charges nothing in this period.
        """
        for plan in self._plans:
            if plan.service.id != service:
                continue
            if plan.pooled and self.pools[service].id == rate:
                return plan.first, self.period.days
            for stretch in plan.stretches:
                if stretch.rate == rate:
                    return stretch.first, stretch.after
        return 0, 0


def _charges(
    plan: _Plan, usage: CameraUsage, daily: Daily, explained: Explained | None
) -> Iterator[Charge]:
    service = plan.service
    for stretch in plan.stretches:
        values = daily[stretch.first : stretch.after]
        base = base_quantity(service.measure, values)
        if not base:
            continue
        charge = _priced(plan, stretch, usage.camera, base)
        if charge is None:
            continue
        if explained is not None:
            days = sum(map(bool, values))
            explained[charge.key] = _reason(plan, stretch, base, days, len(daily))
        yield charge


def _priced(plan: _Plan, stretch: _Stretch, camera: int, base: int) -> Charge | None:
    """The charge of so many base units of a stretch's days; None where it rounds to 0."""
    service = plan.service
    amount = round_charge(base * stretch.numerator, stretch.denominator, service.code)
    if not amount:
        return None
    return _charge(
        camera,
        service.id,
        stretch.rate,
        quantity=Fraction(base, plan.divisor),
        unit_price=stretch.unit_price,
        amount=amount,
    )


def _reason(plan: _Plan, stretch: _Stretch, base: int, days: int | None, of: int) -> Measured:
    return Measured(plan.service, base, days, of, stretch.unit_price, stretch.valid_from)


def _charge(
    camera: int,
    service: int,
    rate: int,
    *,
    quantity: Fraction,
    unit_price: Decimal | None,
    amount: int,
) -> Charge:
    nobody = None, None, None, None  # no subscriber, subscription, tariff or version
    return Charge(
        "wholesale", "service", camera, *nobody, service, rate, quantity, unit_price, amount
    )


@dataclass(frozen=True, slots=True)
class Pool:
    """What a cloud's whole quantity of a service comes to: `total` base units, so many minor units.

    `unit_price` as on a charge, `steps` are the reasons of the amount.
    """

    rate: Rate
    divisor: int
    total: int
    amount: int
    unit_price: Decimal | None
    steps: tuple[Step, ...]

    def charges(self, shares: Iterable[PoolShare], spread: Spread) -> Iterator[Charge]:
        """The charges of some cameras' shares; `spread` is the amount's over all of them."""
        for share in shares:
            amount = spread.part(share.base, share.external_id)
            if amount:
                yield _charge(
                    share.camera,
                    self.rate.service.id,
                    self.rate.id,
                    quantity=Fraction(share.base, self.divisor),
                    unit_price=self.unit_price,
                    amount=amount,
                )


def pool_of(period: Period, currency: str, rate: Rate, total: int) -> Pool:
    """Price so many base units of one service at once, rounded once.

    `rate` is the one of the period's last day (`PriceList.pools`).
    """
    divisor = rate.service.divisor(period.days)
    if not total:
        return Pool(rate, divisor, 0, 0, None, ())
    quantity = Fraction(total, divisor)
    steps = price_steps(rate.pricing, quantity)
    exact = sum((step.amount for step in steps), Fraction(0)) * 10 ** digits(currency)
    amount = round_charge(exact, 1, rate.service.code)
    return Pool(rate, divisor, total, amount, unit_price_of(rate.pricing, quantity), steps)


def price_pool(
    period: Period,
    currency: str,
    rate: Rate,
    shares: Sequence[PoolShare],
    explained: Explained | None = None,
) -> list[Charge]:
    """Price a cloud's pooled quantity of one service, spread over its cameras by largest remainder.

    `rate` is the one of the period's last day (`PriceList.pools`); `shares` are all cameras' of
    that service, one for each camera, in any order. The charges sum to the one rounded amount; of
    equal remainders the lower `external_id` in code-point order takes the unit. With `explained`
    each charge leaves its reason there.
    """
    if any(share.service != rate.service.id for share in shares):
        raise ValueError("a pool is of one service")
    pool = pool_of(period, currency, rate, sum(share.base for share in shares))
    if not pool.total:
        return []
    spread = Spread.of(pool.amount, {share.external_id: share.base for share in shares})
    charges = list(pool.charges(shares, spread))
    if explained is not None:
        bases = {share.camera: share.base for share in shares}
        terms = period.days, pool.amount, rate.pricing, pool.steps, rate.valid_from
        explained.update(
            (one.key, Pooled(rate.service, bases[one.camera], pool.total, *terms))
            for one in charges
        )
    return charges
