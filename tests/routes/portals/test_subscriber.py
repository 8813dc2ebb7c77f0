"""What Sue sees: her months, her invoices, her cameras' days, and nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.cast import BOB, REX, SUE, TIM
from tests.routes.conftest import Site, Visitor
from tests.routes.story import two_closed_months
from tests.services import TestServices

HTMX = {"HX-Request": "true"}
YARD = "/my/camera?id=canary-north%2Fyard"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: these pages are only read."""
    directory: Path = tmp_path_factory.mktemp("my")
    async with two_closed_months(services, template, f"{template}_{worker_id}_my", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def sue(site: Site) -> Visitor:
    return await site.as_(SUE)


async def read(visitor: Visitor, path: str, status: int = 200, **more: object) -> str:
    """A page's words, on one line."""
    answer: httpx.Response = await visitor.get(path, **more)
    assert answer.status_code == status, answer.text
    return words(answer.text)


def words(html: str) -> str:
    """What is written on a page, tags left out."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def rows(html: str, table: str = "rows") -> list[list[str]]:
    """The cells of a table's rows, by the id of what it stands in."""
    part = html.partition(f'id="{table}"')[2].partition("</table>")[0]
    return [
        [words(cell[1]) for cell in re.findall(r"<t([hd])\b[^>]*>(.*?)</t\1>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    ]


async def test_home_says_what_is_to_pay_and_what_this_month_comes_to(sue: Visitor) -> None:
    text = await read(sue, "/my")
    assert "To pay €41.72 in 2 invoices the oldest is due 19 Nov 2026" in text
    # Two cameras for 4 days of 30 at 9.90: 2.64, less 10 %, 22 % tax on it; 19.80 by the end of it.
    assert "This month €2.90 With tax, 2 cameras; likely total €21.74" in text
    assert "Estimate for 1–4 November · as of 5 Nov 2026, 13:00" in text
    assert "Next invoice 4 Dec 2026 Expected date of issue for November 2026" in text
    assert "Cameras 2 Unchanged vs a month ago 2 a month ago" in text


async def test_home_says_how_to_pay_and_whom_to_ask(sue: Visitor, site: Site) -> None:
    await site.rows(
        "update cloud set bank = '{Sparkasse,IT60X0542811101000000123456}', phone = '+39 06 1'"
        " where id = 1 returning id"
    )
    html = (await sue.get("/my")).text
    for value in ("IT60X0542811101000000123456", "Sparkasse", "RF65NORTH2026000001"):
        assert f'value="{value}" readonly' in html
    assert html.count("data-copy=") == 4
    assert "Reference of NORTH-2026-000001" in words(html)
    assert "Ann" in words(html.partition("Questions?")[2])
    assert "+39 06 1" in words(html.partition("Questions?")[2])


async def test_the_profile_has_what_documents_say_and_the_people(sue: Visitor, site: Site) -> None:
    text = await read(sue, "/my/profile")
    assert "Canary-North-Sue" in text
    assert "sue@home.test" in text
    for other in ("bob@shop.test", "tim@south.test", "nora@north.test"):
        assert other not in text
    assert (await (await site.as_(REX)).get("/my/profile")).status_code == 403


async def test_home_has_the_invoices_with_their_files_and_the_cameras(sue: Visitor) -> None:
    html = (await sue.get("/my")).text
    documents = rows(html, "documents")
    assert [(row[0], row[2]) for row in documents[1:]] == [
        ("NORTH-2026-000004 October 2026 Open", "€19.98"),
        ("NORTH-2026-000001 September 2026 Open", "€21.74"),
    ]
    assert 'href="/my/invoices/NORTH-2026-000004.pdf"' in html
    cameras = rows(html, "cameras")
    assert cameras[0] == ["Camera", "Tariff", "Archive", "State", "This month"]
    # 4 of 30 days at 9.90, for each.
    assert cameras[1][1:] == ["Canary-North-Home", "7 day", "Active", "€1.32"]
    assert cameras[2][0].startswith("Canary-North/Yard")
    assert cameras[-1] == ["Total", "", "", "", "€2.64"]
    assert f'href="{YARD}&amp;month=2026-11"' in html


async def test_the_chart_has_twelve_months_and_the_running_one_apart(sue: Visitor) -> None:
    html = (await sue.get("/my")).text
    data = html.partition("chart-data")[2].partition("</table>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", data, re.DOTALL)
    assert [words(row) for row in found][-3:] == ["Sept €21.74 –", "Oct €19.98 –", "Nov – €2.90"]
    assert len(found) == 1 + 12


async def test_an_invoice_leads_to_its_month_camera_by_camera(sue: Visitor) -> None:
    html = (await sue.get("/my/invoices/NORTH-2026-000004")).text
    assert 'href="/my/cameras?month=2026-10"' in html
    text = words(html)
    assert "Subtotal €18.20 Discount 10% −€1.82 Taxable amount €16.38 Tax 22% €3.60" in text
    behind = (await sue.get("/my/cameras?month=2026-10")).text
    table = rows(behind, "cameras")
    assert [(row[0].split(" ")[0], row[2], row[-2], row[-1]) for row in table[1:-1]] == [
        ("Canary-North-Gate", "31", "€0.00", "€9.90"),
        ("Canary-North-Mover", "10", "€0.00", "€3.19"),
        ("Canary-North/Yard", "16", "€0.00", "€5.11"),
    ]
    assert table[-1] == ["Total", "", "", "", "", "€18.20"]
    assert "1 day of motion-activated recording: 7 of 7 day" in words(behind)
    assert "Licence plates, 1 channel: 1 of 1 channel" in words(behind)
    # She knows the day of a close by her own invoice of it.
    assert " closed 5 Nov 2026 " in words(behind)
    assert " closed 5 Nov 2026 " in await read(sue, f"{YARD}&month=2026-10")
    assert "closed" not in words((await sue.get("/my/cameras")).text).partition("Camera Tariff")[0]


async def test_the_file_is_the_one_that_was_made(sue: Visitor, site: Site) -> None:
    answer = await sue.get("/my/invoices/NORTH-2026-000004.pdf")
    assert answer.content == b"%PDF-1.7 NORTH-2026-000004"
    assert answer.headers["content-type"] == "application/pdf"
    bob = await site.as_(BOB)
    assert (await bob.get("/my/invoices/NORTH-2026-000004.pdf")).status_code == 404


async def test_a_camera_is_told_day_by_day_with_what_was_charged(sue: Visitor) -> None:
    html = (await sue.get(f"{YARD}&month=2026-10")).text
    table = rows(html)
    assert table[1] == ["16 Oct 2026", "Canary-North-Home", "7", "1"]
    assert len(table) == 1 + 16 + 1
    # 7 a day for 16 of 31 days is 112/31; a channel 16/31.
    assert table[-1] == ["Quantity of the month", "", "3.61", "0.516"]
    why = "€9.90 × 16 of 31 days = €5.11"
    assert rows(html, "why")[1:] == [
        [f"Monthly price Canary-North-Home {why}", why, "€5.11"],
    ]
    text = words(html)
    assert "Billed days 16 of 31" in text
    assert "Amount €5.11 Before discount and tax" in text
    assert "16 Oct 2026: 7 day of 7 day" in text, "the strip is a table to a screen reader"
    assert "15 Oct 2026: does not count" in text


async def test_the_running_month_of_a_camera_ends_with_its_last_reading(sue: Visitor) -> None:
    html = (await sue.get(YARD)).text
    assert [row[0] for row in rows(html)[1:-1]] == [f"{day} Nov 2026" for day in range(1, 5)]
    assert "Billed days 4 of 30" in words(html)
    assert "1–4 November" in words(html)
    assert "November is still running. Charges are made when it closes." in words(html)


async def test_a_camera_that_moved_away_shows_only_her_own_days(sue: Visitor, site: Site) -> None:
    mover = "/my/camera?id=canary-north-mover"
    hers = rows((await sue.get(f"{mover}&month=2026-10")).text)
    assert [row[0] for row in hers[1:-1]] == [f"{day} Oct 2026" for day in range(1, 11)]
    assert {row[2] for row in hers[1:-1]} == {"3"}
    text = await read(sue, f"{mover}&month=2026-11")
    assert "Not yours in November 2026" in text
    assert "Canary-North-Mover" not in await read(sue, "/my/cameras?month=2026-11")
    bob = await site.as_(BOB)
    his = rows((await bob.get(f"{mover}&month=2026-10")).text)
    assert [row[0] for row in his[1:-1]] == [f"{day} Oct 2026" for day in range(11, 32)]
    assert {row[2] for row in his[1:-1]} == {"5"}
    assert "Not yours in September 2026" in await read(bob, f"{mover}&month=2026-09")


async def test_what_is_not_hers_is_not_there(sue: Visitor) -> None:
    for path in (
        "/my/camera?id=canary-north-shop",
        "/my/camera?id=canary-south-dock",
        "/my/camera?id=nothing",
        "/my/camera?id=%FF",
        "/my/camera?id=%00",
        "/my/invoices/NORTH-2026-000005",
        "/my/invoices/SOUTH-2026-000001",
        "/my/invoices/SOUTH-2026-000001.pdf",
        "/my/camera",
    ):
        assert (await sue.get(path)).status_code == 404, path
    for path in ("/cloud", "/system", "/referral", "/referral/commissions", "/admin/"):
        assert (await sue.get(path)).status_code == 403, path


async def test_a_part_is_one_block_of_the_page(sue: Visitor) -> None:
    for path, block in (
        ("/my/invoices", "rows"),
        ("/my/cameras?month=2026-10", "cameras"),
        (f"{YARD}&month=2026-10", "camera"),
    ):
        part = (await sue.get(path, headers=HTMX)).text
        assert part.strip().startswith(f'<div id="{block}"'), path
        assert "<html" not in part
        assert part.strip() in (await sue.get(path)).text


async def test_filters_narrow_rows_and_totals_alike(sue: Visitor) -> None:
    table = rows((await sue.get("/my/cameras?month=2026-10&q=YARD")).text, "cameras")
    assert [row[-1] for row in table[1:]] == ["€5.11", "€5.11"]
    assert "Nothing matches these filters" in await read(sue, "/my/cameras?q=nobody")
    found = rows((await sue.get("/my/invoices?month=2026-09")).text)
    assert [row[0].split(" ")[0] for row in found[1:-1]] == ["NORTH-2026-000001"]


async def test_who_has_nothing_yet_is_told_so(site: Site) -> None:
    await site.rows(
        "insert into subscriber (id, cloud, number, name) values (50, 1, 50, 'Newcomer')"
    )
    await site.rows(
        "insert into portal_user (email, name, role, cloud, subscriber, password)"
        " select 'new@home.test', 'New', 'subscriber', 1, 50, password from portal_user where id = 8"
    )
    visitor = await site.visitor()
    assert (await visitor.sign_in("new@home.test")).status_code == 303
    text = await read(visitor, "/my")
    assert "None of your cameras is subscribed this month." in text
    assert "Nothing is subscribed that would be invoiced." in text
    assert "None has been issued yet." in text
    assert "No invoices yet" in text
    assert "No cameras this month" in text
    assert "No invoices yet" in await read(visitor, "/my/invoices")
    assert "No cameras in this month" in await read(visitor, "/my/cameras")


async def test_another_clouds_money_is_its_own(site: Site) -> None:
    tim = await site.as_(TIM)
    text = await read(tim, "/my")
    assert "To pay $10.78 in 1 invoice" in text or "To pay $21.56 in 2 invoices" in text
    assert "Canary-South" in text
    assert "as of Nov 5, 2026, 07:00" in text


async def test_nobody_else_comes_in(site: Site) -> None:
    rex = await site.as_(REX)
    for path in ("/my", "/my/invoices", "/my/cameras", YARD):
        assert (await rex.get(path)).status_code == 403
    visitor = await site.visitor()
    answer = await visitor.get("/my/invoices")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/my/invoices")


async def test_no_page_of_hers_speaks_of_costs_margins_or_agents(sue: Visitor) -> None:
    for path in ("/my", "/my/invoices", "/my/cameras?month=2026-10", f"{YARD}&month=2026-10"):
        text = (await read(sue, path)).casefold()
        for word in ("wholesale", "margin", "commission", "referral", "canary-north-rex"):
            assert word not in text, (path, word)
