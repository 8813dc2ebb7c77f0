"""The tariffs of a cloud: what is in them, who is on them, and what they leave, by role."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from io import StringIO

import pytest

from tests.cast import ADA, ANN, BOB, CARL, MAX, NORA, PAUL, REX, SAM, SUE
from tests.routes.conftest import Site
from tests.routes.worked_example import read, rows, words, worked
from tests.services import TestServices

LIST, HOME = "/cloud/tariffs", "/cloud/tariffs/home-7"
IN_SYSTEM = "/system/clouds/north/tariffs"
WHAT = "7 × 1 day of motion-activated recording, Licence plates, 1 channel"


@pytest.fixture(scope="module")
async def site(
    services: TestServices,
    template: str,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Site]:
    """October of North is closed: revenue 13.51, cost 10.80, Rex earned 2.03."""
    name = f"{template}_{worker_id}_tariffs"
    async with worked(services, template, name, tmp_path_factory.mktemp("tariffs")) as found:
        yield found


async def test_the_list_says_what_a_tariff_is_and_what_it_left(site: Site) -> None:
    nora = await site.as_(NORA)
    (row, total) = rows((await nora.get(LIST)).text, "rows")[1:]
    assert row[0].startswith(f"Home 7 {WHAT}")
    assert row[1:] == [
        *("€9.90", "2", "1"),
        *("€13.51", "€10.80", "€0.34", "5%", "–", "Offered"),
    ]
    assert total[4:8] == ["€13.51", "€10.80", "€0.34", "5%"]
    assert "October 2026" in await read(nora, LIST)
    answer = await nora.get(f"{LIST}?q=nothing")
    assert "Nothing matches these filters" in answer.text
    assert rows((await nora.get(f"{LIST}?state=offered&sort=-percent")).text, "rows")[1][4] == (
        "€13.51"
    )


async def test_the_file_has_the_rows_of_the_list(site: Site) -> None:
    nora = await site.as_(NORA)
    answer = await nora.get(f"{LIST}?format=csv")
    assert 'filename="north-tariffs.csv"' in answer.headers["content-disposition"]
    (line,) = csv.DictReader(StringIO(answer.text.removeprefix("\ufeff")))
    told = {name: line[name] for name in ("Code", "Cameras", "Revenue", "Cost", "State")}
    assert told == {
        "Code": "home-7",
        "Cameras": "2",
        "Revenue": "13.51",
        "Cost": "10.80",
        "State": "offered",
    }


async def test_the_page_has_versions_months_and_cameras(site: Site) -> None:
    nora = await site.as_(NORA)
    page = await read(nora, HOME)
    for told in (
        f"€9.90 a month: {WHAT}.",
        "1 Jan 2026–today Now",
        "2 cameras of 1 subscriber",
        "Gate",
        "Yard",
        "€0.34",
    ):
        assert told in page, told
    assert 'href="/cloud/camera?id=gate"' in (await nora.get(HOME)).text


async def test_an_account_manager_reads_its_own_and_no_cost(site: Site) -> None:
    ann = await site.as_(ANN)
    page = await ann.get(LIST)
    assert page.status_code == 200
    assert "€13.51" in page.text, "Sue is in Ann's care"
    file = (await ann.get(f"{LIST}?format=csv")).text
    text = page.text + (await ann.get(HOME)).text + file
    for secret in ("10.80", "0.34", "2.03", "Margin", "Cost"):
        assert secret not in text, secret
    assert await site.rows("select 1 from tariff_month where cloud = 1"), "there is something"


async def test_both_portals_have_the_pages_and_nobody_another_clouds(site: Site) -> None:
    for who in (ADA, PAUL, MAX):
        visitor = await site.as_(who)
        assert "€13.51" in (await visitor.get(IN_SYSTEM)).text
        assert "home-7" in (await visitor.get(f"{IN_SYSTEM}/home-7")).text
    assert (await (await site.as_(MAX)).get("/system/clouds/south/tariffs")).status_code == 404
    sam = await site.as_(SAM)
    assert (await sam.get(HOME)).status_code == 404
    assert "€13.51" not in (await sam.get(LIST)).text
    for outsider in (SUE, BOB, REX):
        assert (await (await site.as_(outsider)).get(LIST)).status_code == 403


async def test_only_who_writes_tariffs_changes_what_is_offered(site: Site) -> None:
    for reader in (CARL, ANN):
        visitor = await site.as_(reader)
        assert "Stop offering" not in (await visitor.get(HOME)).text
        for what in ("stop", "offer", "default"):
            assert (await visitor.post(f"{HOME}/{what}")).status_code == 403
    nora = await site.as_(NORA)
    assert (await nora.post(f"{HOME}/default")).headers["location"] == HOME
    assert "Default" in await read(nora, HOME)
    asked = await read(nora, f"{HOME}/stop")
    assert "2 cameras of 1 subscriber" in asked
    assert "It is the default" in asked
    for _again in range(2):
        assert (await nora.post(f"{HOME}/stop")).status_code == 303
    assert "Not offered" in await read(nora, HOME)
    assert (await nora.post(f"{HOME}/default")).status_code == 409
    assert (await nora.post(f"{HOME}/offer")).status_code == 303
    assert "Offered" in await read(nora, HOME)
    assert (await (await site.as_(SAM)).post(f"{HOME}/stop")).status_code == 404


async def test_a_tariff_is_found_by_its_name_and_leads_to_its_history(site: Site) -> None:
    for who, portal, path in (
        (NORA, "/cloud", HOME),
        (ADA, "/system", f"{IN_SYSTEM}/home-7"),
    ):
        visitor = await site.as_(who)
        found = (await visitor.get(f"{portal}/search?q=home-7")).text
        assert f'href="{path}"' in found
        page = (await visitor.get(path)).text
        assert "audit?object=tariff+home-7" in page
    assert "audit?object" not in (await (await site.as_(CARL)).get(HOME)).text


async def test_the_sums_by_tariff_are_those_of_the_margins(site: Site) -> None:
    """What a close writes for the list leaves nothing out but cost that nobody bears."""
    whole, parts = [
        (
            await site.rows(
                "select sum(revenue) as revenue, sum(cost) as cost, sum(commission) as commission,"
                f" sum(cameras) as cameras from tariff_month where cloud = 1 and subscriber is {one}"
            )
        )[0]
        for one in ("null", "not null")
    ]
    (books,) = await site.rows(
        "select sum(revenue) as revenue, sum(cost) as cost, sum(commission) as commission,"
        " count(*) as cameras from margin where cloud = 1 and subscriber is not null"
    )
    assert tuple(whole) == tuple(parts) == tuple(books)


async def test_a_tariff_that_lost_money_says_why_with_the_cure_as_a_button(site: Site) -> None:
    nora, carl = await site.as_(NORA), await site.as_(CARL)
    assert "lost money" not in await read(nora, HOME)
    await site.rows("alter table tariff_month disable trigger user")
    await site.rows("update tariff_month set cost = cost + 2000 where cloud = 1")
    try:
        html, cure = (await nora.get(HOME)).text, f'href="{HOME}/versions/new">New price</a>'
        assert "Home 7 lost money in October 2026: Cost above price" in words(html)
        assert f'<a class="btn btn-sm" {cure}' in html
        listed = (await nora.get(LIST)).text
        assert "Cost above price New price" in words(listed)
        assert f"<a {cure}" in listed
        theirs = (await carl.get(HOME)).text
        assert "lost money in October 2026" in words(theirs)
        assert "New price" not in theirs
        assert "lost money" not in await read(await site.as_(ANN), HOME)
    finally:
        await site.rows("update tariff_month set cost = cost - 2000 where cloud = 1")
        await site.rows("alter table tariff_month enable trigger user")
