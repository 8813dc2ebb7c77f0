"""What an operator's people see: the worked example to the cent, each as far as they may know it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.books.actions.closing.work import work_on_close
from portal.books.queries import worklist as books_work
from portal.gateways.queue import NullQueue
from portal.overview.queries import margin_ranking
from tests.cast import ADA, ANN, CARL, NORA, REX, SAM, SOUTH, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, rows, words, worked
from tests.services import TestServices

DOCUMENT = "NORTH-2026-000001"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: North is only read, South is closed by one story."""
    directory: Path = tmp_path_factory.mktemp("cloud")
    async with worked(services, template, f"{template}_{worker_id}_cloud", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


@pytest.fixture(scope="module")
async def ann(site: Site) -> Visitor:
    return await site.as_(ANN)


# --- Overview -------------------------------------------------------------------------------------


async def test_home_has_the_worked_example_to_the_cent(nora: Visitor) -> None:
    text = await read(nora, "/cloud")
    for label, amount in (
        ("Revenue", "€13.51"),
        ("Cost", "€10.80"),
        ("Commissions", "€2.03"),
        ("Margin", "€0.68"),
    ):
        assert f"{label} {amount} New vs September 2026" in text
    assert "After discount, before tax October 2026, closed" in text
    assert "Active cameras 2 Up 100% vs a month ago 2 on a tariff subscribed on 5 Nov 2026" in text
    # Two cameras for 4 days of 30 at 9.90, less 10 %; nothing was read of November yet.
    so_far = "Revenue; cost €0.00, commissions €0.36, margin €2.02 Estimate for 1–4 November"
    assert f"So far this month €2.38 {so_far}" in text


async def test_home_ranks_subscribers_and_cameras_by_what_they_bring(nora: Visitor) -> None:
    html = (await nora.get("/cloud")).text
    assert "Sue €13.51 €10.80 €2.03 €0.68 –" in words(html)
    assert 'href="/cloud/subscribers/1"' in html
    gate, yard = "Gate gate €8.91 €7.12 €1.34 €0.45 –", "Yard yard €4.60 €3.68 €0.69 €0.23 –"
    lowest = (await nora.get("/cloud?by=cameras", headers=HTMX)).text
    assert lowest.lstrip().startswith('<section class="card" id="margin"')
    assert f"{yard} {gate}" in words(lowest)
    assert 'href="/cloud/camera?id=gate&amp;month=2026-10"' in lowest
    highest = (await nora.get("/cloud?by=cameras&margin=highest")).text
    assert f"{gate} {yard}" in words(highest)
    tariffs = (await nora.get("/cloud?by=tariffs")).text
    assert "Home 7 €13.51 €10.80 €2.03 €0.68 –" in words(tariffs)
    assert 'href="/cloud/tariffs/home-7"' in tariffs
    assert (await nora.get("/cloud?by=odd&margin=odd")).status_code == 200
    assert "in 1 month" not in html
    assert "a month</a>" not in html, "no camera loses money"


async def test_an_account_manager_is_told_no_cause(ann: Visitor) -> None:
    for asked in ("", "?by=cameras", "?by=tariffs&margin=highest"):
        text = await read(ann, f"/cloud{asked}")
        assert "Cause" not in text
        assert "Lowest" not in text


@pytest.mark.parametrize(
    ("facts", "keeps", "cause"),
    [
        ({"revenue": 900, "cost": 700, "commission": 100}, True, ""),
        ({"revenue": 0, "cost": 700, "is_owned": False}, True, "no_subscription"),
        ({"revenue": 900, "cost": 1000, "discount_percent": Decimal(50)}, True, "keeps_more"),
        ({"revenue": 900, "cost": 1000, "discount_percent": Decimal(50)}, False, "discount"),
        ({"revenue": 0, "cost": 1000, "discount_percent": Decimal(100)}, False, "discount"),
        ({"revenue": 900, "cost": 1200, "discount_percent": Decimal(10)}, False, "prices"),
        ({"revenue": 900, "cost": 850, "commission": 100}, False, "commission"),
        ({"revenue": 900, "cost": 950, "commission": 20}, False, "prices"),
    ],
)
def test_a_loss_names_the_cause_without_which_there_is_none(
    facts: dict[str, Any],
    keeps: bool,
    cause: str,
) -> None:
    known = {"commission": 0, "discount_percent": Decimal(0), "is_owned": True, **facts}
    margin = known["revenue"] - known["cost"] - known["commission"]
    row = margin_ranking.Row(id=1, key="k", name="n", margin=margin, **known)
    assert margin_ranking.cause_of(row, keeps_more=keeps) == cause


async def test_an_account_manager_sees_no_cost_and_no_margin(ann: Visitor) -> None:
    text = await read(ann, "/cloud")
    assert "Revenue €13.51" in text
    assert "So far this month €2.38 Revenue Estimate for 1–4 November" in text
    for path in (
        "/cloud",
        "/cloud/reports?month=2026-10",
        "/cloud/reports?month=2026-10&by=camera",
        "/cloud/reports?month=2026-10&by=tariff",
        "/cloud/reports?month=2026-10&by=service",
        "/cloud/reports?by=camera",
        "/cloud/camera?id=gate&month=2026-10",
        "/cloud/invoices",
        f"/cloud/invoices/{DOCUMENT}",
        "/cloud/periods",
        "/cloud/periods/2026-10",
    ):
        text = await read(ann, path)
        for word in ("Cost", "Margin", "ommission", "holesale", "PLAT-", "Rex"):
            assert word not in text, (path, word)
        for amount in ("10.80", "11.37", "13.18", "7.12", "3.68", "2.03", "0.68", "0.45"):
            assert f"€{amount}" not in text, (path, amount)


async def test_the_books_of_the_platform_and_of_others_are_not_an_account_managers(
    ann: Visitor,
) -> None:
    assert (await ann.get("/cloud/invoices/PLAT-2026-000001")).status_code == 404
    assert (await ann.get("/cloud/invoices/PLAT-2026-000001.pdf")).status_code == 404
    assert (await ann.get("/cloud/reports?by=camera&subscriber=2")).status_code == 404
    assert (await ann.get("/cloud/commissions")).status_code == 403
    assert (await ann.get("/cloud/periods/2026-11/close")).status_code == 403
    await ann.get("/cloud")
    assert (await ann.post("/cloud/periods/2026-10/close")).status_code == 403


@pytest.mark.parametrize("who", [ADA, SUE, REX], ids=lambda who: who.name)
async def test_the_portal_is_for_the_operators_people(site: Site, who) -> None:
    visitor = await site.as_(who)
    for path in ("", "/invoices", "/reports", "/commissions", "/periods", "/periods/2026-10/close"):
        assert (await visitor.get(f"/cloud{path}")).status_code == 403


async def test_another_cloud_sees_nothing_of_it(site: Site) -> None:
    sam = await site.as_(SAM)
    for path in (
        f"/cloud/invoices/{DOCUMENT}",
        f"/cloud/invoices/{DOCUMENT}.pdf",
        "/cloud/invoices/PLAT-2026-000001",
        "/cloud/camera?id=gate",
        "/cloud/reports?by=camera&subscriber=2",
        "/cloud/reports?by=subscriber&referral=rex",
        "/cloud/commissions/rex",
    ):
        assert (await sam.get(path)).status_code == 404, path
    text = await read(sam, "/cloud/reports?month=2026-10")
    assert "Tim" in text
    assert "Sue" not in text


# --- Invoices, usage, commissions -----------------------------------------------------------------


async def test_what_is_owed_to_the_operator_and_what_it_owes_are_never_one_sum(
    nora: Visitor, ann: Visitor
) -> None:
    for side, number, total, label in (
        ("retail", DOCUMENT, "€16.48", "Total to subscribers"),
        ("wholesale", "PLAT-2026-000001", "€13.18", "Total from the platform"),
    ):
        html = (await nora.get(f"/cloud/invoices?side={side}")).text
        table = [row[1:] if side == "retail" else row for row in rows(html, f"rows-{side}")]
        assert [row[0] for row in table[1:]][-1] == label
        assert [(row[0].split()[0], row[6]) for row in table[1:]] == [
            (number, total),
            ("Total", total),
        ]
    home = (await nora.get("/cloud")).text
    for text in ((await nora.get("/cloud/invoices")).text, home):
        assert "29.66" not in text  # 16.48 and 13.18
    assert "Latest invoices to subscribers" in home
    assert "Latest invoices from the platform" in home
    # An account manager knows nothing of the other side.
    assert "PLAT-" not in (await ann.get("/cloud/invoices?side=wholesale")).text
    assert "Latest invoices from the platform" not in (await ann.get("/cloud")).text


async def test_invoices_can_be_narrowed(nora: Visitor) -> None:
    block = (await nora.get("/cloud/invoices?side=retail&sort=total", headers=HTMX)).text
    assert block.lstrip().startswith('<div id="rows"')
    assert [row[1].split()[0] for row in rows(block, "rows")[1:]] == [DOCUMENT, "Total"]
    assert "PLAT-2026-000001" not in block
    text = await read(nora, f"/cloud/invoices/{DOCUMENT}")
    assert "Subtotal €15.01 Discount 10% −€1.50 Taxable amount €13.51 Tax 22% €2.97" in text
    assert "Total €16.48" in text


async def test_a_report_leads_from_subscribers_to_cameras_to_days(nora: Visitor) -> None:
    html = (await nora.get("/cloud/reports?month=2026-10")).text
    table = rows(html, "report-rows")
    assert table[0] == [
        "Subscriber", "Cameras", "Days", "Charges", "Discount", "Revenue", "Cost", "Commissions",
        "Margin", "%", "Cause",
    ]  # fmt: skip
    figures = ["€15.01", "€1.50", "€13.51", "€10.80", "€2.03", "€0.68", "5%"]
    assert table[1] == ["Sue Customer 1 Cameras 2 · Charges €15.01", "2", "47", *figures, "–"]
    assert table[2] == ["Total", "", "", *figures, ""]
    below = "/cloud/reports?by=camera&show=money&month=2026-10&subscriber=1"
    assert f'href="{below}"'.replace("&", "&amp;") in html
    cameras = (await nora.get(below)).text
    assert [[row[0].split()[0], *row[1:8]] for row in rows(cameras, "report-rows")[1:]] == [
        ["Gate", "31", "€9.90", "€0.99", "€8.91", "€7.12", "€1.34", "€0.45"],
        ["Yard", "16", "€5.11", "€0.51", "€4.60", "€3.68", "€0.69", "€0.23"],
        ["Total", "", "€15.01", "€1.50", "€13.51", "€10.80", "€2.03", "€0.68"],
    ]
    assert '<input type="hidden" name="subscriber" value="1">' in cameras
    used = (await nora.get("/cloud/reports?month=2026-10&show=quantities")).text
    assert rows(used, "report-rows")[1][1:] == ["2", "47", "10.61", "1.516"]
    text = await read(nora, "/cloud/camera?id=yard&month=2026-10")
    assert "without usage" not in text, "it was not subscribed before the 16th"
    assert "15 Oct 2026 – – 16 Oct 2026 7 Yes" in text
    assert "Home 7 · Sue from 16 Oct 2026" in text
    assert "Charged €4.60" in text
    assert "Cost €3.68" in text
    assert "Monthly price Home 7" in text
    assert "€9.90 × 16 of 31 days = €5.11" in text
    assert "Charges €5.11 Discounts and credit notes −€0.51 Charged €4.60" in text


async def test_a_day_without_usage_is_told_on_a_cameras_page(nora: Visitor) -> None:
    text = await read(nora, "/cloud/camera?id=yard")
    assert "4 days without usage The camera was subscribed and has no usage on days" in text


async def test_commissions_are_told_by_referral_and_document(nora: Visitor) -> None:
    html = (await nora.get("/cloud/commissions")).text
    assert rows(html, "rows")[1:] == [
        [
            "Rex rex · 15% · earned when invoiced Subscribers 1 · Documents 1",
            "1",
            "1",
            "€2.03",
            "€0.00",
            "€2.03",
        ],
        ["October 2026", "", "1", "€2.03", "€0.00", "€2.03"],
    ]
    statement = rows((await nora.get("/cloud/commissions/rex?month=2026-10")).text, "rows")
    assert statement[1] == [
        f"{DOCUMENT} Subscriber 1 · Pending · Base €13.51", "1", "1", "Pending", "€13.51", "15%", "€2.03",
    ]  # fmt: skip
    assert (await nora.get("/cloud/commissions/nobody")).status_code == 404


# --- Months ---------------------------------------------------------------------------------------


async def test_months_say_how_their_close_stands(nora: Visitor) -> None:
    table = rows((await nora.get("/cloud/periods")).text, "rows")
    assert [row[:2] for row in table[1:]] == [
        ["November 2026 Running", "Running"],
        ["October 2026 Closed · Cameras rated 2", "Closed 5 Nov 2026, 13:00"],
    ]
    assert table[2][2:6] == ["2", "€13.51", "€10.80", "€2.03"]
    text = await read(nora, "/cloud/periods/2026-11")
    assert "It closes automatically on 4 Dec 2026 unless usage is missing." in text
    assert "1 Nov 2026 Subscribed 2 2 2" in text
    for month in ("2026-09", "2026-12", "2026-13", "x", "1999-10"):
        assert (await nora.get(f"/cloud/periods/{month}")).status_code == 404, month


async def test_a_running_month_cannot_be_closed(nora: Visitor) -> None:
    answer = await nora.get("/cloud/periods/2026-11/close", follow_redirects=True)
    assert answer.url.path == "/cloud/periods/2026-11", "the page says why"
    assert "November 2026 has not ended" in words(answer.text)
    await nora.get("/cloud/periods")
    running = await nora.post("/cloud/periods/2026-11/close", follow_redirects=True)
    assert (running.status_code, "has not ended" in running.text) == (200, True)


async def test_a_closed_month_is_not_asked_about(nora: Visitor) -> None:
    answer = await nora.get("/cloud/periods/2026-10/close")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cloud/periods/2026-10")
    assert "October 2026 is closed." in await read(nora, "/cloud/periods/2026-10")


async def test_a_month_with_a_gap_is_closed_once_it_is_accepted(site: Site) -> None:
    await site.rows("update usage set d05 = null where cloud = $1 and month = '2026-10-01'", SOUTH)
    sam = await site.as_(SAM)
    html = (await sam.get("/cloud")).text
    assert 'hx-get="/cloud/periods/2026-10/gaps"' in html
    part = await sam.get("/cloud/periods/2026-10/gaps", headers=HTMX)
    assert "1 day without complete usage Send the missing usage, or accept the gaps" in words(
        part.text
    )
    text = await read(sam, "/cloud/periods/2026-10/close")
    assert "Days without complete usage 1" in text
    assert "5 Oct 2026: 1 of 1 cameras without usage" in text
    refused = await sam.post("/cloud/periods/2026-10/close")
    assert refused.status_code == 422
    assert "Accept this day, or send its usage first." in refused.text
    block = await sam.post("/cloud/periods/2026-10/close", headers=HTMX)
    assert (block.status_code, block.text.lstrip()[:15]) == (422, '<form id="form"')
    begun = await sam.post("/cloud/periods/2026-10/close", {"accept_gaps": "on"})
    assert (begun.status_code, begun.headers["location"]) == (303, "/cloud/periods/2026-10")
    text = await read(sam, "/cloud/periods/2026-10")
    assert "The close of October 2026 has begun." in text
    assert "Rating cameras 0 of 1" in text
    again = await sam.post("/cloud/periods/2026-10/close", {"accept_gaps": "on"})
    assert again.status_code == 303
    progress = await sam.get("/cloud/periods/2026-10/progress", headers=HTMX)
    assert 'hx-trigger="every 2s"' in progress.text
    async with site.database.as_worker():
        (period,) = await books_work.closings()
        await work_on_close(period, clock=site.clock, queue=NullQueue())
    done = await sam.get("/cloud/periods/2026-10/progress", headers=HTMX)
    assert "hx-trigger" not in done.text
    assert "1 day accepted without usage" in words(done.text)
    assert "1 day was accepted without complete usage 5 Oct 2026" in await read(
        sam, "/cloud/periods/2026-10"
    )
    assert "Revenue" in await read(sam, "/cloud")
    deeds = await site.rows("select actor from audit where action = 'period.close'")
    assert SAM.name in {deed["actor"] for deed in deeds}


async def test_a_cloud_accountant_keeps_the_books(site: Site) -> None:
    carl = await site.as_(CARL)
    text = await read(carl, "/cloud")
    assert "Margin €0.68" in text
    assert (await carl.get("/cloud/periods/2026-10/close")).status_code == 303


async def test_whoever_loses_money_is_told_with_why_and_what_cures_it(site: Site) -> None:
    """Overview, the list of cameras, a form with the fitting tariff: three clicks."""
    nora, carl = await site.as_(NORA), await site.as_(CARL)
    await _gate_costs(site, 2000)
    try:
        cameras = (await nora.get("/cloud?by=cameras")).text
        assert "Cost above price" in words(cameras)
        assert 'href="/cloud/camera/tariff?id=gate"' in cameras
        subscribers = (await nora.get("/cloud?by=subscribers")).text
        assert 'href="/cloud/cameras?subscriber=1"' in subscribers
        tariffs = (await nora.get("/cloud?by=tariffs")).text
        assert "Home 7" in tariffs
        one = (await nora.get("/cloud/subscribers/1")).text
        assert "lost money in October 2026: Cost above price" in words(one)
        assert 'href="/cloud/camera/tariff?id=gate"' in one
        assert 'href="/cloud/tariffs/home-7"' in one
        seen = (await carl.get("/cloud?by=cameras")).text
        assert "Cost above price" in words(seen)
        assert "/cloud/camera/tariff" not in seen
    finally:
        await _gate_costs(site, -2000)


async def _gate_costs(site: Site, more: int) -> None:
    """Give the story another end: what a close has written, nobody changes but by force."""
    for table, row in (
        ("margin", "camera = (select id from camera where cloud = 1 and external_id = 'gate')"),
        ("subscriber_month", "subscriber = 1"),
    ):
        await site.rows(f"alter table {table} disable trigger user")
        await site.rows(f"update {table} set cost = cost + {more} where cloud = 1 and {row}")
        await site.rows(f"alter table {table} enable trigger user")


async def test_invoices_are_narrowed_to_an_account_manager(site: Site) -> None:
    nora, ann = await site.as_(NORA), await site.as_(ANN)
    html = (await nora.get("/cloud/invoices")).text
    assert '<option value="ann@north.test"' in html
    found = await nora.get("/cloud/invoices?manager=ann@north.test")
    assert "NORTH-2026-000001" in found.text
    none = await nora.get("/cloud/invoices?manager=nobody@north.test", headers=HTMX)
    assert "NORTH-2026-000001" not in none.text
    page = await nora.get("/cloud/invoices/NORTH-2026-000001?manager=ann@north.test")
    assert page.status_code == 200
    assert 'name="manager"' not in (await ann.get("/cloud/invoices")).text
