"""What stories of readings that go wrong begin with, and what they compare."""

from __future__ import annotations

from typing import Any

import msgspec

from portal.access import SYSTEM
from portal.db import atomic
from portal.demo.simulator.seed import SeedCamera
from tests.scenarios.watched import (
    BOBS,
    MOTION,
    SEED,
    SUES,
    WEEK,
    Office,
    rome,
)

BEGINS = rome("2026-10-05 08:00")


LIST = {"v2": "/api/v2/cameras", "v3": "/v3/streams"}


class Killed(BaseException):
    """The worker is gone."""


def crowd() -> Any:
    """Nine cameras in the north, so that a sync run of two a page has pages."""
    return msgspec.structs.replace(
        SEED,
        cameras=[
            SeedCamera(f"cam{number}", SUES if number % 2 else BOBS, MOTION if number % 3 else WEEK)
            for number in range(9)
        ]
        + [one for one in SEED.cameras if one.name == "dock"],
    )


async def picture(found: Office) -> list[Any]:
    """Everything that a reading may change, without readings themselves."""
    return [
        await found.rows(query)
        for query in (
            "select * from camera order by id",
            "select * from camera_interval order by id",
            "select * from subscription order by id",
            "select * from usage_day order by cloud, camera, meter, day",
            "select * from recorded_day order by id",
            "select * from reading_camera",
            "select * from watcher_organization order by id",
            "select * from watcher_preset order by id",
        )
    ]


async def daily() -> None:
    """Every connection is read once a day."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("update connection set read_every_minutes = 1440")
