"""Referrals of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from portal import tables
from portal.access import Actor
from portal.customers.forms.referral import NewReferral
from portal.db import Transaction
from portal.kit.queries.keyed import Keyed
from portal.kit.queries.rows import row_of, select_list
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral(NewReferral):
    """An agent; `sponsor` is the code of the one above it.

    One that its sponsor invited, at `invited_at`, waits for a look until `checked_at`.
    """

    id: int
    invited_at: datetime | None = None
    checked_at: datetime | None = None


_LISTED: Final = select_list(Referral, tables.Referral, "r", sponsor="s.code")
_SELECT: Final = f"""
select {_LISTED}
from referral r left join referral s on s.id = r.sponsor
"""  # noqa: S608 - columns of ours
_REFERRALS: Final = Keyed(
    _SELECT, "r.code", _("referral"), partial(row_of, Referral), owner="r.cloud = $1"
)


async def list_page(
    actor: Actor, cloud: CloudFacts, *, after: str | None = None, limit: int = 100
) -> list[Referral]:
    """A cloud's referrals by code, those after `after`."""
    return await _REFERRALS.page(actor, cloud.id, after=after or "", limit=limit)


async def get(actor: Actor, cloud: CloudFacts, code: str) -> Referral:
    """One referral by its code. Raises `NotFound`."""
    return await _REFERRALS.get(actor, code, cloud.id)


async def get_in(tx: Transaction, cloud: int, code: str, *, lock: bool = False) -> Referral:
    """As `get`, within a transaction; with `lock` nobody else changes it until that ends."""
    return await _REFERRALS.get_in(tx, code, cloud, lock="no key update" if lock else "")
