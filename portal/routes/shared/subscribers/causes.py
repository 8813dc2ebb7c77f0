"""Why a customer, or one of its cameras, loses money, and what cures it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from portal.access import shows
from portal.customers.queries.subscribers import Subscriber
from portal.overview.queries import margin_ranking
from portal.overview.queries.customer import CameraOf, Customer
from portal.overview.queries.margin_ranking import Row
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.overview.causes import Why, cause_in_words, cures_of, excess_of


async def cause_of_customer(
    scope: CloudScope, found: Customer, now: datetime, locale: str
) -> Why | None:
    """Why its last closed month left nothing; None where it did, or that is not theirs to know."""
    last, facts = found.last, found.facts
    if last is None or last.cost is None or last.margin is None or last.margin >= 0:
        return None
    row = Row(
        id=facts.id,
        key=str(facts.number),
        name=facts.name,
        revenue=last.revenue,
        cost=last.cost,
        commission=last.revenue - last.cost - last.margin,
        margin=last.margin,
        discount_percent=facts.discount_percent,
        is_owned=True,
    )
    whys = await _whys(scope, [row], "subscribers", now, locale)
    return whys.get(facts.id)


async def causes_of_cameras(
    scope: CloudScope, facts: Subscriber, rows: Sequence[CameraOf], now: datetime, locale: str
) -> Mapping[int, Why]:
    """By row id: why each camera that lost money did."""
    if not shows(scope.actor, "sales", "margin"):
        return {}
    lost = [
        Row(
            id=one.id,
            key=one.external_id,
            name=one.name,
            revenue=one.revenue or 0,
            cost=one.cost or 0,
            commission=(one.revenue or 0) - (one.cost or 0) - one.margin,
            margin=one.margin,
            discount_percent=facts.discount_percent,
            is_owned=True,
        )
        for one in rows
        if one.margin is not None and one.margin < 0
    ]
    return await _whys(scope, lost, "cameras", now, locale, owner=facts.number)


async def _whys(
    scope: CloudScope,
    rows: Sequence[Row],
    what: margin_ranking.What,
    now: datetime,
    locale: str,
    *,
    owner: int | None = None,
) -> dict[int, Why]:
    if not rows:
        return {}
    causes = await margin_ranking.causes(scope.actor, scope.cloud, rows, what, now=now)
    told = list(zip(rows, causes, strict=True))
    keeping = [row.key for row, cause in told if what == "cameras" and cause == "keeps_more"]
    excess = await excess_of(scope, keeping, now)
    return {
        row.id: Why(
            cause_in_words(cause, row.discount_percent, locale),
            cures_of(scope, what, row.key, cause, excess, owner=owner),
        )
        for row, cause in told
    }
