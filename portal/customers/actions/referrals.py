"""Taking on referrals and changing them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.billing.commission import makes_circle
from portal.customers.actions.looked_at import look_at
from portal.customers.forms.referral import NewReferral, Payout, ReferralChange
from portal.customers.queries import referrals
from portal.customers.queries.referrals import Referral
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import differing, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

_SPONSORS: Final = """
with recursive above(id, sponsor) as (
  select id, sponsor from referral where cloud = $1 and id = $2
  union select r.id, r.sponsor from referral r join above a on r.id = a.sponsor where r.cloud = $1
) select id, sponsor from above
"""


async def create(actor: Actor, cloud: CloudFacts, new: NewReferral) -> Referral:
    """Take on a referral. Raises `Invalid` for an unknown sponsor, `Conflict` for a code taken."""
    async with atomic(actor) as tx:
        require(actor, Permission.REFERRALS_WRITE)
        sponsor = await _sponsor(tx, cloud.id, new.sponsor)
        made = await insert(
            tx,
            tables.Referral,
            {**values_of(new), "cloud": cloud.id, "sponsor": sponsor},
            unless_there=True,
        )
        if made is None:
            raise Conflict(
                _("There is a referral %(code)r already.") % {"code": new.code},
                {"code": _("is taken")},
            )
        referral = Referral(id=made, **values_of(new))
        await audit.record(
            tx, actor, "referral.create", f"referral {new.code}", cloud=cloud.id, after=referral
        )
        return referral


async def change(actor: Actor, cloud: CloudFacts, code: str, change: ReferralChange) -> Referral:
    """Change what was sent of a referral. Raises `Invalid` for a sponsor below it."""
    async with atomic(actor) as tx:
        await referrals.get_in(tx, cloud.id, code)
        require(actor, Permission.REFERRALS_WRITE)
        # Two changes at once could close a circle that neither sees.
        await tx.execute(
            "select pg_advisory_xact_lock(hashtextextended('sponsors of ' || $1::bigint, 0))",
            cloud.id,
        )
        before = await referrals.get_in(tx, cloud.id, code, lock=True)
        wanted = differing(change, before)
        if not wanted:
            return before
        columns = dict(wanted)
        if "sponsor" in wanted:
            sponsor = await _sponsor(tx, cloud.id, wanted["sponsor"])
            if sponsor is not None and await _would_circle(tx, cloud.id, before.id, sponsor):
                raise Invalid(
                    {
                        "sponsor": _("%(sponsor)r was referred by %(code)r itself")
                        % {"sponsor": wanted["sponsor"], "code": code}
                    }
                )
            columns["sponsor"] = sponsor
        await update(tx, tables.Referral, before.id, columns)
        after = await referrals.get_in(tx, cloud.id, code)
        await audit.record_change(
            tx,
            actor,
            "referral.change",
            f"referral {code}",
            cloud=cloud.id,
            before=before,
            after=after,
            fields=wanted,
        )
        return after


async def check(actor: Actor, cloud: CloudFacts, code: str, *, now: datetime) -> Referral:
    """Say that an agent whom another one invited is fine.

    Raises `Conflict` for one whom nobody invited, or who was looked at before.
    """
    async with atomic(actor) as tx:
        await referrals.get_in(tx, cloud.id, code)
        require(actor, Permission.REFERRALS_WRITE)
        before = await referrals.get_in(tx, cloud.id, code, lock=True)
        looked = await look_at(tx, actor, before, now=now)
        await audit.record(
            tx, actor, "referral.check", f"referral {code}", cloud=cloud.id, after=looked
        )
        return await referrals.get_in(tx, cloud.id, code)


async def change_payout(actor: Actor, cloud: CloudFacts, code: str, payout: Payout) -> Referral:
    """Say where the actor's own referral is paid. Raises `Forbidden` for another one's."""
    async with atomic(actor) as tx:
        require(actor, Permission.ACCOUNT_WRITE)
        before = await referrals.get_in(tx, cloud.id, code, lock=True)
        if before.id != actor.referral:
            raise Forbidden(_("Only a referral says this of itself."))
        wanted = values_of(payout)
        changed = [name for name, value in wanted.items() if getattr(before, name) != value]
        if not changed:
            return before
        await update(tx, tables.Referral, before.id, wanted)
        after = await referrals.get_in(tx, cloud.id, code)
        await audit.record_change(
            tx,
            actor,
            "referral.change-payout",
            f"referral {code}",
            cloud=cloud.id,
            before=before,
            after=after,
            fields=changed,
        )
        return after


async def _would_circle(tx: Transaction, cloud: int, referral: int, sponsor: int) -> bool:
    above = {row["id"]: row["sponsor"] for row in await tx.fetch(_SPONSORS, cloud, sponsor)}
    return makes_circle(referral, sponsor, above)


async def _sponsor(tx: Transaction, cloud: int, code: str | None) -> int | None:
    if code is None:
        return None
    found = await tx.fetchval("select id from referral where cloud = $1 and code = $2", cloud, code)
    if found is None:
        raise Invalid({"sponsor": _("there is no referral %(code)r") % {"code": code}})
    return int(found)
