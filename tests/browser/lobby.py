"""What browsers meet beyond the story: a hotel whose camera keeps more archive than it pays for."""

from __future__ import annotations

from portal.access import SYSTEM
from portal.db import atomic
from tests.cast import NORTH
from tests.factories import World, camera, days, subscribe, tariff, use
from tests.routes.story import MOTION, PLATES, TODAY, tell

HOTEL = 5
"""Row id of the subscriber, customer 4 of North."""
LOBBY = "lobby"
"""On the tariff of 7 days since October, and its archive keeps 30: a loss of 8,15 € a month."""


async def with_a_lobby() -> None:
    """The story, and in it the hotel."""
    await tell(_hotel)


async def _hotel(world: World) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into subscriber (id, cloud, number, name, email)"
            " values ($1, $2, 4, 'Albergo Sole', 'desk@albergo.test')",
            HOTEL,
            NORTH,
        )
        services = {world.services["motion-day"]: "30", world.services["plates"]: "1"}
        await tariff(tx, NORTH, "long-30", "Long 30", "2026-01-01", "31.90", services)
        row = await camera(tx, NORTH, LOBBY, HOTEL)
        await subscribe(tx, NORTH, row, HOTEL, world.tariffs["home-7"], "2026-10-01")
        used = days("2026-10-01", TODAY)
        await use(tx, NORTH, row, world.meters[MOTION], used, 30)
        await use(tx, NORTH, row, world.meters[PLATES], used, 1)
