"""Trying a tariff's version on a closed month: who would have paid what. Nothing is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final, TypeAlias

from portal.access import Actor
from portal.billing import commission
from portal.billing.outlook import preview
from portal.billing.outlook.preview import Outcome, Tried
from portal.billing.period import Period
from portal.billing.rating import (
    ENABLED,
    Charge,
    Fleet,
    Item,
    PriceList,
    Prices,
    Service,
    Version,
    rate_cameras,
)
from portal.books.queries import closing, rating
from portal.books.queries.rating import PriceBook
from portal.catalog.forms.tariff import NewVersion
from portal.catalog.queries import pricelist
from portal.db import Transaction, snapshot
from portal.errors import Conflict, Invalid, no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

CAMERAS_AT_ONCE: Final = 2_000
CAMERAS_OF_PAGE_MAX: Final = 5_000
"""More are tried by a worker, while the page tells how far it is."""
CAMERAS_MAX: Final = 20_000
"""More are not tried in one answer."""
CAMERAS_OF_TASK_MAX: Final = 500_000
"""What a worker tries, who keeps nobody waiting."""
Tell: TypeAlias = Callable[[int], Awaitable[None]]
"""Is told how many are done."""


class Reach(StrEnum):
    """Whose cameras a version is tried on: its own tariff's, another's, or all of the cloud."""

    OWN = "own"
    OTHER = "other"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Scope:
    """Cameras of the tariff `code`, which is its own or another's; of every tariff for ALL."""

    reach: Reach
    code: str | None = None


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A subscriber with its number and name, and how many of its cameras the version is tried on.

    Money is in minor units, after discount, before tax and without corrections.
    """

    subscriber: int
    name: str
    cameras: int
    outcome: Outcome
    currency: str

    @property
    def charged(self) -> int:
        """What was."""
        return self.outcome.before.revenue

    @property
    def would_be_charged(self) -> int:
        """What would have been."""
        return self.outcome.after.revenue

    @property
    def difference(self) -> int:
        """How much more."""
        return self.outcome.difference


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would have paid what in a month, by number, and all of them together."""

    period: Period
    currency: str
    cameras: int
    rows: Sequence[PreviewRow]
    total: Outcome


_CAMERAS: Final = """
select distinct s.camera, s.subscriber from subscription s
where s.cloud = $1 and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
  and ($4::bigint is null or s.tariff = $4)
order by s.camera
"""
_COUNT: Final = """
select count(*)::int from (
  select distinct s.camera from subscription s
  where s.cloud = $1 and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
    and ($4::bigint is null or s.tariff = $4)
  limit $5) one
"""
_CHARGED: Final = """
select h.subscriber, sum(h.amount)::bigint as charged,
       coalesce(sum(h.amount) filter (where $4::bigint is null or h.tariff = $4), 0)::bigint
         as replaced
from charge h
where h.cloud = $1 and h.period = $2 and h.original_period = $3 and h.side = 'retail'
group by h.subscriber
"""
_SUBSCRIBERS: Final = """
select s.id, s.number, s.name, s.referral,
       coalesce(i.discount_percent, t.discount_percent) as discount_percent,
       coalesce(m.cost, 0)::bigint as cost
from subscriber s
join subscriber_terms t on t.id = s.id
left join invoice i on i.cloud = s.cloud and i.period = $2 and i.side = 'retail'
  and i.subscriber = s.id and i.credits is null
left join (select subscriber, sum(cost) as cost from margin where cloud = $1 and period = $2
           group by subscriber) m on m.subscriber = s.id
where s.cloud = $1 and s.id = any($3)
order by s.number
"""


async def count_cameras(
    actor: Actor, cloud: CloudFacts, period: Period, scope: Scope, *, most: int
) -> int:
    """How many cameras a version would be tried on; of more than `most`, one more than that."""
    async with snapshot(actor) as tx:
        tariff = await _tariff(tx, cloud, scope)
        counted: int = await tx.fetchval(
            _COUNT, cloud.id, period.start, period.end, tariff, most + 1
        )
        return counted


async def try_version(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    version: NewVersion,
    scope: Scope,
    *,
    cameras_max: int = CAMERAS_MAX,
    tell: Tell | None = None,
) -> Preview:
    """Rate a closed month's retail side as if a version had been in force on every day of it.

    Its trial and set-up fee are included; its `valid_from` does not matter. `tell` is told how many
    cameras are rated, between two transactions. Raises `Conflict` for a month that is not closed
    and for too many cameras, `NotFound` for a tariff that is not there, `Invalid` for a service
    that is not.
    """
    async with snapshot(actor) as tx:
        closed = await _closed(tx, cloud, period)
        tariff = await _tariff(tx, cloud, scope)
        services = {one.code: one for one in (await pricelist.services(tx)).values()}
        tried = _tried(version, services)
        rows = await tx.fetch(_CAMERAS, cloud.id, period.start, period.end, tariff)
    cameras: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        cameras[row["subscriber"]].add(row["camera"])
    ids = list(dict.fromkeys(row["camera"] for row in rows))
    if len(ids) > cameras_max:
        raise Conflict(
            _("%(count)s cameras are too many to try at once: choose one tariff's.")
            % {"count": len(ids)}
        )
    instead: dict[int, int] = defaultdict(int)
    for start in range(0, len(ids), CAMERAS_AT_ONCE):
        some = ids[start : start + CAMERAS_AT_ONCE]
        async with snapshot(actor) as tx:
            rated = await _rate(tx, cloud, period, tried, tariff=tariff, cameras=some)
        for charge in rated:
            instead[charge.subscriber or 0] += charge.amount
        if tell is not None:
            await tell(start + len(some))
    async with snapshot(actor) as tx:
        return await _compared(tx, cloud, period, (closed, tariff), cameras, instead)


