"""North in November: what cameras' pages tell of is there.

October is closed. In November, which runs, *attic* keeps 30 days on a tariff of 7, and *loft* is
nobody's. There is a dearer tariff of 30 days.
"""

from __future__ import annotations

from portal.access import SYSTEM
from portal.db import atomic
from tests.cast import NORTH
from tests.factories import camera, days, subscribe, tariff, use
from tests.routes.conftest import Site


async def november(site: Site) -> None:
    async with site.database.as_worker(), atomic(SYSTEM) as tx:
        services = {
            row["code"]: row["id"] for row in await tx.fetch("select id, code from service")
        }
        motion = next(one for code, one in services.items() if "motion" in code)
        plates = next(one for code, one in services.items() if "plates" in code)
        items = {motion: "30", plates: "1"}
        await tariff(tx, NORTH, "home-30", "Home 30", "2026-01-01", "19.90", items)
        home = await tx.fetchval("select id from tariff where cloud = 1 and code = 'home-7'")
        meter = await tx.fetchval("select id from meter where key = 'recording.motion.depth'")
        attic = await camera(tx, NORTH, "attic", 1)
        await subscribe(tx, NORTH, attic, 1, home, "2026-11-01")
        await use(tx, NORTH, attic, meter, days("2026-11-01", "2026-11-05"), 30)
        await camera(tx, NORTH, "loft")


async def subscriptions(site: Site, external_id: str) -> list[str]:
    found = await site.rows(
        "select t.code, s.number, p.starts_on, p.ends_on from subscription p"
        " join tariff t on t.id = p.tariff join subscriber s on s.id = p.subscriber"
        " join camera c on c.id = p.camera where c.external_id = $1 and c.cloud = 1"
        " order by p.starts_on",
        external_id,
    )
    return [f"{one[0]} {one[1]} {one[2]}..{one[3]}" for one in found]
