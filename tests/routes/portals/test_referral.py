"""What Rex sees: what he earned and on whom, and nothing that is another's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import LIZ, REX, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.portals.test_subscriber import HTMX, read, rows, words
from tests.routes.story import two_closed_months
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: these pages are only read."""
    directory: Path = tmp_path_factory.mktemp("referral")
    name = f"{template}_{worker_id}_referral"
    async with two_closed_months(services, template, name, directory) as it:
        yield it


@pytest.fixture(scope="module")
async def rex(site: Site) -> Visitor:
    return await site.as_(REX)


async def test_home_adds_up_what_is_payable_and_compares_months(rex: Visitor) -> None:
    text = await read(rex, "/referral")
    # Sue: 15 % of 17.82 and of 16.38; Deep, whom Tess brought: 2 % of 9.90, twice.
    told = (
        "Payable now €0.00 Next statement 5 Nov 2026, from €20.00 on all months · as of 5 Nov 2026"
    )
    assert told in text
    assert "Pending €5.53 Payable when 30 days old" in text
    assert "Earned in the last month €2.66 Down 7.3% vs September 2026 October 2026" in text
    assert "15% of the invoices of your subscribers, before tax" in text


async def test_home_expects_the_running_month_of_his_own_subscribers(rex: Visitor) -> None:
    text = await read(rex, "/referral")
    # 15 % of Sue's 2.38 so far; 2 % of Deep's 1.32.
    assert "This month so far €0.39 Direct €0.36 + through agents about €0.03" in text
    assert "Estimate for 1–4 November · as of 5 Nov 2026, 13:00" in text
    assert "Subscribers 1 1 active on 5 Nov 2026" in text


async def test_nothing_is_shown_that_cannot_be_yet(rex: Visitor) -> None:
    text = (await read(rex, "/referral")).casefold()
    assert "paid this year" not in text
    assert "on statements" not in text
    assert "until the operator has checked" not in text, "nothing is held"


async def test_the_chart_tells_own_subscribers_from_those_below(rex: Visitor) -> None:
    html = (await rex.get("/referral")).text
    data = html.partition("chart-data")[2].partition("</table>")[0]
    found = [words(row) for row in re.findall(r"<tr>(.*?)</tr>", data, re.DOTALL)]
    assert found[0] == "Month Direct Through your agents So far this month"
    assert found[-3:] == ["Sept €2.67 €0.20 –", "Oct €2.46 €0.20 –", "Nov – – €0.39"]
    assert len(found) == 1 + 12


async def test_his_subscribers_have_status_tariff_cameras_usage_and_commission(
    rex: Visitor,
) -> None:
    html = (await rex.get("/referral/subscribers")).text
    table = rows(html)
    assert table[1][:5] == [
        "Canary-North-Sue Customer 1 · Canary-North-Home Active Cameras today 2",
        "1 Sept 2026", "2", "€2.46", "€5.13",
    ]  # fmt: skip
    # October's motion days: gate 7, yard 112/31, mover 30/31; channels 1, 16/31 and 10/31.
    assert table[1][5:] == ["11.58", "1.839"]
    assert table[2] == ["Total", "", "2", "€2.46", "€5.13", "11.58", "1.839"]
    assert "usage and commissions of October 2026" in words(html)
    assert "Nothing matches these filters" in await read(rex, "/referral/subscribers?q=deep")


async def test_a_subscriber_has_its_months(rex: Visitor) -> None:
    html = (await rex.get("/referral/subscribers/1")).text
    table = rows(html)
    assert [row[0].split(" 20")[0] for row in table[1:-1]] == ["November", "October", "September"]
    assert table[1][1:4] == ["2", "8", "–"]
    assert table[2][1:4] == ["3", "57", "€2.46"]
    assert table[3][1:4] == ["2", "60", "€2.67"]
    assert table[-1][:4] == ["Total", "", "125", "€5.13"]
    text = words(html)
    assert "Active since 1 Sept 2026" in text
    assert "Total earned €5.13" in text
    assert "Canary-North-Home 2 cameras" in text
    assert 'href="/referral/commissions?month=2026-10&amp;subscriber=1"' in html


