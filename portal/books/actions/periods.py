"""Beginning to close a period."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal import jobs
from portal.access import SYSTEM, Actor, Permission, can
from portal.billing.coverage import Gap
from portal.billing.period import Period, has_ended, local_date
from portal.books.queries.drafts import kept
from portal.books.queries.rating import RUNS
from portal.customers.forms.closing import REASONS
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_books_exclusive
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.usage.queries import coverage
from portal.words import _, english

JOBS_A_CLOSE: Final = 4
"""Jobs enqueued for a close: as many workers share it, fewer when there are fewer."""

_OPEN: Final = """
insert into period (cloud, starts_on) values ($1, $2)
on conflict (cloud, starts_on) do update set state = period.state where period.state = 'open'
returning id
"""
_BATCHES: Final = f"""
insert into period_batch (cloud, period, first_camera, last_camera, cameras)
select $1, $2, first, last, cameras from ({RUNS}) r order by first
"""  # noqa: S608 - ours

_BEGIN: Final = """
update period set state = 'closing', closing_at = $2, accepted_gaps = $3, accepted_by = $4,
  accepted_reason = $5,
  cameras_total = (select coalesce(sum(cameras), 0) from period_batch where period = $1)
where id = $1
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """The period's row id, and whether this call moved it from open to closing."""

    id: int
    begun: bool


class DraftChanged(Conflict):
    """What a close would issue is not what was looked at before it."""


async def start_close(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    accept_gaps: bool,
    now: datetime,
    queue: Queue,
    accepted: Collection[date] = (),
    reason: str = "",
    looked: str | None = None,
) -> Begun:
    """Begin to close a cloud's month; workers do the rest. `reason` is why gaps are accepted.

    All gaps are accepted, or the days in `accepted`. `looked` is `DraftFacts.looked` of the draft
    that somebody looked at. A month that is closing or closed already is left as it is. Raises
    `Conflict` when it has not ended in the cloud's zone, or has gaps that nobody accepts: its
    `fields` are the days; for a cloud that is suspended; and `DraftChanged`.
    """
    if not can(actor, Permission.PERIODS_CLOSE):
        raise Forbidden(_("Closing a period is not yours to do."))
    async with atomic(actor) as tx:
        await lock_books_exclusive(tx, cloud.id)
        period_id = await tx.fetchval(_OPEN, cloud.id, period.start)
        if period_id is None:
            begun = await tx.fetchval(
                "select id from period where cloud = $1 and starts_on = $2", cloud.id, period.start
            )
            return Begun(begun, begun=False)
        await _refuse_suspended(tx, cloud)
        if not has_ended(period, now, cloud.timezone):
            message = _("%(key)s has not ended in %(timezone)s.") % {
                "key": period.key,
                "timezone": cloud.timezone,
            }
            raise Conflict(message)
        today = local_date(now, cloud.timezone)
        gaps = await coverage.gaps(tx, cloud, period, until=today)
        if lacking := [gap for gap in gaps if not accept_gaps and gap.day not in accepted]:
            raise _incomplete(period, lacking)
        if looked is not None:
            await _refuse_changed(actor, cloud, period, looked, now)
        days = [gap.day.isoformat() for gap in gaps]
        await tx.execute(_BATCHES, cloud.id, period_id)
        because = (reason or english(REASONS[0])) if days else ""
        await tx.execute(_BEGIN, period_id, now, days, actor.name if days else "", because)
        await audit.record(
            tx,
            actor,
            "period.close",
            f"period {period.key}",
            cloud=cloud.id,
            after={"accepted_gaps": days, "reason": because} if days else {"accepted_gaps": days},
        )

        enqueue_after_commit(queue, jobs.CLOSE_PERIOD, period_id, times=JOBS_A_CLOSE)
        return Begun(period_id, begun=True)


async def _refuse_changed(
    actor: Actor, cloud: CloudFacts, period: Period, looked: str, now: datetime
) -> None:
    draft = await kept.get(actor, cloud, period, now=now)
    if draft.looked != looked:
        raise DraftChanged(
            _("The draft of %(key)s has changed since you looked at it. Look at it again.")
            % {"key": period.key}
        )


async def _refuse_suspended(tx: Transaction, cloud: CloudFacts) -> None:
    if await tx.fetchval("select suspended from cloud where id = $1", cloud.id):
        raise Conflict(
            _("%(name)s is suspended: its months are closed after it is resumed.")
            % {"name": cloud.name}
        )


async def note_attempt(cloud: CloudFacts, period: Period, *, now: datetime) -> None:
    """Remember that the sweep could not begin a close, so that it waits before it looks again."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into period (cloud, starts_on, tried_at) values ($1, $2, $3)"
            " on conflict (cloud, starts_on) do update set tried_at = excluded.tried_at"
            " where period.state = 'open'",
            cloud.id,
            period.start,
            now,
        )


def _incomplete(period: Period, gaps: Sequence[Gap]) -> Conflict:
    return Conflict(
        _(
            "%(key)s has %(count)s days without complete usage; send it, or "
            "accept the gaps to close all the same."
        )
        % {"key": period.key, "count": len(gaps)},
        {gap.day.isoformat(): gap.message for gap in gaps},
    )
