"""What the platform's people see: every cloud they look after, each currency by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, MAX, NORA, PAUL, REX, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, rows, words, worked
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


async def test_home_has_the_last_month_and_the_running_one_by_currency(ada: Visitor) -> None:
    text = await read(ada, "/system")
    net = "After discount, before tax"
    assert f"Wholesale, EUR €10.80 New vs September 2026 {net} October 2026" in text
    assert f"Wholesale, USD – {net} · 0 of 1 cloud closed no month is closed yet" in text
    # November so far: no usage yet, so nothing is owed.
    assert f"So far this month, EUR €0.00 {net} November 2026 · as of Nov 5, 2026, 12:00" in text
    assert "Subscribed cameras 3 Up 50% vs a month ago in 2 clouds" in text
    assert "Open invoices €13.18 1 invoice, none overdue" in text


async def test_home_has_a_line_for_every_cloud_and_adds_no_currencies(ada: Visitor) -> None:
    html = (await ada.get("/system")).text
    table = rows(html, "rows")
    assert [row[0].split(" EUR")[0].split(" USD")[0] for row in table[1:-1]] == [
        "North Telecom",
        "South Networks",
    ]
    assert [row[4] for row in table[1:]] == ["€10.80", "–", "€10.80"]
    assert table[-1][5] == "€0.00 $0.00"
    assert "Open October 2026" in words(html)
    assert 'hx-get="/system/clouds/south/gaps"' in html


async def test_home_sorts_and_answers_its_block(ada: Visitor) -> None:
    answer = await ada.get("/system?sort=-name", headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="rows"')
    assert [row[0].split()[0] for row in rows(answer.text, "rows")[1:-1]] == ["South", "North"]
    assert (await ada.get("/system?sort=nonsense&page=99")).status_code == 200


async def test_an_invoice_is_late_the_day_after_it_is_due(site: Site) -> None:
    due = (await site.rows("select due_on from invoice where issuer = 0"))[0]["due_on"]
    today = site.clock.now
    try:
        site.clock.forward(days=(due - today.date()).days)
        assert "none overdue" in await read(await site.as_(PAUL), "/system")
        site.clock.forward(days=1)
        paul = await site.as_(PAUL)
        assert "1 invoice overdue: €13.18" in await read(paul, "/system")
        assert rows((await paul.get("/system/invoices")).text, "rows")[1][5] == "Overdue"
        assert DOCUMENT in await read(paul, "/system/invoices?state=overdue")
        assert "Nothing matches" in await read(paul, "/system/invoices?state=settled")
    finally:
        site.clock.now = today


async def test_a_manager_sees_the_clouds_it_looks_after(site: Site) -> None:
    manager = await site.as_(MAX)
    for path in ("/system", "/system/usage", "/system/usage?month=2026-10", "/system/invoices"):
        text = await read(manager, path)
        assert "North Telecom" in text
        assert "South" not in text
    for path in ("usage/south", "clouds/south/camera?id=dock", "clouds/south/gaps"):
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


async def test_usage_leads_from_the_clouds_to_a_camera_and_its_days(ada: Visitor) -> None:
    html = (await ada.get("/system/usage?month=2026-10")).text
    table = rows(html, "report-rows")
    assert table[0][:4] == ["Cloud", "Subscribed cameras", "Camera-days", "Wholesale"]
    assert table[1][1:4] == ["2", "47", "€10.80"]
    assert table[2][1:4] == ["1", "31", "–"], "October of South is not closed"
    assert table[3] == ["Total", "3", "78", "€10.80", "17.61", "2.516"]
    assert 'href="/system/usage/north?month=2026-10"' in html
    cameras = rows((await ada.get("/system/usage/north?month=2026-10")).text, "report-rows")
    assert [(row[0], row[2]) for row in cameras[1:]] == [
        ("Gate Sue Days 31", "€7.12"),
        ("Yard Sue Days 16", "€3.68"),
        ("Total", "€10.80"),
    ]
    assert cameras[1][3:] == ["7", "1"]
    text = await read(ada, "/system/clouds/north/camera?id=gate&month=2026-10")
    assert "Oct 1, 2026 7 Yes" in text
    assert "Home 7 · Sue from Oct 1, 2026" in text
    assert (await ada.get("/system/clouds/north/camera?id=nowhere")).status_code == 404
    assert (await ada.get("/system/usage/nowhere")).status_code == 404


async def test_missing_usage_is_counted_apart_from_the_page(ada: Visitor) -> None:
    part = await ada.get("/system/clouds/south/gaps", headers=HTMX)
    assert words(part.text) == "4 days of November 2026"
    text = await read(ada, "/system/clouds/south/gaps")
    assert "Missing usage of South Networks" in text
    assert "October 2026 Nothing is missing" in text
    assert "Nov 1, 2026 Subscribed 1 1 1 Nov 2, 2026 Subscribed 1 1 1" in text


async def test_a_close_that_is_done_is_not_asked_after_again(ada: Visitor) -> None:
    answer = await ada.get("/system/clouds/north/progress", headers=HTMX)
    assert "hx-get" not in answer.text
    assert words(answer.text) == "Closed October 2026 Result of the close"


@pytest.mark.parametrize("who", [NORA, SUE, REX], ids=lambda who: who.name)
async def test_the_platform_is_not_for_others(site: Site, who) -> None:
    visitor = await site.as_(who)
    for path in ("", "/invoices", f"/invoices/{DOCUMENT}.pdf", "/usage", "/usage/north"):
        assert (await visitor.get(f"/system{path}")).status_code == 403
