"""Telling endpoints what happened: claimed, sent, and written down, by workers.

No transaction is open while an endpoint is waited for. Whoever is killed in between leaves a
delivery that another takes over after a minute: it is told again, under the same id.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.db import Transaction, atomic
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import insert, update
from portal.ports import SendWebhook, Vault
from portal.values.mail import WEBHOOK_OFF
from portal.values.webhooks import (
    ANSWER_BYTES_MAX,
    GIVEN_UP_AFTER,
    GONE,
    KEPT,
    Answered,
    Outgoing,
    wait_after,
)
from portal.words import _, stored

CLAIMED_FOR: Final = timedelta(minutes=1)
"""After so long another worker takes over: longer than an answer may take."""
OF_ENDPOINT: Final = 2
OF_CLOUD: Final = 12
"""Deliveries at a time, by all workers together; one of an endpoint that fails."""
PEOPLE_MAX: Final = 50
PURGED_AT_ONCE: Final = 5000
GONE_SAID: Final = _("It answered that it is gone (410).")
SILENT_SAID: Final = _("Nothing arrived there for 5 days.")
# Whose turn it is: the cloud, then the endpoint, that was served longest ago.
_CLAIM: Final = """
with chosen as (
  select e.id, e.cloud from webhook_endpoint e
  where e.enabled and e.removed_at is null
    and exists (select from webhook_delivery d where d.endpoint = e.id and d.due_at <= $1
                and d.state in ('waiting', 'sending'))
    and (select count(*) from webhook_delivery d where d.cloud = e.cloud and d.endpoint = e.id
         and d.state = 'sending' and d.due_at > $1)
        < case when e.failing_since is null then $3 else 1 end
    and (select count(*) from webhook_delivery d where d.cloud = e.cloud
         and d.state = 'sending' and d.due_at > $1) < $4
  order by (select max(o.served_at) from webhook_endpoint o where o.cloud = e.cloud) nulls first,
           e.served_at nulls first, e.id
  limit 1 for update of e skip locked
), following as (
  select d.id, d.endpoint from webhook_delivery d join chosen c on c.id = d.endpoint
  where d.due_at <= $1 and d.state in ('waiting', 'sending')
  order by d.due_at, d.id limit 1 for update of d skip locked
), served as (
  update webhook_endpoint e set served_at = clock_timestamp() from following f
  where e.id = f.endpoint
)
update webhook_delivery d set state = 'sending', due_at = $2 from following f
where d.id = f.id returning d.id
"""
_READ: Final = """
select d.id, d.cloud, d.endpoint, d.tries, e.url, e.secret, e.old_secret, e.old_until, c.slug,
       v.id as row, v.event, v.type, v.about, v.facts, v.happened_at, v.body
from webhook_delivery d
join webhook_endpoint e on e.cloud = d.cloud and e.id = d.endpoint
join webhook_event v on v.cloud = d.cloud and v.id = d.event
join cloud c on c.id = d.cloud
where d.id = $1 and d.state = 'sending' and e.enabled
"""
_PEOPLE: Final = """
select id, email from portal_user
where cloud = $1 and active and has_password and role = 'cloud-administrator'
order by id limit $2
"""
_PURGE: Final = (
    """
    delete from webhook_try where id in (
      select t.id from webhook_try t
      join webhook_delivery d on d.cloud = t.cloud and d.id = t.delivery
      join webhook_event v on v.cloud = d.cloud and v.id = d.event
      where v.created_at < $1 order by v.created_at limit $2)
    """,
    """
    delete from webhook_delivery d where id in (
      select d.id from webhook_delivery d
      join webhook_event v on v.cloud = d.cloud and v.id = d.event
      where v.created_at < $1 and not exists (
        select from webhook_try t where t.cloud = d.cloud and t.delivery = d.id)
      order by v.created_at limit $2)
    """,
    """
    delete from webhook_event where id in (
      select v.id from webhook_event v where v.created_at < $1 and not exists (
        select from webhook_delivery d where d.cloud = v.cloud and d.event = v.id)
      order by v.created_at limit $2)
    """,
)

Say = Callable[["Happened"], Awaitable[object]]
"""What the API answers about what happened, as it then was."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as it was written down: `about` is a row id, `facts` are those of the moment."""

    cloud: int
    type: str
    about: int | None
    facts: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker tells endpoints with; `clock` is the machine's."""

    send: SendWebhook
    vault: Vault
    say: Say
    post: Post
    clock: Callable[[], datetime]
    chance: Callable[[], float] = random.random


async def claim_next(now: datetime) -> int | None:
    """The delivery whose turn it is, by row id: it is this worker's for a minute."""
    async with atomic(SYSTEM) as tx:
        found: int | None = await tx.fetchval(_CLAIM, now, now + CLAIMED_FOR, OF_ENDPOINT, OF_CLOUD)
    return found