async def _compared(  # noqa: PLR0917 - the month, whose cameras, and what they come to
    tx: Transaction,
    cloud: CloudFacts,
    period: Period,
    of: tuple[int, int | None],
    cameras: Mapping[int, Collection[int]],
    instead: Mapping[int, int],
) -> Preview:
    """Each subscriber as it was and as it would have been; `of` is a closed month and a tariff."""
    closed, tariff = of
    charged = {
        row["subscriber"]: row
        for row in await tx.fetch(_CHARGED, cloud.id, closed, period.start, tariff)
    }
    referrals = await closing.referrals(tx, cloud.id)
    outcomes, facts = {}, {}
    for row in await tx.fetch(_SUBSCRIBERS, cloud.id, closed, list(cameras)):
        was = charged.get(row["id"], {"charged": 0, "replaced": 0})
        terms = (
            commission.terms(row["referral"], referrals, cloud.level_percents)
            if row["referral"] is not None
            else []
        )
        facts[row["id"]] = row["number"], row["name"], len(cameras[row["id"]])
        outcomes[row["id"]] = preview.outcome(
            Tried(
                charged=was["charged"],
                replaced=was["replaced"],
                instead=instead.get(row["id"], 0),
                cost=row["cost"],
                discount_percent=row["discount_percent"],
                terms=terms,
            )
        )
    listed = [PreviewRow(*facts[one], outcome, cloud.currency) for one, outcome in outcomes.items()]
    counted = len(set().union(*cameras.values())) if cameras else 0
    return Preview(period, cloud.currency, counted, listed, preview.total(outcomes))


async def _closed(tx: Transaction, cloud: CloudFacts, period: Period) -> int:
    found: int | None = await tx.fetchval(
        "select id from period where cloud = $1 and starts_on = $2 and state = 'closed'",
        cloud.id,
        period.start,
    )
    if found is None:
        raise Conflict(
            _("%(month)s is not closed: a version is tried on a closed month.")
            % {"month": period.key}
        )
    return found


async def _tariff(tx: Transaction, cloud: CloudFacts, scope: Scope) -> int | None:
    """The tariff whose cameras are meant; None for all."""
    if scope.reach is Reach.ALL:
        return None
    code = scope.code or ""
    found: int | None = await tx.fetchval(
        "select id from tariff where cloud = $1 and code = $2", cloud.id, code
    )
    if found is None:
        raise no_such(_("tariff"), code)
    return found


async def _rate(
    tx: Transaction,
    cloud: CloudFacts,
    period: Period,
    tried: Version,
    *,
    tariff: int | None,
    cameras: Sequence[int],
) -> Sequence[Charge]:
    """What the version comes to for some cameras: the very rating of the close."""
    meters = {item.service.meter for item in tried.items if item.overage is not None}
    if not tried.bill_when_disabled:
        meters.add(ENABLED)
    known = await tx.fetch("select id, key from meter where key = any($1)", list(meters))
    prices = Prices(PriceList(period, cloud.currency, {}), {})
    book = PriceBook(cloud, prices, {row["id"]: row["key"] for row in known})
    fleet = await rating.of_cameras(tx, book, cameras)
    chosen = {
        camera: [one for one in of if tariff is None or one.tariff == tariff]
        for camera, of in fleet.subscriptions.items()
    }
    versions = {
        one.tariff: (replace(tried, tariff=one.tariff),) for of in chosen.values() for one in of
    }
    return rate_cameras(replace(prices, versions=versions), Fleet(fleet.cameras, chosen)).charges


def _tried(version: NewVersion, services: dict[str, Service]) -> Version:
    """The version as rating takes it, in force since ever. Raises `Invalid` by item."""
    problems = {
        f"version.items[{place}].service": _("there is no service %(code)r")
        % {"code": item.service}
        for place, item in enumerate(version.items)
        if item.service not in services
    }
    if problems:
        raise Invalid(problems)
    return Version(
        0,
        0,
        date.min,
        version.monthly_price,
        version.setup_fee,
        version.trial_days,
        version.bill_when_disabled,
        tuple(Item(services[one.service], one.quantity, one.overage) for one in version.items),
    )
