"""Months in addresses: which have a page, and which of their days count, in every portal."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from tests.cast import ADA, ANN, NORA, NORTH, REX, SUE
from tests.factories import days, use
from tests.routes.conftest import Site
from tests.routes.story import two_closed_months
from tests.routes.worked_example import read
from tests.services import TestServices

PAGES = {
    NORA: (
        "/cloud/reports",
        "/cloud/reports?by=camera&subscriber=1",
        "/cloud/camera?id=canary-north-gate",
        "/cloud/invoices",
        "/cloud/commissions",
        "/cloud/commissions/rex",
        "/cloud/watcher/reconciliation",
        "/cloud/watcher/reconciliation/worth",
    ),
    ANN: ("/cloud/reports", "/cloud/invoices", "/cloud/camera?id=canary-north-gate"),
    ADA: (
        "/system/reports",
        "/system/clouds/north/reports",
        "/system/clouds/north/camera?id=canary-north-gate",
        "/system/invoices",
        "/system/clouds/north/watcher/reconciliation",
    ),
    SUE: ("/my/cameras", "/my/camera?id=canary-north-gate", "/my/invoices"),
    REX: ("/referral/commissions",),
}
NO_MONTHS = (
    ("2026-12", "has not begun"),
    ("2027-01", "has not begun"),
    ("2199-12", "has not begun"),
    ("2026-08", "nothing yet"),
    ("2000-01", "nothing yet"),
    ("9999-12", "no month"),
    ("0000-00", "no month"),
    ("2026-13", "no month"),
    ("2026-1", "no month"),
    ("soon", "no month"),
    ("%00", "no month"),
)


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("months")
    name = f"{template}_{worker_id}_months"
    async with two_closed_months(services, template, name, directory) as it:
        yield it


@pytest.mark.parametrize("actor", PAGES, ids=lambda actor: actor.name.partition("@")[0])
async def test_a_month_without_data_or_sense_has_no_page(site: Site, actor) -> None:
    visitor = await site.as_(actor)
    for page in PAGES[actor]:
        path = f"{page}{'&' if '?' in page else '?'}month="
        for month, why in NO_MONTHS:
            assert why in await read(visitor, path + month, 404), path + month
        for month in ("", "2026-11", "2026-10", "2026-09"):
            await read(visitor, path + month)


async def test_a_month_of_the_books_has_a_page_under_the_same_rule(site: Site) -> None:
    nora = await site.as_(NORA)
    for month in ("2026-12", "2026-08", "2026-13", "0000-00", "9999-12"):
        for part in ("", "/progress", "/gaps", "/close"):
            path = f"/cloud/periods/{month}{part}"
            assert (await nora.get(path)).status_code == 404, path


async def test_pickers_offer_only_months_with_data(site: Site) -> None:
    for actor, page in ((NORA, "/cloud/reports"), (SUE, "/my/cameras"), (ADA, "/system/reports")):
        html = (await (await site.as_(actor)).get(page)).text
        picker = html.partition('name="month"')[2].partition("</select>")[0]
        picker = picker or html.partition('aria-label="Month"')[2].partition("</nav>")[0]
        offered = set(re.findall(r'(?:value="|month=)(2026-\d\d)', picker))
        assert "2026-09" in offered
        assert not offered & {"2026-08", "2026-12"}


async def test_commissions_of_an_open_month_say_what_they_wait_for(site: Site) -> None:
    says = "November is still running. Commissions are earned when it closes."
    for actor, path in (
        (NORA, "/cloud/commissions"),
        (NORA, "/cloud/commissions/rex"),
        (REX, "/referral/commissions"),
    ):
        visitor = await site.as_(actor)
        assert says in await read(visitor, f"{path}?month=2026-11")
        assert "Commissions are earned when it closes" not in await read(
            visitor, f"{path}?month=2026-10"
        )


async def test_at_half_past_two_the_day_that_runs_counts_nowhere(site: Site) -> None:
    """On 30 November at 02:33 in Rome 29 days are over, though the 30th has been read already."""
    now = datetime(2026, 11, 30, 1, 33, tzinfo=UTC)
    async with site.database.as_worker():
        async with atomic(SYSTEM) as tx:
            camera = await tx.fetchval("select id from camera where external_id like '%/yard'")
            for key in ("recording.motion.depth", "analytics.plates"):
                meter = await tx.fetchval("select id from meter where key = $1", key)
                await use(tx, NORTH, camera, meter, days("2026-11-05", "2026-12-01"), 1)
        await estimate_cloud(NORTH, now=now)
    site.clock.now = now
    sue, nora, ada = await site.as_(SUE), await site.as_(NORA), await site.as_(ADA)
    yard = await read(sue, "/my/camera?id=canary-north%2Fyard")
    assert "Billed days 29 of 30" in yard
    assert "1–29 November" in yard
    assert "30 Nov 2026 Not over yet, not counted" in yard
    # 4 days at 7 and 25 at 1 are 53 of 30 days.
    assert "Quantity of 1–29 November 1.77 0.967" in yard
    assert "Estimate for 1–29 November" in await read(sue, "/my")
    text = await read(nora, "/cloud/reports")
    assert "November 2026 November 2026 October 2026" in text
    assert "Estimate for 1–29 November Money" in text
    assert "Estimate for 1–29 November" in await read(nora, "/cloud")
    cameras = await read(nora, "/cloud/reports?by=camera&subscriber=1&show=quantities")
    assert "canary-north/yard canary-north-sue 29 1.77 0.967" in cameras.lower()
    assert "1–29 November" in await read(nora, "/cloud/camera?id=canary-north/yard")
    assert "Estimate for November 1 – 29" in await read(ada, "/system/clouds/north/reports")
    # A camera for 29 of 30 days is 9.57; two are less 10 %, three are not.
    assert "So far this month €45.94" in await read(nora, "/cloud")


async def test_a_cameras_page_begins_with_the_services_of_its_tariff(site: Site) -> None:
    """Storage comes before none of the alphabet, but is not what home-7 has."""
    async with site.database.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into service (code, name, meter, unit, unit_size, measure)"
            " select 'aaa-footage', 'Footage', id, 'h', 3600, 'total' from meter"
            " where key = 'recording.time'"
        )
        camera = await tx.fetchval("select id from camera where external_id like '%-gate'")
        meter = await tx.fetchval("select id from meter where key = 'recording.time'")
        await use(tx, NORTH, camera, meter, days("2026-10-01", "2026-11-01"), 60)
    text = await read(await site.as_(SUE), "/my/camera?id=canary-north-gate&month=2026-10")
    assert text.index("1 day of motion-activated recording") < text.index("Footage")
    text = await read(await site.as_(NORA), "/cloud/camera?id=canary-north-gate&month=2026-10")
    assert text.index("1 day of motion-activated recording") < text.index("Footage")


async def test_totals_that_were_kept_say_of_when_they_are(site: Site) -> None:
    nora = await site.as_(NORA)
    path, said = (
        "/cloud/reports?month=2026-10&show=quantities",
        "Totals and the chart are as of 5 Nov 2026, 12:00.",
    )
    assert "Totals and the chart" not in await read(nora, path)
    await site.rows(
        "insert into usage_sum (cloud, month, basis, kind, key, total, peak, as_of)"
        " select 1, '2026-10-01', 'served', kind, key, total, 0, '2026-11-05 11:00Z'"
        " from (values ('count', 0, 3), ('count', 1, 77), ('day', 0, 5)) v(kind, key, total)"
        " returning id"
    )
    text = await read(nora, path)
    assert said in text
    assert " 77 " in text
    await site.rows("delete from usage_sum where cloud = 1 returning id")
    assert "Totals and the chart" not in await read(nora, path)
