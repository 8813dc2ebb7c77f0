"""Mail is sent by real workers: one that is killed while it sends leaves the letter to another."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.accounts.actions import invitations
from portal.db import atomic
from portal.kit.actions.mail import Post
from portal.kit.queries import tenancy
from tests.cast import NORA
from tests.conftest import Database
from tests.factories import two_clouds
from tests.mail.servers import Mailbox, server
from tests.workers.processes import Start, until

SENT = "select count(*) = 3 from delivery where state = 'sent'"


class Slow(Mailbox):
    """Takes the first letter and never says so."""

    def __init__(self) -> None:
        super().__init__()
        self.took_one = asyncio.Event()
        self.answers_now = asyncio.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        self.took_one.set()
        await self.answers_now.wait()
        return answer


@pytest.mark.slow
async def test_a_worker_killed_while_it_sends_leaves_the_letter_to_another(
    worker: Database, start_worker: Start
) -> None:
    await two_clouds()
    north = await tenancy.get(SYSTEM, "north")
    for number in range(3):
        await invitations.invite(
            NORA,
            email=f"new{number}@north.test",
            role="accountant",
            cloud=north,
            now=datetime.now(UTC),
            post=Post(is_set_up=True),
        )
    mailbox = Slow()
    async with server(mailbox) as port:
        url = {"CAMLEDGER_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        first = start_worker(**url)
        async with asyncio.timeout(120):
            await mailbox.took_one.wait()
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        mailbox.answers_now.set()
        async with atomic(SYSTEM) as tx:
            assert await tx.fetchval("select bool_or(state = 'sending') from delivery")
            # The claim of a worker that is gone ends by itself, in minutes.
            await tx.execute("update delivery set due_at = now() where state = 'sending'")
        start_worker(**url)
        start_worker(**url)
        await until(SENT)
    names = {letter["Message-ID"] for letter in mailbox.letters}
    assert len(names) == 3, "a letter that is sent again has the name it had"
    assert {letter["To"] for letter in mailbox.letters} == {
        f"new{number}@north.test" for number in range(3)
    }
