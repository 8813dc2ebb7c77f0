"""Usage that comes too late for any close waits for a person, who bills or waives it, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from secrets import token_hex

import pytest

from portal.billing.period import Period
from portal.books.actions.closing.corrections import corrections_due
from portal.books.actions.late_usage import waiting
from portal.books.forms.late_usage import LateFilter
from portal.db import atomic
from portal.kit.queries import tenancy
from tests.cast import ANN, CARL, NORTH, SAM, SUE
from tests.routes.conftest import Site
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

PAGE = "/cloud/periods/late-usage"
JANUARY = Period.of(date(2027, 1, 1))
OF_MOTION = "where cloud = 1 and month = '2026-10-01' and camera = "


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """October is closed, and so are November and December, in which nobody used anything; yard
    recorded more in October than was known."""
    directory: Path = tmp_path_factory.mktemp("late")
    async with worked(services, template, f"{template}_{worker_id}_late", directory) as site:
        await site.rows(
            "update usage set d01 = 7 from camera c, meter m"
            " where usage.cloud = 1 and usage.month = '2026-10-01' and c.id = usage.camera"
            " and c.external_id = 'yard' and m.id = usage.meter"
            " and m.key = 'recording.motion.depth' returning usage.camera"
        )
        await _mark(site, "yard")
        yield site


async def _mark(site: Site, camera: str) -> None:
    await site.rows(
        "insert into usage_change (cloud, month, camera)"
        " select 1, '2026-10-01', id from camera where cloud = 1 and external_id = $1"
        " on conflict (cloud, month, camera) do update set settled = null returning id",
        camera,
    )


async def _closed(site: Site, *months: str) -> None:
    for month in months:
        await site.rows(
            "insert into period (cloud, starts_on, state, closing_at, closed_at)"
            " values (1, $1, 'closed', now(), now()) returning id",
            date.fromisoformat(f"{month}-01"),
        )


async def _due(period: Period) -> list[tuple[str, int]]:
    north = await tenancy.get(CARL, "north")
    async with atomic(CARL) as tx:
        due = await corrections_due(tx, north, period)
    return [(charge.side, charge.amount) for one in due for charge in one.charges]


async def test_a_month_says_what_it_would_correct_from_what_to_what(site: Site) -> None:
    """November's close would charge North 0.11 more for yard's October."""
    carl, page = await site.as_(CARL), "/cloud/periods/2026-11/corrections"
    assert page in (await carl.get("/cloud/periods/2026-11")).text
    said = await read(carl, page)
    assert "The platform charges €0.11" in said
    assert "Late usage – 3.613 → 3.839 day €1.81 → €1.92 €0.11" in said
    file = (await carl.get(f"{page}?format=csv")).text
    assert "3.612903,3.838710,day,1.81,1.92,0.11" in file
    assert (await (await site.as_(ANN)).get(page)).status_code == 403
    sams = await (await site.as_(SAM)).get(page)
    assert "yard" not in sams.text


async def test_the_border_is_the_third_month_before_the_next_close(site: Site) -> None:
    """October is corrected by January's close still, by February's no longer."""
    north = await tenancy.get(CARL, "north")
    for month in ("2026-11", "2026-12"):
        await _closed(site, month)
        assert await waiting(CARL, north, LateFilter()) == ([], False), month
    await _closed(site, "2027-01")
    (row,), more = await waiting(CARL, north, LateFilter())
    assert not more
    # A day of 7 more, of 31, at 0.50: 1.81 becomes 1.92.
    assert (row.camera, row.subscriber, row.retail, row.wholesale) == ("yard", 1, 0, 11)
    assert await _due(JANUARY) == [("wholesale", 11)]
    assert await _due(JANUARY.next()) == []


async def test_it_is_waived_with_a_reason_and_billed_with_the_next_close(site: Site) -> None:
    carl = await site.as_(CARL)
    assert "1 camera has late usage" in await read(carl, "/cloud")
    assert "yard" in (await read(carl, PAGE)).lower()
    box = {"pick-2026-10-yard": "on"}
    for boxes, told in (
        ({"deed": "bill"}, "must not be empty"),
        ({**box, "deed": "waive"}, "is required"),
        ({"pick-2026-10-gate": "on", "deed": "bill"}, "has no late usage"),
        ({"pick-2026-99-yard": "on", "deed": "bill"}, "is no month"),
    ):
        answer = await carl.post(PAGE, boxes)
        assert answer.status_code == 422, boxes
        assert told in words(answer.text), boxes
    february = JANUARY.next()
    sent = {**box, "deed": "bill", "idempotency_key": token_hex(16)}
    for _ in range(2):
        assert (await carl.post(PAGE, sent)).status_code == 303
    assert await _due(february) == [("wholesale", 11)]
    assert "Billed with the next close" in await read(carl, PAGE)
    waived = {**box, "deed": "waive", "reason": "Ours"}
    for _ in range(2):
        assert (await carl.post(PAGE, waived)).status_code == 303
    assert await _due(february) == []
    assert await _due(JANUARY) == [], "what is waived is not billed by an older close either"
    assert "Nothing waits" in await read(carl, PAGE)
    entries = await site.rows("select after from audit where action = 'usage.settle' order by id")
    assert len(entries) == 2, "what changes nothing is not told"
    await _mark(site, "yard")
    assert "Nothing waits" not in await read(carl, PAGE), "usage that changes again is seen again"


async def test_nobody_else_sees_or_settles_it(site: Site) -> None:
    box = {"pick-2026-10-yard": "on", "deed": "waive", "reason": "Mine"}
    for who, status in ((ANN, 403), (SAM, 422)):
        visitor = await site.as_(who)
        assert (await visitor.post(PAGE, box)).status_code == status
    assert "yard" not in (await (await site.as_(SAM)).get(PAGE)).text
    assert (await (await site.as_(SUE)).get(PAGE)).status_code in {403, 404}
    (row,) = await site.rows("select settled from usage_change where cloud = $1", NORTH)
    assert row["settled"] is None
