"""An installation under test: pages tell its time, while sessions go on by the machine's."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from portal.access import SYSTEM, Actor
from portal.app import create_app
from portal.db import atomic
from portal.gateways.queue import NullQueue
from portal.kit.actions import clock as clock_actions
from tests.cast import ADA, NORA, REX, SUE
from tests.conftest import Database
from tests.factories import two_clouds
from tests.routes.conftest import Clock, Site, password_hash, running, settings_of
from tests.routes.worked_example import read
from tests.services import TestServices

BEGINS = datetime(2031, 3, 10, 9, tzinfo=UTC)
MARCH, MAY = re.compile(r"\bMar(ch)? (10, )?2031\b"), re.compile(r"\bMay (2, )?2031\b")
PAGES: list[tuple[Actor, str]] = [
    (ADA, "/system"),
    (NORA, "/cloud"),
    (NORA, "/cloud/watcher/reconciliation"),
    (SUE, "/my"),
    (REX, "/referral"),
]


async def test_pages_follow_the_test_clock(
    database: Database, services: TestServices, tmp_path: Path
) -> None:
    async with database.as_worker():
        await clock_actions.start(BEGINS)
        await two_clouds()
        async with atomic(SYSTEM) as tx:
            await tx.execute("update portal_user set password = $1", password_hash())
    settings = replace(settings_of(database, services, tmp_path), test_clock=BEGINS)
    app, clock = create_app(settings, clock=Clock()), Clock()
    async with running(app), AsyncExitStack() as stack:
        site = Site(app, database, clock, settings, stack)
        people = {who: await site.as_(who) for who in dict.fromkeys(who for who, _ in PAGES)}
        for who, path in PAGES:
            assert MARCH.search(await read(people[who], path)), path
        await clock_actions.move(ADA, datetime(2031, 5, 2, tzinfo=UTC), queue=NullQueue())
        for who, path in PAGES:
            assert MAY.search(await read(people[who], path)), path
