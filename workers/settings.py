"""arq's settings: `arq workers.settings.WorkerSettings`, or `camledger worker`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ClassVar, cast

from arq import cron, func
from arq.constants import in_progress_key_prefix
from arq.worker import Function

from portal import jobs, logs
from portal.accounts.actions.sending import claim_next
from portal.backup.folder import BackupFolder
from portal.books.actions.bank.uploads import Reader
from portal.crypto.marks import Marks
from portal.db import close_pool, open_pool
from portal.gateways.bank.reader import read_bank_file
from portal.gateways.cards import card_gateways
from portal.gateways.documents.pool import DocumentPool
from portal.gateways.mail.smtp import SmtpMail
from portal.gateways.queue import (
    QUEUE_NAME,
    ArqQueue,
    deserialize,
    redis_settings,
    serialize,
)
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.gateways.watcher.address import AddressRules
from portal.gateways.webhooks import WebhookSender
from portal.kit.queries.clock import check_clock_matches, clock_of, wall_clock
from portal.overview.actions.webhooks import delivering
from portal.settings import settings
from portal.watcher.actions.turns import Turn, next_provisioning, next_reading
from workers.jobs import (
    charge_card,
    close_period,
    do_task,
    estimate,
    follow_mappings,
    keep_differences,
    prove_books,
    provision,
    read_card_account,
    read_card_page,
    read_connection,
    read_gateway,
    refund_card,
    remind,
    render_documents,
    send_mail,
    send_webhook,
    sum_real_use,
    take_backup,
)
from workers.places import Places
from workers.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from arq.connections import ArqRedis
    from arq.typing import WorkerCoroutine

    Take = Callable[[Collection[int]], Awaitable[Turn | None]]

JOBS_AT_ONCE = 4
READINGS_AT_ONCE = 4
PROVISIONINGS_AT_ONCE = 2
MAILS_AT_ONCE = 2
WEBHOOKS_AT_ONCE = 16
"""Most of the time each waits for an endpoint, and has no connection to PostgreSQL."""
WEBHOOK_LOOK_SECONDS = 1
"""An event rings for nobody: its cause commits, and that is all."""
POOL_SIZE = (
    2 * JOBS_AT_ONCE + READINGS_AT_ONCE + PROVISIONINGS_AT_ONCE + MAILS_AT_ONCE
    + WEBHOOKS_AT_ONCE // 4 + 3
)  # fmt: skip
"""Connections to PostgreSQL: no job waits for one that a reading has. One more holds all locks."""
JOB_SECONDS_MAX = 3600
SWEEP_SECONDS = {0, 10, 20, 30, 40, 50}
PDF_PROCESSES = 2


async def startup(ctx: dict[str, Any]) -> None:
    """Open what jobs need. The connection is the owner's: workers see every cloud."""
    logs.configure(as_json=settings().log_json)
    await clear_away(ctx["redis"])
    await open_pool(settings().database_url, size=POOL_SIZE)
    await check_clock_matches(settings().test_clock)
    ctx["clock"] = clock_of(settings().test_clock)
    ctx["queue"] = ArqQueue(ctx["redis"])
    ctx["renderer"] = DocumentPool(PDF_PROCESSES)
    ctx["vault"] = Vault(settings().vault_keys)
    marks = Marks(settings().key_for("payers"))
    ctx["bank"] = Reader(ctx["vault"], read_bank_file, marks)
    ctx["cards"] = card_gateways(
        ctx["vault"],
        installation=settings().name,
        public_url=settings().public_url,
        stripe_url=settings().stripe_url,
    )
    ctx["connect"] = partial(
        connect,
        allow_private=settings().allow_private_addresses,
        trusted=settings().trusted_watchers,
    )
    rules = AddressRules(
        allow_private=settings().allow_private_addresses, trusted=settings().trusted_watchers
    )
    ctx["send_webhook"] = WebhookSender(rules, wall_clock)
    server = settings().mail_server
    ctx["mail"] = None if server is None else SmtpMail(server, wall_clock)
    ctx["public_url"] = settings().public_url
    ctx["backups"] = BackupFolder.of(settings())
    ctx["audit_key"] = settings().key_for("audit")
    ctx["places"] = _places(ctx)
    for name in (jobs.READ_CONNECTION, jobs.SEND_MAIL, jobs.SEND_WEBHOOK):
        ctx["places"][name].open()


