"""Trying a version on October: before and after for each subscriber, by the rating of the close."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.billing.pricing import PerUnit
from portal.books.queries import composer, preview
from portal.books.queries.preview import Reach, Scope
from portal.catalog.forms.tariff import NewItem, TriedVersion
from portal.catalog.queries import tariffs
from portal.catalog.queries.tariffs import Tariffs
from portal.db import atomic
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.queries import tenancy
from tests.billing.cast import d
from tests.books.test_closing import books, close
from tests.cast import NORA, NORTH, SAM
from tests.conftest import NOW, Database
from tests.factories import camera, days, subscribe, tariff, use, worked_example

OCTOBER = Period.month("2026-10")
OWN = Scope(Reach.OWN, "home-7")


def version(price: str = "9.90", **more: Any) -> TriedVersion:
    items = (
        NewItem(service="motion-day", quantity=d("7")),
        NewItem(service="plates", quantity=d("1")),
    )
    return TriedVersion(**{"monthly_price": d(price), "items": items, **more})


async def tried(of: TriedVersion, scope: Scope = OWN, month: Period = OCTOBER) -> preview.Preview:
    return await preview.try_version(NORA, await tenancy.get(NORA, "north"), month, of, scope)


async def test_the_same_version_changes_nothing_and_stores_nothing(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    before = await books("north")
    found = await tried(version())
    (sue,) = found.rows
    assert (sue.subscriber, sue.cameras, sue.charged, sue.difference) == (1, 2, 1351, 0)
    money = found.total.before
    assert (money.revenue, money.cost, money.commission, money.margin) == (1351, 1080, 203, 68)
    assert found.total.after == money
    assert await books("north") == before


async def test_price_set_up_trial_and_overage_of_the_tried_version_count(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    dearer = (await tried(version("19.90"))).rows[0]
    # (19.90 + 10.27) less 10 %
    assert (dearer.charged, dearer.would_be_charged, dearer.difference) == (1351, 2715, 1364)
    fee = (await tried(version(setup_fee=d("5"), trial_days=40))).rows[0]
    assert fee.would_be_charged == 900, "two set-up fees less 10 %, and nothing else in the trial"
    over = NewItem(service="motion-day", quantity=d("0"), overage=PerUnit(d("1")))
    used = (await tried(version("0", items=(over,)))).rows[0]
    assert used.would_be_charged == 955, "7.00 and 3.61 less 10 %"


async def test_a_version_is_tried_on_other_tariffs_cameras_too(worker: Database) -> None:
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        other = await tariff(tx, NORTH, "shop", "Shop", "2026-01-01", "20", {})
        door = await camera(tx, NORTH, "door", 2)
        await subscribe(tx, NORTH, door, 2, other, "2026-10-01")
        meter = world.meters["recording.motion.depth"]
        await use(tx, NORTH, door, meter, days("2026-10-01", "2026-11-01"), 7)
    await close("north", "2026-10")
    shop = await tried(version(), Scope(Reach.OTHER, "shop"))
    assert [(one.subscriber, one.charged, one.would_be_charged) for one in shop.rows] == [
        (2, 2000, 990)
    ]
    everybody = await tried(version("30"), Scope(Reach.ALL))
    assert [(one.subscriber, one.would_be_charged) for one in everybody.rows] == [
        (1, 4093),
        (2, 3000),
    ]


async def test_what_cannot_be_tried_is_refused(worker: Database) -> None:
    await worked_example()
    with pytest.raises(Conflict, match="2026-10 is not closed"):
        await tried(version())
    await close("north", "2026-10")
    with pytest.raises(NotFound):
        await tried(version(), Scope(Reach.OWN, "south-7"))
    ghost = NewItem(service="ghost", quantity=d("1"))
    with pytest.raises(Invalid) as refused:
        await tried(version(items=(ghost,)))
    assert list(refused.value.fields) == ["version.items[0].service"]


async def test_real_use_is_known_once_a_month_is_closed(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    north = await tenancy.get(NORA, "north")
    own = await composer.compose_version(NORA, north, version(), code="home-7", now=NOW)
    # 11.37 over two cameras, less 5 %
    assert (own.figures.real_cost, own.figures.margin_real, own.cameras) == (540, 301, 2)
    assert (own.alike, own.month, own.referral) == (False, OCTOBER.start, "Rex")
    assert [(one.percent, one.subscribers) for one in own.discounts] == [(d("10"), 1)]
    alike = await composer.compose_version(NORA, north, version(), code=None, now=NOW)
    assert (alike.figures.real_cost, alike.cameras, alike.alike) == (540, 2, True)
    few = version(items=(NewItem(service="motion-day", quantity=d("4")),))
    unlike = await composer.compose_version(NORA, north, few, code=None, now=NOW)
    assert unlike.figures.real_cost is None, "7 days of archive are not within 2 of 4"
    five = version(items=(NewItem(service="motion-day", quantity=d("5")),))
    near = await composer.compose_version(NORA, north, five, code=None, now=NOW)
    assert [(one.service, one.cost) for one in near.extras] == [("plates", 288)]
    dear = await tariffs.get(NORA, north, "home-7")
    judged = await composer.judge(NORA, north, dear, now=NOW)
    assert [one.below_cost for one in judged.rows[0].versions] == [False]
    cheap = replace(dear.rows[0].versions[0], monthly_price=d("6"))
    new = Tariffs("EUR", [replace(dear.rows[0], code="new", versions=(cheap,))])
    judged = await composer.judge(NORA, north, new, now=NOW)
    assert [one.below_cost for one in judged.rows[0].versions] == [True], "7.13 and 0.90 of 6.00"
    south = await tenancy.get(SAM, "south")
    elsewhere = await composer.compose_version(SAM, south, version(), code=None, now=NOW)
    assert (elsewhere.figures.real_cost, elsewhere.referral) == (None, "Liz")
