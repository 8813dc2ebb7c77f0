"""Subscribers of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.subscriber import NewSubscriber
from portal.db import Transaction
from portal.kit.queries.keyed import Keyed
from portal.kit.queries.rows import addressed, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.values.numbers import NUMBER
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber(NewSubscriber):
    """A customer, as it was taken on or changed since.

    `referral` is a code, `account_manager` an e-mail. `suspended` goes for all its cameras. A
    referral took it on at `brought_at`, with a note; `brought_doubts` are the fields that others
    have, too. It was looked at at `checked_at`, until then its commissions are held.
    """

    id: int
    number: Annotated[int, NUMBER]
    suspended: bool
    brought_at: datetime | None = None
    brought_note: str = ""
    brought_doubts: tuple[str, ...] = ()
    checked_at: datetime | None = None


_LISTED: Final = select_list(
    Subscriber,
    tables.Subscriber,
    "s",
    terms="t",
    referral="r.code",
    account_manager="u.email",
    wanted_tariff="w.code",
)
_SELECT: Final = f"""
select {_LISTED}
from subscriber s
join subscriber_terms t on t.id = s.id
left join referral_name r on r.id = s.referral
left join colleague u on u.id = t.account_manager
left join tariff w on w.id = t.wanted_tariff
"""  # noqa: S608 - columns of ours
_SUBSCRIBERS: Final = Keyed(
    _SELECT, "s.number", _("subscriber"), partial(addressed, Subscriber), owner="s.cloud = $1"
)


async def list_page(
    actor: Actor, cloud: CloudFacts, *, after: int | None = None, limit: int = 100
) -> list[Subscriber]:
    """A cloud's subscribers by number, those after `after`."""
    return await _SUBSCRIBERS.page(actor, cloud.id, after=after or 0, limit=limit)


async def get(actor: Actor, cloud: CloudFacts, number: int) -> Subscriber:
    """One subscriber by its number. Raises `NotFound`."""
    return await _SUBSCRIBERS.get(actor, number, cloud.id)


async def get_in(tx: Transaction, cloud: int, number: int, *, lock: bool = False) -> Subscriber:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    return await _SUBSCRIBERS.get_in(tx, number, cloud, lock="no key update" if lock else "")