async def test_commissions_name_the_document_and_only_his_own_subscribers(rex: Visitor) -> None:
    html = (await rex.get("/referral/commissions?sort=document")).text
    table = rows(html)
    wide = [(row[0].split(" ")[0], row[1], row[3], row[4], row[5], row[7]) for row in table[1:-1]]
    below = "Through your agents"
    assert wide == [
        ("NORTH-2026-000001", "Canary-North-Sue Customer 1", "1", "€17.82", "15%", "€2.67"),
        ("NORTH-2026-000003", below, "2", "€9.90", "2%", "€0.20"),
        ("NORTH-2026-000004", "Canary-North-Sue Customer 1", "1", "€16.38", "15%", "€2.46"),
        ("NORTH-2026-000006", below, "2", "€9.90", "2%", "€0.20"),
    ]
    assert table[-1][-1] == "€5.53"
    assert "canary-north-deep" not in html.casefold()
    assert "canary-north-tess" not in html.casefold()


async def test_filters_narrow_commissions_and_their_total_alike(rex: Visitor) -> None:
    for query, total in (
        ("month=2026-10", "€2.66"),
        ("subscriber=1", "€5.13"),
        ("subscriber=1&month=2026-10", "€2.46"),
        ("q=000003", "€0.20"),
        ("q=sue", "€5.13"),
    ):
        html = (await rex.get(f"/referral/commissions?{query}")).text
        assert rows(html)[-1][-1] == total, query
    assert "Nothing matches" in await read(rex, "/referral/commissions?q=deep")


async def test_what_is_not_his_is_not_there(rex: Visitor) -> None:
    for path in (
        "/referral/subscribers/2",
        "/referral/subscribers/3",
        "/referral/subscribers/0",
        "/referral/subscribers/-1",
        "/referral/subscribers/99999999999999999999",
        "/referral/subscribers/sue",
        "/referral/invoices",
        "/referral/invoices/NORTH-2026-000001.pdf",
    ):
        assert (await rex.get(path)).status_code == 404, path
    for path in ("/my", "/my/invoices/NORTH-2026-000001.pdf", "/cloud", "/system"):
        assert (await rex.get(path)).status_code == 403, path


async def test_no_page_of_his_names_a_camera_or_an_amount_with_tax(rex: Visitor) -> None:
    for path in (
        "/referral",
        "/referral/subscribers",
        "/referral/subscribers/1",
        "/referral/commissions",
    ):
        text = (await read(rex, path)).casefold()
        for word in ("gate", "yard", "mover", "€19.98", "€21.74", "margin", "wholesale", ".pdf"):
            assert word not in text, (path, word)


async def test_a_part_is_one_block_of_the_page(rex: Visitor) -> None:
    for path in ("/referral/subscribers", "/referral/commissions?month=2026-10"):
        part = (await rex.get(path, headers=HTMX)).text
        assert part.strip().startswith('<div id="rows"')
        assert part.strip() in (await rex.get(path)).text


async def test_who_has_brought_nobody_is_told_so(site: Site) -> None:
    await site.rows(
        "insert into referral (id, cloud, code, name, percent) values (50, 1, 'new', 'New', 5)"
    )
    await site.rows(
        "insert into portal_user (email, name, role, cloud, referral, password)"
        " select 'new@agents.test', 'New', 'referral', 1, 50, password from portal_user where id = 8"
    )
    visitor = await site.visitor()
    assert (await visitor.sign_in("new@agents.test")).status_code == 303
    text = await read(visitor, "/referral")
    assert "Payable now €0.00" in text
    assert "None of your subscribers has a camera on a tariff." in text
    assert "No commissions yet" in text
    assert "No subscribers yet" in text
    assert "No subscribers yet" in await read(visitor, "/referral/subscribers")
    assert "No commissions yet" in await read(visitor, "/referral/commissions")


async def test_another_clouds_referral_has_that_clouds_money(site: Site) -> None:
    liz = await site.as_(LIZ)
    text = await read(liz, "/referral")
    # 10 % of 9.90, twice.
    assert "Pending $1.98" in text
    assert "Canary-South-Tim" in text
    assert "canary-north" not in text.casefold()


async def test_nobody_else_comes_in(site: Site) -> None:
    sue = await site.as_(SUE)
    for path in ("/referral", "/referral/subscribers/1", "/referral/commissions"):
        assert (await sue.get(path)).status_code == 403
