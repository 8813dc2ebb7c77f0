"""What people do about a draft: have it made anew, and find what it shows fine."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import jobs, tables
from portal.access import Actor, Permission
from portal.billing.money import format_minor
from portal.billing.period import Period
from portal.books.queries.drafts import kept, looks
from portal.books.queries.drafts.looks import SurpriseRow
from portal.db import atomic
from portal.errors import Conflict, no_such
from portal.kit.actions import audit
from portal.kit.actions.drafts import mark_drafts
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.words import _

_STATE: Final = "select state from period where cloud = $1 and starts_on = $2"


async def make_anew(
    actor: Actor, cloud: CloudFacts, period: Period, *, now: datetime, queue: Queue
) -> None:
    """Ask workers for the draft of a month, whatever changed.

    Raises `NotFound` as reading it does, and `Conflict` once its close has begun.
    """
    require(actor, Permission.PERIODS_CLOSE)
    await kept.get(actor, cloud, period, now=now)
    async with atomic(actor) as tx:
        if await tx.fetchval(_STATE, cloud.id, period.start) not in {None, "open"}:
            raise Conflict(
                _("The close of %(key)s has begun: its draft stays as it is.") % {"key": period.key}
            )
        await mark_drafts(tx, cloud.id, period.start)
        enqueue_after_commit(queue, jobs.ESTIMATE, cloud.id)


async def find_fine(
    actor: Actor, cloud: CloudFacts, period: Period, key: str, *, note: str = ""
) -> SurpriseRow:
    """Say that a surprise of a month's draft is fine: at the amount that it has now.

    Said again, it is said once. Raises `NotFound` for one that the draft does not have (any more).
    """
    require(actor, Permission.PERIODS_CLOSE)
    async with atomic(actor) as tx:
        for one in await looks.surprises(tx, cloud.id, period, key):
            facts = {
                "cloud": cloud.id,
                "month": period.start,
                "key": key,
                "rule": one.rule,
                "subject_kind": one.subject_kind,
                "subject": one.subject,
                "amount": one.amount,
                "note": note,
                "by": actor.name,
            }
            added = await insert(tx, tables.Seen, facts, unless_there=True)
            if added is not None:
                await audit.record(
                    tx,
                    actor,
                    "period.fine",
                    f"period {period.key}",
                    cloud=cloud.id,
                    after={
                        "rule": one.rule,
                        one.subject_kind: one.subject,
                        "amount": None
                        if one.amount is None
                        else format_minor(one.amount, cloud.currency),
                        "note": note,
                    },
                )
            (fine,) = await looks.surprises(tx, cloud.id, period, key)
            return fine
        raise no_such(_("surprise"), key)