def _places(ctx: dict[str, Any]) -> dict[str, Places]:
    """The places of the work that waits for Watchers, by the job that is rung for."""

    async def take_reading(busy: Collection[int]) -> Turn | None:
        return await next_reading(busy)

    async def take_provisioning(busy: Collection[int]) -> Turn | None:
        await ctx["clock"].refresh()
        return await next_provisioning(busy, ctx["clock"]())

    async def take_mail(_busy: Collection[int]) -> Turn | None:
        found = None if ctx["mail"] is None else await claim_next(wall_clock())
        return None if found is None else Turn(found, AsyncExitStack())

    async def take_webhook(_busy: Collection[int]) -> Turn | None:
        found = await delivering.claim_next(wall_clock())
        return None if found is None else Turn(found, AsyncExitStack())

    def places(count: int, take: Take, run: Callable[..., Awaitable[Any]], **more: float) -> Places:
        async def do(id_: int) -> object:
            await look_at_clock(ctx)
            return await _then_sweep(ctx, run, id_)

        return Places(count, take, do, seconds_max=JOB_SECONDS_MAX, **more)

    return {
        jobs.READ_CONNECTION: places(READINGS_AT_ONCE, take_reading, read_connection),
        jobs.PROVISION: places(PROVISIONINGS_AT_ONCE, take_provisioning, provision),
        jobs.SEND_MAIL: places(MAILS_AT_ONCE, take_mail, send_mail),
        jobs.SEND_WEBHOOK: places(
            WEBHOOKS_AT_ONCE, take_webhook, send_webhook, look_seconds=WEBHOOK_LOOK_SECONDS
        ),
    }


async def clear_away(redis: ArqRedis) -> None:
    """Take off the queue what some worker has begun.

    A killed one leaves its jobs there, marked as begun for as long as a job may take, and others
    read the first hundred of the queue: after a few dozen kills they would find nothing else, and
    stand still for an hour. Whoever is alive goes on with a job also when it is not on the queue,
    and what was interrupted is enqueued by the sweep, which follows.
    """
    for job in await redis.zrange(QUEUE_NAME, 0, -1):
        if await redis.exists(in_progress_key_prefix + job.decode()):
            await redis.zrem(QUEUE_NAME, job)


async def look_at_clock(ctx: dict[str, Any]) -> None:
    """Each job happens at one time, asked for when it begins."""
    await ctx["clock"].refresh()


async def shutdown(ctx: dict[str, Any]) -> None:
    """Give it all back."""
    for places in ctx["places"].values():
        await places.close()
    await ctx["renderer"].close()
    await close_pool()


async def _then_sweep(ctx: dict[str, Any], run: Callable[..., Awaitable[Any]], *ids: int) -> Any:
    """Do some work, and where a test clock stands look for what may have become due by it.

    A close waits for a reading, and whoever moves the clock waits for both.
    """
    came = await run(ctx, *ids)
    if came and settings().test_clock is not None:
        await ctx["queue"].enqueue(jobs.SWEEP)
    return came


def _job(run: Callable[..., Awaitable[Any]]) -> Function:
    """A job that is never retried by arq: the sweep enqueues again what is not done."""

    @wraps(run)
    async def job(ctx: dict[str, Any], *ids: int) -> None:
        await _then_sweep(ctx, run, *ids)

    return func(cast("WorkerCoroutine", job), keep_result=0, max_tries=1, timeout=JOB_SECONDS_MAX)


def _elsewhere(name: str) -> Function:
    """What is rung for by a name, but done in places of its own: looked at and left at once."""

    async def look(ctx: dict[str, Any], *_ids: int) -> None:
        await ctx["places"][name].fill()

    return func(cast("WorkerCoroutine", look), name=name, keep_result=0, max_tries=1)


class WorkerSettings:
    """Results are not kept: what happened is in PostgreSQL; a kept id would refuse the same job."""

    functions: ClassVar[list[Function]] = [
        _job(close_period),
        _job(render_documents),
        _job(sum_real_use),
        _job(prove_books),
        _job(take_backup),
        _job(estimate),
        _job(follow_mappings),
        _job(keep_differences),
        _job(do_task),
        _job(charge_card),
        _job(refund_card),
        _job(read_gateway),
        _job(read_card_account),
        _job(read_card_page),
        _job(remind),
        _elsewhere(jobs.READ_CONNECTION),
        _elsewhere(jobs.PROVISION),
        _elsewhere(jobs.SEND_MAIL),
        _elsewhere(jobs.SEND_WEBHOOK),
        _job(sweep),
    ]
    cron_jobs: ClassVar[list[Any]] = [
        cron(
            cast("WorkerCoroutine", sweep),
            second=SWEEP_SECONDS,
            run_at_startup=True,
            unique=True,
            keep_result=0,
        )
    ]
    on_startup = startup
    on_job_start = look_at_clock
    on_shutdown = shutdown
    queue_name = QUEUE_NAME
    redis_settings = redis_settings(settings().redis_url)
    job_serializer = serialize
    job_deserializer = deserialize
    poll_delay = 0.1
    health_check_interval = 30
    job_completion_wait = 8
    max_jobs = JOBS_AT_ONCE
    handle_signals = True
