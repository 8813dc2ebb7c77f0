"""The lines of a report in money, whichever it is: pages and the API ask here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from portal.access import Actor, shows
from portal.billing.period import MonthAt
from portal.kit.queries.pages import last_page
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.reports import by_camera, by_subscriber, by_tariff
from portal.overview.queries.reports.months import Sums
from portal.overview.queries.reports.rows import MoneyPage, MoneyRow, Wanted, sum_of

By = Literal["subscriber", "camera", "tariff", "referral"]
UNBORNE: Final = "no-subscription"
LATER: Final = "credit-notes"
"""Lines that are nobody's, as files name them."""
_KEYS: Final[Mapping[str, Callable[[MoneyRow], str | int]]] = {
    "name": lambda row: row.name.lower(),
    "revenue": lambda row: row.revenue or 0,
    "margin": lambda row: row.margin or 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which lines; None is all, as the filters of `by_camera` and `by_subscriber` have them."""

    text: str | None = None
    subscriber: str | None = None
    tariff: str | None = None
    referral: str | None = None
    loses: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the month."""
        return self == Narrowed()


async def find(
    actor: Actor,
    cloud: CloudFacts,
    month: MonthAt,
    by: By,
    *,
    narrowed: Narrowed,
    wanted: Wanted,
    sums: Sums | None,
) -> MoneyPage:
    """A page of a month's lines; `sums` are the month's, None to who may not know them.

    Of all lines the sum is that of the month.
    """
    found = await _page(actor, cloud, month, by, narrowed=narrowed, wanted=wanted, sums=sums)
    if sums is None or not narrowed.is_whole:
        return found
    return MoneyPage(found.rows, found.total, found.is_more, _whole(cloud, sums))


def rest(cloud: CloudFacts, by: By, sums: Sums) -> list[MoneyRow]:
    """Cost of days without a subscription, and credit notes by hand: lines of their own.

    With them all lines sum to the month. By camera the cost is that of cameras.
    """
    unborne = 0 if by == "camera" else sums.unborne
    figures = ((UNBORNE, 0, unborne), (LATER, sums.later, 0))
    return [
        MoneyRow(
            id=0,
            key=key,
            name="",
            currency=cloud.currency,
            charges=0,
            revenue=revenue,
            cost=cost,
            commission=0,
            is_owned=key != UNBORNE,
        )
        for key, revenue, cost in figures
        if revenue or cost
    ]


async def _page(
    actor: Actor,
    cloud: CloudFacts,
    month: MonthAt,
    by: By,
    *,
    narrowed: Narrowed,
    wanted: Wanted,
    sums: Sums | None,
) -> MoneyPage:
    period, until = month.period, month.until
    margins = shows(actor, "sales", "margin")
    if by == "camera":
        cameras = by_camera.Filters(
            text=narrowed.text,
            subscriber=narrowed.subscriber,
            tariff=narrowed.tariff,
            loses=narrowed.loses and margins,
        )
        if margins:
            return await by_camera.list_page(
                actor, cloud, period, cameras, until=until, wanted=wanted
            )
        return await by_camera.own_page(actor, cloud, month, cameras, wanted)
    if by == "subscriber" and margins:
        named = by_subscriber.Filters(
            text=narrowed.text, referral=narrowed.referral, loses=narrowed.loses
        )
        return await by_subscriber.list_page(
            actor, cloud, period, named, until=until, wanted=wanted
        )
    if by == "subscriber":
        return await by_subscriber.own_page(
            actor, cloud, period, until=until, text=narrowed.text, wanted=wanted
        )
    rows: Sequence[MoneyRow] = ()
    if by == "tariff":
        rows = await by_tariff.rows(actor, cloud, period, sums)
    elif sums is not None:
        rows = await by_subscriber.by_referral(actor, cloud, period, sums)
    return _sorted(cloud, rows, wanted)


def _sorted(cloud: CloudFacts, rows: Sequence[MoneyRow], wanted: Wanted) -> MoneyPage:
    """Few rows that are all at hand: in order, with what is nobody's at the end."""
    key, is_down = _KEYS[wanted.sort.lstrip("-")], wanted.sort.startswith("-")
    named = sorted((row for row in rows if row.id), key=key, reverse=is_down)
    ordered = [*named, *(row for row in rows if not row.id)]
    first = last_page(wanted.offset, wanted.limit, len(ordered))
    listed = ordered[first : first + wanted.limit]
    return MoneyPage(listed, len(ordered), sums=sum_of(cloud, ordered))


def _whole(cloud: CloudFacts, sums: Sums) -> MoneyRow:
    return MoneyRow(
        id=0,
        key="",
        name="",
        currency=cloud.currency,
        charges=sums.charges,
        revenue=sums.revenue,
        cost=sums.cost,
        commission=sums.commission,
    )
