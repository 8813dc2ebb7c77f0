"""What all documents of a period share: read by who makes a part of them, compared at issue.

Values without dates count as they are at the close. Parts are made at different moments, so each
remembers by which terms; what was made by others than those of the issue is made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from portal.billing.commission import Referral
from portal.billing.period import Period
from portal.books.queries import closing
from portal.books.queries.closing import Labels, Party, PlatformFacts
from portal.books.queries.money import adjustments
from portal.db import Transaction
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Terms:
    """A period of a cloud, who sells and buys, what referrals earn, and what things are called.

    `later` is how often the month changed invoices of before: rows of these are only added.
    """

    cloud: CloudFacts
    period_id: int
    period: Period
    party: Party
    platform: PlatformFacts
    referrals: dict[int, Referral]
    names: Labels
    later: int

    @property
    def digest(self) -> str:
        """The same as long as nothing of it changes."""
        names = self.names
        dicts = (self.referrals, names.tariffs, names.versions, names.services)
        shared = self.cloud, self.party, self.platform, self.later
        facts = (*shared, *(sorted(one.items()) for one in dicts))
        return sha256(repr(facts).encode()).hexdigest()


async def read_terms(tx: Transaction, period_id: int) -> Terms:
    """The terms of a period (a row id) as they are now."""
    row = await tx.fetchrow("select cloud, starts_on from period where id = $1", period_id)
    assert row is not None, "a period is never deleted"
    cloud = await tenancy.cloud_facts_by_id(tx, row["cloud"])
    return await terms_of(tx, cloud, Period.of(row["starts_on"]), period_id)


async def terms_of(tx: Transaction, cloud: CloudFacts, period: Period, period_id: int = 0) -> Terms:
    """The terms of a month as they are now; it may have no row (0) while nothing closes it."""
    return Terms(
        cloud=cloud,
        period_id=period_id,
        period=period,
        party=await closing.cloud_party(tx, cloud.id),
        platform=await closing.platform(tx),
        referrals=await closing.referrals(tx, cloud.id),
        names=await closing.labels(tx, cloud.id),
        later=await adjustments.count(tx, cloud.id, period),
    )
