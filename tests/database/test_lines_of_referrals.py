"""A referral's own connection: of the cloud's other agents it knows those above it and below it."""

from __future__ import annotations

from dataclasses import replace

from portal.access import SYSTEM
from portal.db import atomic, snapshot
from tests.cast import NORA, REX, SAM
from tests.conftest import Database
from tests.factories import two_clouds

CODES = "select code from referral_name order by code"
AGENTS = (("tess", 3, 1), ("uma", 4, 3), ("zoe", 5, None), ("yan", 6, 5))
"""Tess is an agent of Rex, Uma of Tess, and Yan of Zoe, with whom the others have nothing to do."""


async def test_a_referral_knows_the_codes_of_its_own_line_alone(web: Database) -> None:
    async with web.as_worker():
        await two_clouds()
        async with atomic(SYSTEM) as tx:
            await tx.execute("update cloud set level_percents = '{2,1}' where id = 1")
            for code, row, sponsor in AGENTS:
                await tx.execute(
                    "insert into referral (id, cloud, code, name, percent, sponsor)"
                    " values ($1, 1, $2, 'Agent', 5, $3)",
                    row,
                    code,
                    sponsor,
                )
    line = ["rex", "tess", "uma"]
    seen = {REX: line, replace(REX, referral=3): line, replace(REX, referral=4): line,
            replace(REX, referral=5): ["yan", "zoe"], replace(REX, referral=6): ["yan", "zoe"],
            NORA: [*line, "yan", "zoe"], SAM: ["liz"]}  # fmt: skip
    for who, codes in seen.items():
        async with snapshot(who) as tx:
            assert [row["code"] for row in await tx.fetch(CODES)] == codes, who
