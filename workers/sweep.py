"""What is due by the clock and the database. Running it twice, or on ten machines, is harmless."""

from __future__ import annotations

from datetime import datetime

import structlog

from portal import jobs
from portal.access import SYSTEM
from portal.accounts.actions import sending, sessions
from portal.books.actions import verification
from portal.books.actions.bank import uploads
from portal.books.actions.cards import charging
from portal.books.actions.cards import events as card_events
from portal.books.actions.cards import telling as cards_told
from portal.books.actions.money import telling
from portal.books.actions.payouts import telling as payouts
from portal.books.actions.payouts.accounts import hold_own_accounts
from portal.books.actions.payouts.runs import draft_due
from portal.books.actions.periods import note_attempt, start_close
from portal.books.actions.sending import due
from portal.books.queries import worklist as books_work
from portal.books.queries.cards import worklist as cards_work
from portal.books.queries.dunning import standing
from portal.books.queries.payouts import statements
from portal.books.queries.sums import real_use
from portal.errors import PortalError
from portal.kit.actions import idempotency, sent_once, task_progress
from portal.kit.actions.mail import Post
from portal.kit.queries import tasks, tenancy
from portal.kit.queries.clock import WallClock
from portal.overview.actions import backups, digest, looking, referred_subscribers
from portal.overview.actions.webhooks import delivering, overdue
from portal.ports import Queue
from portal.routes.shared.attention import said_of
from portal.watcher.actions.sync.request import request_due
from portal.watcher.queries import worklist as watcher_work
from workers.context import Context

log = structlog.get_logger()


async def sweep(ctx: Context) -> None:
    """Begin readings and closes that are due, enqueue everything unfinished, and tidy up."""
    now, queue = ctx["clock"](), ctx["queue"]
    for cloud_id, connection in await watcher_work.readings(now):
        await request_due(cloud_id, connection, now=now, queue=queue)
    for cloud_id, period in await books_work.periods(now):
        cloud = await tenancy.get_by_id(SYSTEM, cloud_id)
        try:
            await start_close(SYSTEM, cloud, period, accept_gaps=False, now=now, queue=queue)
        except PortalError as error:
            await note_attempt(cloud, period, now=now)
            told = {"cloud": cloud.slug, "period": period.key}
            log.info("A period cannot close yet", **told, why=error.message)
    await charging.ask_due(now=now, wall=WallClock()(), queue=queue)
    await hold_own_accounts(ctx["bank"].marks)
    for run in await statements.runs(now):
        await draft_due(run, now=now)
    await _enqueue_unfinished(queue, now)
    if ctx["backups"] is not None and (backup := await backups.due(now=WallClock()())):
        await queue.enqueue(jobs.TAKE_BACKUP, backup)
    post = Post(is_set_up=ctx["mail"] is not None, queue=queue)
    await referred_subscribers.invite_due(now=now, post=post)
    await looking.tell_due(now=now, wall=WallClock()(), post=post)
    await telling.tell_due(wall=WallClock()(), post=post)
    await cards_told.tell_due(wall=WallClock()(), post=post)
    await payouts.tell_due(now=now, wall=WallClock()(), post=post)
    await digest.write_due(now=now, wall=WallClock()(), post=post, say=said_of)
    await overdue.tell_due(now=now)
    await due.write_due(now=WallClock()(), post=post)
    await due.release(now=WallClock()(), queue=queue)
    await _tidy_up()


async def _enqueue_unfinished(queue: Queue, now: datetime) -> None:
    """Ask for all that the database knows to be left, whoever began it."""
    for period_id in await books_work.closings():
        await queue.enqueue(jobs.CLOSE_PERIOD, period_id)
    if await books_work.documents_waiting():
        await queue.enqueue(jobs.RENDER_DOCUMENTS)
    for cloud_id in await standing.turns(now):
        await queue.enqueue(jobs.REMIND, cloud_id)
    for period_id in await real_use.due():
        await queue.enqueue(jobs.SUM_REAL_USE, period_id)
    proof = await verification.due(now=WallClock()())
    if proof is not None:
        await queue.enqueue(jobs.PROVE_BOOKS, proof)
    for cloud_id in await books_work.estimates(now):
        await queue.enqueue(jobs.ESTIMATE, cloud_id)
    await _enqueue_of_watchers(queue, now)
    for task_id in await tasks.unfinished():
        await queue.enqueue(jobs.DO_TASK, task_id)
    await _enqueue_of_gateways(queue)


async def _enqueue_of_gateways(queue: Queue) -> None:
    """What is due at card gateways, by the machine's clock: theirs is no test's."""
    wall = WallClock()()
    for table, job in cards_work.JOBS.items():
        for row in await cards_work.due(table, wall):
            await queue.enqueue(job, row)
    for cloud_id in await cards_work.to_read(wall):
        await queue.enqueue(jobs.READ_CARD_ACCOUNT, cloud_id)


async def _enqueue_of_watchers(queue: Queue, now: datetime) -> None:
    """The same of what has to do with Watchers."""
    for reading_id in await watcher_work.readings_running():
        await queue.enqueue(jobs.READ_CONNECTION, reading_id)
    for cloud_id in await watcher_work.mappings():
        await queue.enqueue(jobs.FOLLOW_MAPPINGS, cloud_id)
    for cloud_id in await watcher_work.differences(now):
        await queue.enqueue(jobs.KEEP_DIFFERENCES, cloud_id)
    for cloud_id in await watcher_work.provisionings(now):
        await queue.enqueue(jobs.PROVISION, cloud_id)


async def _tidy_up() -> None:
    """Forget what nobody asks for any more, by the machine's clock: sessions go on by it."""
    wall = WallClock()()
    await sessions.purge(wall)
    await card_events.purge(wall)
    await sending.purge(wall)
    await idempotency.purge(wall)
    await sent_once.purge(wall)
    await task_progress.purge(wall)
    await uploads.purge(wall)
    await delivering.purge(wall)
