"""What the platform's people see: every cloud they look after, each currency by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from portal.overview.queries.clouds.cloud_list import CloudRow
from portal.overview.queries.system_dashboard import CloudLine
from portal.routes.system.home import _top
from tests.cast import ADA, MAX, NORA, PAUL, REX, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, named, read, rows, words, worked
from tests.services import TestServices

DOCUMENT = "PLAT-2026-000001"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: these pages are only read."""
    directory: Path = tmp_path_factory.mktemp("system")
    async with worked(services, template, f"{template}_{worker_id}_system", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def ada(site: Site) -> Visitor:
    return await site.as_(ADA)


async def test_home_has_one_row_of_money_for_each_currency(ada: Visitor) -> None:
    html = (await ada.get("/system")).text
    money = named(html, "Money")
    assert money[0] == [
        "Currency", "Last closed month", "vs the month before", "This month so far",
        "Open", "Overdue", "12 months",
    ]  # fmt: skip
    assert [row[0].split()[0] for row in money[1:]] == ["EUR", "USD"]
    euro, dollar = money[1:]
    assert euro[1].startswith("€10.80 October 2026")
    assert euro[2].startswith("New vs September 2026")
    # November so far: no usage yet, so nothing is owed.
    assert euro[3:6] == ["€0.00 November 2026", "€13.18 1 invoice", "€0.00"]
    assert dollar[1] == "– no month is closed yet 0 of 1 cloud closed"
    assert dollar[3:6] == ["$0.00 November 2026", "$0.00", "$0.00"]
    assert 'href="/system/invoices?month=2026-10"' in html
    assert 'href="/system/invoices?state=open"' in html
    assert "Estimates as of Nov 5, 2026, 12:00" in words(html)
    order = [html.index(f'aria-label="{name}"') for name in ("Needs you", "Money", "Clouds")]
    assert order == sorted(order)


async def test_home_has_the_clouds_that_buy_most(ada: Visitor) -> None:
    html = (await ada.get("/system")).text
    head, north, south = named(html, "Clouds")
    assert head == ["Cloud", "Manager", "Cameras", "Last month", "Wholesale", "Change"]
    assert north[0].startswith("North Telecom")
    assert north[1:5] == [
        "max@platform.test", "2 Up 100% vs a month ago", "Closed October 2026", "€10.80",
    ]  # fmt: skip
    assert south[0].startswith("South Networks Needs someone"), "its October waits"
    assert south[3:] == ["Open October 2026", "–", "–"]
    assert 'href="/system/clouds">All clouds' in html


def test_the_clouds_that_buy_most_are_the_first_of_each_currency() -> None:
    """Twelve clouds in euro, and one in dollars that is smaller by its number alone."""
    euro = [cloud_row(f"e{number}", "EUR", 1_000 * number) for number in range(1, 13)]
    shown = [row.line.slug for row in _top([*euro, cloud_row("d", "USD", 5)])]
    assert shown == [*(f"e{number}" for number in range(12, 3, -1)), "d"]


def cloud_row(slug: str, currency: str, bought: int) -> CloudRow:
    """A cloud that bought for so much in October."""
    october = date(2026, 10, 1)
    line = CloudLine(
        slug=slug,
        name=slug,
        currency=currency,
        timezone="UTC",
        cameras=1,
        cameras_before=1,
        ended=october,
        state="closed",
        done=0,
        total=0,
        trouble="",
        closing_at=None,
        gaps_accepted=0,
        estimate=None,
        as_of=None,
        months={october: bought},
    )
    return CloudRow(
        line=line,
        manager=None,
        is_mine=False,
        suspended=False,
        discount_percent=Decimal(0),
        watcher="complete",
        open=0,
        late=0,
        waits=False,
    )


async def test_months_of_all_clouds_stand_side_by_side(site: Site, ada: Visitor) -> None:
    html = (await ada.get("/system/periods")).text
    head, north, south = rows(html, "rows")
    assert head[:3] == ["Cloud", "November 2026", "October 2026"]
    assert len(head) == 7
    assert north[1] == "Running : North Telecom, November 2026"
    assert north[2].startswith("Closed : North Telecom, October 2026 Nov 5, 2026")
    assert north[4] == "–", "nothing was subscribed in August"
    assert south[2] == "Open : South Networks, October 2026 due Nov 4, 2026"
    assert 'href="/system/clouds/south/periods/2026-10"' in html
    for query, found in (
        ("state=closed", ["North"]),
        ("state=open", ["South"]),
        ("state=needs_look", []),
        ("manager=max@platform.test", ["North"]),
        ("manager=mine", []),
        ("q=sou", ["South"]),
        ("q=%00&state=odd", []),
    ):
        html = (await ada.get(f"/system/periods?{query}", headers=HTMX)).text
        assert [row[0].split()[0] for row in rows(html, "rows")[1:]] == found, query
    max_ = await site.as_(MAX)
    assert "South" not in await read(max_, "/system/periods"), "another manager's"
    file = (await ada.get("/system/periods?format=csv")).text.removeprefix("\ufeff").splitlines()
    assert file[0].startswith("Cloud,Short name,Manager,November 2026,October 2026")
    assert file[1].startswith("North Telecom,north,max@platform.test,running,closed")
    nora = await site.as_(NORA)
    assert (await nora.get("/system/periods")).status_code == 403


async def test_an_invoice_is_late_the_day_after_it_is_due(site: Site) -> None:
    due = (await site.rows("select due_on from invoice where issuer = 0"))[0]["due_on"]
    today = site.clock.now
    try:
        site.clock.forward(days=(due - today.date()).days)
        html = (await (await site.as_(PAUL)).get("/system")).text
        assert named(html, "Money")[1][5] == "€0.00"
        site.clock.forward(days=1)
        paul = await site.as_(PAUL)
        html = (await paul.get("/system")).text
        assert named(html, "Money")[1][5] == "€13.18 1 invoice"
        assert 'href="/system/invoices?state=overdue"' in html
        assert rows((await paul.get("/system/invoices")).text, "rows")[1][5] == "Overdue"
        assert DOCUMENT in await read(paul, "/system/invoices?state=overdue")
        assert "Nothing matches" in await read(paul, "/system/invoices?state=settled")
    finally:
        site.clock.now = today


async def test_a_manager_sees_the_clouds_it_looks_after(site: Site) -> None:
    manager = await site.as_(MAX)
    for path in ("/system", "/system/reports", "/system/reports?month=2026-10", "/system/invoices"):
        text = await read(manager, path)
        assert "North Telecom" in text
        assert "South" not in text
    for path in ("clouds/south/reports", "clouds/south/camera?id=dock"):
        assert "There is no cloud 'south'" in await read(manager, f"/system/{path}", 404)
    assert (await manager.get("/system/clouds/south/progress")).status_code == 404


async def test_invoices_are_found_by_cloud_month_and_text(ada: Visitor) -> None:
    for query in ("cloud=north", "month=2026-10", "q=plat-2026", "q=North", "state=open"):
        assert DOCUMENT in await read(ada, f"/system/invoices?{query}"), query
    for query in ("cloud=south", "month=2026-11", "q=NORTH-2026", "q=100%25", "state=credit_note"):
        text = await read(ada, f"/system/invoices?{query}")
        assert "Nothing matches these filters" in text, query
    block = await ada.get("/system/invoices?q=plat", headers=HTMX)
    assert block.text.lstrip().startswith('<div id="rows"')
    assert DOCUMENT in await read(ada, "/system/invoices?page=7"), "beyond the last is the last"
    for odd in ("state=odd", "sort=-odd", "page=0", "page=7", "q=%00"):
        assert (await ada.get(f"/system/invoices?{odd}")).status_code == 200


async def test_an_invoice_says_what_was_bought(ada: Visitor) -> None:
    html = (await ada.get(f"/system/invoices/{DOCUMENT}")).text
    text = words(html)
    assert "1 day of motion-activated recording" in text
    assert "10.61 day €0.50 €5.31" in text
    assert "Licence plates, 1 channel" in text
    assert "Subtotal €11.37 Discount 5% −€0.57 Taxable amount €10.80 Tax 22% €2.38" in text
    assert "Total €13.18" in text
    assert "The PDF is being made" in text
    assert f'href="/system/invoices/{DOCUMENT}/lines/0"' in html
    assert '<a href="/system/clouds/north">' in html


async def test_retail_is_the_clouds_own(ada: Visitor) -> None:
    assert "NORTH-2026" not in await read(ada, "/system/invoices")
    assert (await ada.get("/system/invoices/NORTH-2026-000001")).status_code == 404
    assert (await ada.get("/system/invoices/NORTH-2026-000001.pdf")).status_code == 404


async def test_a_pdf_is_there_once_it_is_made_and_asked_for_again_is_not_sent(
    site: Site, ada: Visitor
) -> None:
    path = f"/system/invoices/{DOCUMENT}.pdf"
    waiting = await ada.get(path)
    assert waiting.status_code == 409
    assert "still being made" in waiting.text
    await site.rows(
        "insert into invoice_wait (cloud, invoice, characters, command, value)"
        " select cloud, id, '日本', 'apt-get install fonts-noto-cjk', '{}' from invoice"
        " where number = $1",
        DOCUMENT,
    )
    refused = await ada.get(path)
    assert refused.status_code == 409
    shown = await read(ada, f"/system/invoices/{DOCUMENT}")
    assert "The PDF waits for a font" in shown
    for text in (refused.text, shown):
        assert "No installed font draws “日本”" in text
        assert "apt-get install fonts-noto-cjk" in text
    assert "No installed font draws “日本”" in (await ada.get("/system/invoices")).text
    await site.rows("delete from invoice_wait")
    await site.rows(
        "insert into invoice_file (cloud, invoice, sha256, size, content, usage_sha256,"
        " usage_content) select cloud, id, repeat('a', 64), 8, '%PDF-1.7', repeat('b', 64), 'camera'"
        " from invoice where number = $1",
        DOCUMENT,
    )
    beside = f"/system/invoices/{DOCUMENT}.csv"
    assert f'href="{beside}"' in (await ada.get(f"/system/invoices/{DOCUMENT}")).text
    cameras = await ada.get(beside)
    assert (cameras.content, cameras.headers["content-type"]) == (
        b"camera",
        "text/csv; charset=utf-8",
    )
    file = await ada.get(path)
    assert file.content == b"%PDF-1.7"
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == f'attachment; filename="{DOCUMENT}.pdf"'
    assert file.headers["cache-control"] == "private, no-cache"
    again = await ada.get(path, headers={"If-None-Match": file.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await ada.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    assert f'href="{path}"' in (await ada.get("/system/invoices")).text


async def test_a_report_leads_from_the_clouds_to_a_camera_and_its_days(ada: Visitor) -> None:
    html = (await ada.get("/system/reports?month=2026-10")).text
    table = rows(html, "report-rows")
    assert table[0] == ["Cloud", "Month", "Cameras", "Charges", "Discount", "Revenue"]
    assert table[1][2:] == ["2", "€11.37", "€0.57", "€10.80"]
    assert table[2][1:] == ["Open", "1", "$7.50", "$0.00", "$7.50"], "as the draft of South has it"
    assert table[3] == ["Total", "", "3", "€11.37 $7.50", "€0.57 $0.00", "€10.80 $7.50"]
    assert named(html, "Revenue by month, EUR")[1:] == [["Oct", "€10.80"]]
    assert named(html, "Revenue by month, USD")[1:] == [["Oct", "$7.50"]]
    least = (await ada.get("/system/reports?month=2026-10&sort=-charges")).text
    assert [row[0].split()[0] for row in rows(least, "report-rows")[1:3]] == ["South", "North"]
    below = "/system/clouds/north/reports?by=subscriber&show=money&month=2026-10"
    assert f'href="{below}"'.replace("&", "&amp;") in html
    cameras = rows(
        (await ada.get(f"{below}&by=camera".replace("by=subscriber&", ""))).text, "report-rows"
    )
    assert [(row[0].split()[0], row[6]) for row in cameras[1:]] == [
        ("Gate", "€7.12"),
        ("Yard", "€3.68"),
        ("Total", "€10.80"),
    ]
    used = rows(
        (await ada.get("/system/reports?month=2026-10&show=quantities")).text, "report-rows"
    )
    assert used[3] == ["Total", "3", "78", "17.61", "2.516"]
    services = (await ada.get("/system/reports?month=2026-10&by=service")).text
    assert rows(services, "report-rows")[-1][-1] == "€10.80 $7.50"
    text = await read(ada, "/system/clouds/north/camera?id=gate&month=2026-10")
    assert "Oct 1, 2026 7 Yes" in text
    assert "Home 7 · Sue from Oct 1, 2026" in text
    assert (await ada.get("/system/clouds/north/camera?id=nowhere")).status_code == 404
    assert (await ada.get("/system/clouds/nowhere/reports")).status_code == 404


async def test_a_close_that_is_done_is_not_asked_after_again(ada: Visitor) -> None:
    answer = await ada.get("/system/clouds/north/progress", headers=HTMX)
    assert "hx-get" not in answer.text
    assert words(answer.text) == "Closed October 2026 Result of the close"


@pytest.mark.parametrize("who", [NORA, SUE, REX], ids=lambda who: who.name)
async def test_the_platform_is_not_for_others(site: Site, who) -> None:
    visitor = await site.as_(who)
    for path in ("", "/invoices", f"/invoices/{DOCUMENT}.pdf", "/usage", "/usage/north"):
        assert (await visitor.get(f"/system{path}")).status_code == 403


async def test_a_month_says_whom_it_waits_for(site: Site, ada: Visitor) -> None:
    """One that nothing closes by itself needs a look; one that was tried waits for its usage."""
    october = "insert into period (cloud, starts_on, tried_at) values (2, '2026-10-01', now())"
    await site.rows("update cloud set close_automatically = false where slug = 'south'")
    assert "Needs a look" in (await _months_of_south(ada))[2]
    await site.rows("update cloud set close_automatically = true where slug = 'south'")
    await site.rows(october)
    assert "Waits for usage" in (await _months_of_south(ada))[2]
    await site.rows(
        "update period set state = 'closing', cameras_total = 4, trouble = 'A price is missing'"
        " where cloud = 2"
    )
    assert "A price is missing" in (await _months_of_south(ada))[2]
    await site.rows("update period set trouble = '' where cloud = 2")
    assert (await _months_of_south(ada))[2].endswith("October 2026 0%")


async def _months_of_south(visitor: Visitor) -> list[str]:
    return rows((await visitor.get("/system/periods")).text, "rows")[2]