async def deliver(delivery: int, tools: Tools) -> bool:
    """Tell an endpoint what was claimed, and write down what came of it; whether it was there."""
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_READ, delivery)
    if row is None:
        return False
    body = row["body"] or await _write(row, tools.say)
    begun = time.monotonic()
    at = tools.clock()
    hook = Outgoing(
        cloud=row["slug"],
        url=row["url"],
        event=row["event"],
        body=body.encode(),
        secrets=_secrets(row, tools, at),
    )
    answered = await tools.send(hook)
    ms = round((time.monotonic() - begun) * 1000)
    async with atomic(SYSTEM) as tx:
        await _note(tx, row, answered, at, ms)
        if answered.is_success:
            await _arrived(tx, row, tools.clock())
        else:
            await _failed(tx, row, answered, tools)
    return True


async def _write(row: Record, say: Say) -> str:
    """The body of an event, written once: every try sends the same bytes."""
    happened = Happened(
        cloud=row["cloud"],
        type=row["type"],
        about=row["about"],
        facts=row["facts"],
        at=row["happened_at"],
    )
    data = await say(happened)
    body = msgspec.json.encode(
        {"type": row["type"], "timestamp": row["happened_at"], "data": data}, enc_hook=str
    ).decode()
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.WebhookEvent, row["row"], {"body": body})
    return body


def _secrets(row: Record, tools: Tools, at: datetime) -> tuple[str, ...]:
    locked = [row["secret"]]
    if row["old_secret"] is not None and row["old_until"] > at:
        locked.append(row["old_secret"])
    return tuple(tools.vault.open(one)["secret"] for one in locked)


async def _note(tx: Transaction, row: Record, answered: Answered, at: datetime, ms: int) -> None:
    columns = {
        "cloud": row["cloud"],
        "delivery": row["id"],
        "at": at,
        "status": answered.status,
        "ms": ms,
        "error": answered.error[:500],
        "answer": answered.answer[:ANSWER_BYTES_MAX],
    }
    await insert(tx, tables.WebhookTry, columns)


async def _arrived(tx: Transaction, row: Record, now: datetime) -> None:
    done = {"state": "delivered", "delivered_at": now, "tries": row["tries"] + 1}
    await update(tx, tables.WebhookDelivery, row["id"], done)
    of = tables.WebhookEndpoint
    failing = (of.id == row["endpoint"]) & of.failing_since.is_not_null()
    await update(tx, tables.WebhookEndpoint, failing, {"failing_since": None})


async def _failed(tx: Transaction, row: Record, answered: Answered, tools: Tools) -> None:
    now, tries = tools.clock(), row["tries"] + 1
    wait = wait_after(tries, tools.chance(), answered.retry_after)
    state: dict[str, Any] = {"tries": tries, "state": "failed"}
    if wait is not None:
        state |= {"state": "waiting", "due_at": now + timedelta(seconds=wait)}
    await update(tx, tables.WebhookDelivery, row["id"], state)
    since = await tx.fetchval(
        "update webhook_endpoint set failing_since = coalesce(failing_since, $2)"
        " where id = $1 and enabled returning failing_since",
        row["endpoint"],
        now,
    )
    if since is None:
        return
    if answered.status == GONE:
        await _switch_off(tx, row, tools, is_gone=True)
    elif now - since >= GIVEN_UP_AFTER:
        await _switch_off(tx, row, tools, is_gone=False)


async def _switch_off(tx: Transaction, row: Record, tools: Tools, *, is_gone: bool) -> None:
    """Tell it nothing any more, and its cloud's administrators that it is so."""
    endpoint = row["endpoint"]
    why = GONE_SAID if is_gone else SILENT_SAID
    off = {"enabled": False, "off_reason": stored(why)}
    await update(tx, tables.WebhookEndpoint, endpoint, off)
    of = tables.WebhookDelivery
    left = (of.cloud == row["cloud"]) & (of.endpoint == endpoint) & (of.state == "waiting")
    await update(tx, tables.WebhookDelivery, left, {"state": "failed"})
    about = f"webhook {endpoint}"
    told = {"enabled": False, "reason": why}
    await audit.record(tx, SYSTEM, "webhook.off", about, cloud=row["cloud"], after=told)
    now = tools.clock()
    for person in await tx.fetch(_PEOPLE, row["cloud"], PEOPLE_MAX):
        await mail.write(
            tx,
            tools.post,
            WEBHOOK_OFF,
            f"{WEBHOOK_OFF} {endpoint} {now.isoformat()} {person['id']}",
            person["email"],
            now=now,
            cloud=row["cloud"],
            user=person["id"],
            facts={"url": row["url"], "gone": "yes" if is_gone else ""},
        )


async def purge(now: datetime) -> None:
    """Forget events, deliveries and tries after 30 days, some thousands at a time."""
    async with atomic(SYSTEM) as tx:
        for statement in _PURGE:
            await tx.execute(statement, now - KEPT, PURGED_AT_ONCE)
