"""Nothing but usage changes with effect inside a period that is closing or closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions.closed import refuse_closed
from portal.kit.actions.locks import lock_books_exclusive
from tests import cast
from tests.patience import PATIENCE_SECONDS, somebody_waits
from tests.routes.api.conftest import House

NORTH = "/clouds/north"
PRICING = {"model": "per_unit", "unit_price": "1"}
VERSION: dict[str, Any] = {"monthly_price": "1"}


@pytest.fixture(scope="module", autouse=True)
async def september_closed_and_october_closing(house: House):
    """North's September is closed, its October closing; August and November are open."""
    await house.sql(
        "insert into period (cloud, starts_on, state) values (1, '2026-09-01', 'closed'),"
        " (1, '2026-10-01', 'closing'), (1, '2026-08-01', 'open') returning id"
    )
    await house.post("nora", f"{NORTH}/tariffs", {"code": "trial", "name": "T", "valid_from": "2026-01-01",
                                                  "monthly_price": "1", "trial_days": 5})  # fmt: skip
    await house.post("nora", f"{NORTH}/cameras", {"external_id": "summer", "subscriber": 1})
    summer = {"tariff": "trial", "starts_on": "2026-08-20", "ends_on": "2026-08-31"}
    await house.post("nora", f"{NORTH}/cameras/summer/subscriptions", summer)


def month(answer: Any) -> str:
    """The month that a conflict names."""
    assert answer.status_code == 409, answer.text
    return str(answer.json()["detail"].partition(" ")[0])


@pytest.mark.parametrize(
    ("service", "day", "closed"),
    [
        ("plates", "2026-09-15", "2026-09"),
        ("plates", "2026-10-31", "2026-10"),
        ("plates", "2026-08-15", "2026-09"),  # until the next rate, which is none
        ("storage", "2026-02-01", "2026-09"),  # the first of its service
        ("plates", "2026-11-01", ""),
    ],
)
async def test_a_rate_begins_after_what_is_closed(house: House, service, day, closed):
    body = {"service": service, "valid_from": day, "pricing": PRICING}
    answer = await house.ask("ada", "POST", f"{NORTH}/rates", body)
    if closed:
        assert month(answer) == closed
    else:
        assert answer.status_code == 201


async def test_a_rate_that_another_ends_before_what_is_closed_is_taken(house: House):
    await house.sql(
        "insert into rate (cloud, service, valid_from, pricing)"
        ' values (1, $1, \'2026-09-01\', \'{"model": "per_unit", "unit_price": "2"}\') returning id',
        house.world.services["motion-day"],
    )
    body = {"service": "motion-day", "valid_from": "2026-08-15", "pricing": PRICING}
    assert (await house.ask("ada", "POST", f"{NORTH}/rates", body)).status_code == 201


async def test_another_cloud_is_as_open_as_ever(house: House):
    body = {"service": "plates", "valid_from": "2026-09-15", "pricing": PRICING}
    assert (await house.ask("ada", "POST", "/clouds/south/rates", body)).status_code == 201


async def test_a_new_tariff_changes_nothing_that_is_closed(house: House):
    body = {"code": "old", "name": "Old", "valid_from": "2026-09-01", **VERSION}
    await house.post("nora", f"{NORTH}/tariffs", body)


@pytest.mark.parametrize(
    ("day", "closed"),
    [("2026-09-30", "2026-09"), ("2026-08-30", "2026-09"), ("2026-10-05", "2026-10")],
)
async def test_a_version_begins_after_what_is_closed(house: House, day, closed):
    body = {"valid_from": day, **VERSION}
    assert (
        month(await house.ask("nora", "POST", f"{NORTH}/tariffs/home-7/versions", body)) == closed
    )


