"""What reminders switch off in Watcher and on again: Sue's cameras, and nothing of anybody else."""

from __future__ import annotations

from datetime import date, timedelta

import asyncpg
import pytest

from portal import jobs
from portal.access import SYSTEM
from portal.books.actions.dunning import rounds
from portal.books.actions.money import payments
from portal.books.forms.payments import NewPayment
from portal.customers.actions import suspensions
from portal.kit.actions.mail import NO_POST
from portal.kit.forms.form import parse
from portal.kit.queries import tenancy
from tests.books.issued import issue
from tests.cast import CARL, NORA, NORTH
from tests.conftest import Database
from tests.scenarios.provisioned import LIVE, NOON, Story, switched_on

DUE = NOON.date() - timedelta(days=20)
FIRST = "select id from subscriber where cloud = $1 and number = 1"


async def go_round(found: Story) -> None:
    await rounds.go_round(
        NORTH, now=found.now, wall=found.now, post=NO_POST, queue=found.queue, early=True
    )
    if found.queue.asked_for(jobs.PROVISION):
        await found.provision()


async def warned(found: Story, days_ago: int) -> None:
    """Sue was warned so many days ago: as a server took it then."""
    await go_round(found)
    await found.run(
        "update dunning_step set outcome = 'sent', at = $1 where action = 'warn'",
        found.now - timedelta(days=days_ago),
    )


@pytest.mark.parametrize("api", ["v2", "v3"])
async def test_analytics_go_first_then_the_cameras_and_all_is_on_once_paid(
    worker: Database, api: str
) -> None:
    found = await switched_on(api)
    before = found.state()
    usual = before["gate"][0]
    # What a person suspended is not the reminders' to switch on again.
    await suspensions.suspend_camera(
        NORA, await tenancy.get(SYSTEM, "north"), "yard/north", suspended=True, queue=found.queue
    )
    await found.provision()
    connection = await asyncpg.connect(worker.owner_url)
    subscriber = await connection.fetchval(FIRST, NORTH)
    number = await issue(
        connection, NORTH, subscriber, 1648, due=DUE.isoformat(), issued="2026-09-01"
    )
    await connection.close()
    await warned(found, 7)
    await go_round(found)
    off = found.state()
    quiet = off["gate"][0]
    assert quiet not in {usual, LIVE}
    assert off["gate"] == (quiet, True)
    preset = found.running.present().presets[quiet or 0]
    assert preset.alg != "plates"
    assert preset.dvr.lock_ms == 7 * 86_400_000, "recording goes on"
    assert {name: one for name, one in off.items() if name in {"dock", "lobby"}} == {
        name: one for name, one in before.items() if name in {"dock", "lobby"}
    }
    found.wait(days=4)
    await go_round(found)
    assert found.state()["gate"] == (quiet, False)
    # The same tariff all the time: what is paid for, and comes back, is on it.
    assert await found.value("select count(*) from subscription where ends_on is not null") == 0
    form = {
        "invoice": number,
        "amount": "16.48",
        "paid_on": date(2026, 10, 5).isoformat(),
        "reference": "at last",
        "method": "bank",
    }
    await payments.receive(
        CARL, await tenancy.get(SYSTEM, "north"), parse(NewPayment, form), now=found.now
    )
    await go_round(found)
    assert found.state()["gate"] == before["gate"]
    assert found.state()["yard/north"] == (usual, False)
    await go_round(found)
    assert await found.due() == []
