"""What a cloud does about invoices that are not paid: its own steps, or the usual ones again."""

from __future__ import annotations

from portal import tables
from portal.access import Actor, Permission
from portal.books.forms.dunning import PolicyForm
from portal.books.queries.dunning import policies
from portal.books.queries.dunning.policies import CloudPolicy
from portal.db import atomic
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import upsert
from portal.kit.queries.tenancy import CloudFacts


async def save(actor: Actor, cloud: CloudFacts, form: PolicyForm) -> CloudPolicy:
    """Set a cloud's policy; what was done by the one before is not done again.

    Raises `Forbidden` to all but administrators.
    """
    require(actor, Permission.DUNNING_WRITE)
    steps = sorted(one.step for one in form.steps)
    columns = {
        "cloud": cloud.id,
        "steps": [{"days": one.days, "action": one.action.value} for one in steps],
        "texts": [
            {"days": one.days, "action": one.action, "text": list(one.text)}
            for one in form.texts
            if one.text
        ],
        "minimum": form.minimum,
        "notice_days": form.notice_days,
        "stops_for_questions": form.stops_for_questions,
    }
    async with atomic(actor) as tx:
        before = await policies.get_in(tx, cloud.id)
        await upsert(tx, tables.DunningPolicy, columns, key=("cloud",))
        after = await policies.get_in(tx, cloud.id)
        if after != before:
            await audit.record(
                tx,
                actor,
                "dunning.settings",
                f"cloud {cloud.slug}",
                cloud=cloud.id,
                before=_told(before),
                after=_told(after),
            )
        return after


def _told(policy: CloudPolicy) -> dict[str, object]:
    return {
        "steps": [f"{one.days} {one.action.value}" for one in policy.steps],
        "minimum": str(policy.minimum),
        "notice_days": policy.notice_days,
        "stops_for_questions": policy.stops_for_questions,
        "texts": len(policy.texts),
    }