async def test_a_version_whose_trials_reach_into_what_is_closed(house: House):
    """A version of 15 August, followed by one of 1 September, changes no price after August. But who
    started on 20 August would be free for 30 days instead of 5: nine days of September.
    """
    await house.sql(
        "insert into tariff_version (cloud, tariff, valid_from, monthly_price, setup_fee, trial_days)"
        " select 1, id, '2026-09-01', 1, 0, 5 from tariff where cloud = 1 and code = 'trial' returning id"
    )
    path = f"{NORTH}/tariffs/trial/versions"
    long = {"valid_from": "2026-08-15", **VERSION, "trial_days": 30}
    assert month(await house.ask("nora", "POST", path, long)) == "2026-09"
    short = {**long, "trial_days": 12}
    assert (await house.ask("nora", "POST", path, short)).status_code == 201


@pytest.mark.parametrize(
    ("start", "end", "closed"),
    [
        ("2026-08-01", None, "2026-09"),
        ("2026-08-01", "2026-09-02", "2026-09"),
        ("2026-09-30", "2026-10-01", "2026-09"),
        ("2026-10-31", None, "2026-10"),
        ("2026-08-01", "2026-09-01", ""),
        ("2026-11-01", None, ""),
    ],
)
async def test_a_subscription_touches_nothing_that_is_closed(house: House, start, end, closed):
    body = {"tariff": "home-7", "starts_on": start, "ends_on": end}
    answer = await house.ask("nora", "POST", f"{NORTH}/cameras/attic/subscriptions", body)
    if closed:
        assert month(answer) == closed
    else:
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("end", "closed"),
    [
        ("2026-09-02", "2026-09"),
        ("2026-10-01", "2026-10"),
        ("2026-10-31", "2026-10"),
        ("2026-11-01", ""),
        ("2026-12-01", ""),
        (None, ""),
    ],
)
async def test_an_end_wins_and_loses_no_day_that_is_closed(house: House, end, closed):
    """The gate is served since 1 September, without end: what differs is [new end, for ever)."""
    path = f"{NORTH}/cameras/gate/subscriptions/1"
    answer = await house.ask("nora", "PATCH", path, {"ends_on": end})
    if closed:
        assert month(answer) == closed
    else:
        assert (answer.status_code, answer.json()["ends_on"]) == (200, end)


async def test_an_end_before_what_is_closed_does_not_move_into_it(house: House):
    camera = {"external_id": "early", "subscriber": 1}
    await house.post("nora", f"{NORTH}/cameras", camera)
    body = {"tariff": "home-7", "starts_on": "2026-08-01", "ends_on": "2026-08-15"}
    made = await house.post("nora", f"{NORTH}/cameras/early/subscriptions", body)
    path = f"{NORTH}/cameras/early/subscriptions/{made['id']}"
    for end in ("2026-09-02", None):
        assert month(await house.ask("nora", "PATCH", path, {"ends_on": end})) == "2026-09"
    for end in ("2026-09-01", "2026-08-02"):
        assert (await house.ask("nora", "PATCH", path, {"ends_on": end})).status_code == 200


async def test_no_close_begins_between_the_look_and_the_write(house: House):
    """A write holds the books until it commits; a close that begins meanwhile waits, and sees it."""
    from datetime import date

    steps: list[str] = []
    looked = asyncio.Event()

    async def write() -> None:
        async with atomic(cast.NORA) as tx:
            await refuse_closed(tx, cast.NORTH, date(2026, 12, 1), None)
            looked.set()
            await somebody_waits(house.database.owner_url)
            steps.append("written")

    async def close() -> None:
        await looked.wait()
        async with atomic(cast.NORA) as tx:
            await lock_books_exclusive(tx, cast.NORTH)
            steps.append("closing")
            await tx.execute(
                "insert into period (cloud, starts_on, state) values (1, '2026-12-01', 'closing')"
            )

    await asyncio.gather(write(), close())
    assert steps == ["written", "closing"]
    with pytest.raises(Conflict):
        await asyncio.wait_for(write(), PATIENCE_SECONDS)
