"""A cloud as the platform sees it: its figures, what it buys, who runs it, and the way between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, MAX, NORA, PAUL
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, rows, words, worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: these pages are only read."""
    directory: Path = tmp_path_factory.mktemp("clouds")
    async with worked(services, template, f"{template}_{worker_id}_clouds", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def ada(site: Site) -> Visitor:
    return await site.as_(ADA)


async def test_a_cloud_has_one_page_with_its_figures_and_the_bridge_to_them(ada: Visitor) -> None:
    text = await read(ada, "/system/clouds/north")
    assert "Wholesale last month €10.80 New vs September 2026" in text
    assert "Charges €11.37 − discount €0.57" in text
    assert "Subscribed cameras 2" in text
    assert "Open invoices €13.18 Nothing overdue" in text
    assert "October 2026 Closed" in text
    assert "November 2026 Running" in text


async def test_twelve_months_stand_by_service_and_by_camera_days(ada: Visitor) -> None:
    html = (await ada.get("/system/clouds/north", headers=HTMX)).text
    assert html.lstrip().startswith('<section class="card" id="history"'), (
        "htmx has the chart alone"
    )
    assert "1 day of motion-activated recording" in html
    assert "€5.31" in html
    by_days = await ada.get("/system/clouds/north?chart=days", headers=HTMX)
    # Gate for 31 days of October, yard for 16; in November both for 4 days.
    assert "47" in words(by_days.text)
    assert "8" in words(by_days.text)


async def test_latest_changes_name_what_changed_and_nobody_who_only_came(site: Site, ada: Visitor):
    await (await site.visitor()).sign_in(NORA)
    html = (await ada.get("/system/clouds/north")).text
    changes = html[html.index("Latest changes") :]
    assert '<a href="/system/clouds/north/periods/2026-10">month 2026-10</a>' in changes
    assert "Signed in" not in changes
    log = (await ada.get("/system/clouds/north/audit")).text
    assert "Signed in" in log, "there it stands"


async def test_crumbs_and_tabs_lead_through_the_pages_of_a_cloud(ada: Visitor) -> None:
    html = (await ada.get("/system/clouds/north/watcher")).text
    assert '<a href="/system/clouds/north">North Telecom</a>' in html
    assert 'href="/system/clouds/north/watcher" aria-current="page"' in " ".join(html.split())
    nora = await Visitor.get(ada, "/system/clouds/north")
    assert 'href="/system/clouds/north/watcher"' in nora.text


async def test_who_a_cloud_is_shown_to(site: Site, ada: Visitor) -> None:
    assert (await ada.get("/system/clouds/nowhere")).status_code == 404
    paul = await site.as_(PAUL)
    text = await read(paul, "/system/clouds/north")
    assert "Administrators" not in text, "an accountant does not see people"
    assert "Latest changes" not in text
    max_ = await site.as_(MAX)
    assert (await max_.get("/system/clouds/north")).status_code == 200
    assert (await max_.get("/system/clouds/south")).status_code == 404, "another manager's"
    nora = await site.as_(NORA)
    assert (await nora.get("/system/clouds/north")).status_code == 403


async def test_the_list_has_every_cloud_with_totals_by_currency(ada: Visitor) -> None:
    html = (await ada.get("/system/clouds")).text
    table = rows(html, "rows")
    assert [row[0].split()[0] for row in table[1:-1]] == ["North", "South"]
    assert table[1][1:] == [
        "max@platform.test", "2", "Closed October 2026", "€10.80", "–", "5%", "Not connected", "€13.18",
    ]  # fmt: skip
    assert table[-1][4] == "€10.80", "what no month was closed of adds nothing"
    assert table[-1][8] == "€13.18 $0.00"
    assert 'href="/system/invoices?cloud=north&amp;month=2026-10"' in html
    assert 'href="/system/clouds/north"' in html


async def test_the_list_is_narrowed_by_text_manager_and_state(site: Site, ada: Visitor) -> None:
    for query, found in (
        ("q=nor", ["North"]),
        ("manager=max@platform.test", ["North"]),
        ("manager=mine", []),
        ("state=active", ["North"]),
        ("state=attention", ["South"]),  # its October waits
        ("state=suspended", []),
        ("q=%00&state=odd", []),
    ):
        html = (await ada.get(f"/system/clouds?{query}", headers=HTMX)).text
        assert [row[0].split()[0] for row in rows(html, "rows")[1:-1]] == found, query
    assert "Nothing matches these filters" in await read(ada, "/system/clouds?manager=mine")
    max_ = await site.as_(MAX)
    html = (await max_.get("/system/clouds?manager=mine")).text
    assert [row[0].split()[0] for row in rows(html, "rows")[1:-1]] == ["North"]
    assert "New cloud" not in html, "only an administrator makes clouds"


async def test_the_list_is_a_file_of_the_same_rows(ada: Visitor) -> None:
    answer = await ada.get("/system/clouds?format=csv&q=north")
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("Cloud,Short name,State,Manager,Cameras,Last month")
    assert lines[1:]
    assert all("north" in line for line in lines[1:])
    assert "10.80" in lines[1]
