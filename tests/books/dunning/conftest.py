"""Two clouds whose customers owe, and a mail server: what rounds by the books' time do there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.accounts.actions import sending
from portal.books.actions.dunning import letters, rounds
from portal.books.actions.money import payments
from portal.books.forms.payments import NewPayment
from portal.db import atomic, snapshot
from portal.kit.actions.mail import Post
from portal.kit.forms.form import parse
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from tests.books.issued import issue
from tests.cast import CARL, NORTH, SOUTH
from tests.conftest import Database
from tests.factories import camera, subscribe, two_clouds
from tests.mail.servers import Mailbox, server
from tests.mail.test_deliveries import URL, smtp
from tests.queues import RecordingQueue

DUE = date(2026, 11, 14)
SUES, TIMS = 1, 3


def at(days: int, hour: int = 9) -> datetime:
    """An hour, UTC, so many days after the invoices were due."""
    return datetime(DUE.year, DUE.month, DUE.day, hour, tzinfo=UTC) + timedelta(days=days)


@dataclass
class Clouds:
    """Two clouds, a mail server of which `port` is one, and what was asked of the workers."""

    url: str
    port: int
    mailbox: Mailbox
    queue: RecordingQueue = field(default_factory=RecordingQueue)

    @property
    def post(self) -> Post:
        return Post(is_set_up=True, queue=self.queue)

    async def go(self, now: datetime, cloud: int = NORTH, *, post: Post | None = None) -> int:
        """A round by the books' time, and the mails of it."""
        taken = await rounds.go_round(
            cloud, now=now, wall=now, post=post or self.post, queue=self.queue, early=True
        )
        await self.send(now)
        return taken

    async def send(self, now: datetime) -> None:
        while (found := await sending.claim_next(now)) is not None:
            await sending.send(
                found,
                server=smtp(self.port),
                now=now,
                public_url=URL,
                others=letters.COMPOSED,
                told=letters.told(lambda: now),  # type: ignore[arg-type] # a clock that stands
            )

    async def owes(self, cloud: int, subscriber: int, amount: int, due: date = DUE) -> str:
        connection = await asyncpg.connect(self.url)
        try:
            day = (due - timedelta(days=14)).isoformat()
            return await issue(
                connection, cloud, subscriber, amount, due=due.isoformat(), issued=day
            )
        finally:
            await connection.close()

    async def steps(self, subscriber: int = SUES) -> list[tuple[int, str, str]]:
        return await rows(
            "select days, action, outcome from dunning_step where subscriber = $1 order by id",
            subscriber,
        )

    async def is_off(self, subscriber: int = SUES) -> tuple[bool, bool]:
        found = await rows(
            "select analytics_off, recording_off from dunning_episode"
            " where subscriber = $1 and ended_at is null",
            subscriber,
        )
        return found[0] if found else (False, False)


async def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
    async with snapshot(SYSTEM) as tx:
        return [tuple(row) for row in await tx.fetch(query, *values)]


async def run_sql(statement: str, url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def clouds(worker: Database) -> AsyncIterator[Clouds]:
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        for cloud, name, owner, tariff in (
            (NORTH, "gate", SUES, "home-7"),
            (NORTH, "yard", 2, "home-7"),
            (SOUTH, "dock", TIMS, "south-7"),
        ):
            made = await camera(tx, cloud, name, owner)
            await subscribe(tx, cloud, made, owner, world.tariffs[tariff], "2026-10-01")
    mailbox = Mailbox()
    async with server(mailbox) as port:
        it = Clouds(worker.owner_url, port, mailbox)
        await run_sql(
            "update subscriber set email = 'sue@home.test' where id = 1;"
            "update subscriber set email = 'tim@dock.test' where id = 3;"
            # Where Camledger decides about all their cameras.
            "insert into connection (cloud, api, url, secret, provision, created_at)"
            " select id, 'v2', 'https://watcher.test/' || slug, '', true, now() from cloud;"
            "insert into camera_interval (cloud, connection, camera, since, preset, enabled)"
            " select c.cloud, n.id, c.id, now(), 1, true from camera c"
            " join connection n on n.cloud = c.cloud",
            worker.owner_url,
        )
        yield it


async def north() -> CloudFacts:
    return await tenancy.get(SYSTEM, "north")


async def pay(number: str, amount: str, day: date) -> None:
    form = parse(
        NewPayment,
        {
            "invoice": number,
            "amount": amount,
            "paid_on": day.isoformat(),
            "reference": f"paid {number} {amount}",
            "method": "bank",
        },
    )
    await payments.receive(CARL, await north(), form, now=at(400))
