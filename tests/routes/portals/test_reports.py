"""Reports: every level sums to the one above, to the invoices and to the overview, for each role."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape
from io import StringIO
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.db import atomic
from tests.cast import ADA, ANN, CARL, MAX, NORA, NORTH, REX, SAM, SUE
from tests.factories import World, camera, days, use
from tests.routes.conftest import Site, Visitor
from tests.routes.story import MOTION, site_of, tell
from tests.routes.worked_example import HTMX, read, rows, words
from tests.services import TestServices

MONEY = ("Charges", "Discount", "Revenue", "Cost", "Commissions", "Margin")
MONTHS = ("2026-09", "2026-10", "2026-11")
LEVELS = ("subscriber", "camera", "tariff", "referral")


async def also(world: World) -> None:
    """A camera of nobody has cost in October and in November."""
    async with atomic(SYSTEM) as tx:
        spare = await camera(tx, NORTH, "canary-north-spare", None)
        for span in (days("2026-10-01", "2026-11-01"), days("2026-11-01", "2026-11-05")):
            await use(tx, NORTH, spare, world.meters[MOTION], span, 30)


async def happens() -> None:
    """The story of all portals, and that."""
    await tell(also)


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("reports")
    name = f"{template}_{worker_id}_reports"
    async with site_of(happens, services, template, name, directory) as it:
        yield it


async def lines(visitor: Visitor, path: str) -> list[dict[str, str]]:
    """The rows of a report as a file."""
    answer = await visitor.get(f"{path}&format=csv")
    assert answer.status_code == 200, path
    return list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))


def sums(found: list[dict[str, str]], names: tuple[str, ...] = MONEY) -> list[Decimal]:
    return [sum((Decimal(row[name] or 0) for row in found), Decimal()) for name in names]


def foot(html: str) -> list[Decimal]:
    """The money of the totals row."""
    last = rows(html, "report-rows")[-1]
    assert last[0] == "Total"
    told = [cell.replace("−", "-").replace(",", "") for cell in last]
    return [Decimal(re.sub(r"[€$]", "", cell)) for cell in told if "€" in cell or "$" in cell]


@pytest.mark.parametrize("month", MONTHS)
async def test_every_report_sums_to_the_invoices_of_the_month(site: Site, month: str) -> None:
    """Of a closed month to what was issued, of an open one to what its draft would issue."""
    nora = await site.as_(NORA)
    found = {by: await lines(nora, f"/cloud/reports?by={by}&month={month}") for by in LEVELS}
    whole = sums(found["subscriber"])
    assert whole[2] > 0
    for by in LEVELS:
        assert sums(found[by]) == whole, by
        assert foot((await nora.get(f"/cloud/reports?by={by}&month={month}")).text) == whole, by
    ((revenue, cost, earned),) = await site.rows(
        "select coalesce(sum(taxable) filter (where side = 'retail'), 0),"
        " coalesce(sum(taxable) filter (where side = 'wholesale'), 0),"
        f" (select sum(amount) from commission where cloud = 1 and month = '{month}-01')"
        f" from invoice where cloud = 1 and month = '{month}-01'"
    )
    if month == "2026-11":
        ((revenue, cost, earned),) = await site.rows(
            "select revenue, wholesale, commission from draft where cloud = 1"
            " and month = '2026-11-01'"
        )
    assert [one * 100 for one in whole[2:5]] == [revenue, cost, earned]
    services = await lines(nora, f"/cloud/reports?by=service&month={month}")
    assert sums(services, ("Cost",)) == [whole[3]]
    if month == "2026-10":
        overview = await read(nora, "/cloud")
        for name, amount in zip(MONEY[2:], whole[2:], strict=True):
            assert f"{name} {'−' if amount < 0 else ''}€{abs(amount)}" in overview


@pytest.mark.parametrize("month", ["2026-10", "2026-11"])
async def test_each_row_opens_the_level_below_with_the_same_sums(site: Site, month: str) -> None:
    nora = await site.as_(NORA)
    opened = 0
    for by, below in (("subscriber", "camera"), ("tariff", "camera"), ("referral", "subscriber")):
        html = (await nora.get(f"/cloud/reports?by={by}&month={month}")).text
        body = html.partition('id="report-rows"')[2].partition("</tbody>")[0]
        for row in body.split("<tr>")[2:]:
            link = re.search(rf'href="(/cloud/reports\?by={below}[^"]*)"', row)
            if link is None or "spare" in row:
                continue
            path = unescape(link[1])
            assert f"month={month}" in path
            told = [cell.replace("−", "-") for cell in re.findall(r"−?€[\d.,]+", words(row))]
            under = sums(await lines(nora, path))
            shown = [f"{'-' if one < 0 else ''}€{abs(one)}" for one in under]
            assert shown == told[-len(shown) :], (by, path)
            assert foot((await nora.get(path)).text) == under
            opened += 1
    assert opened >= 6


async def test_cost_of_days_without_a_subscription_is_a_line_of_its_own(site: Site) -> None:
    nora = await site.as_(NORA)
    html = (await nora.get("/cloud/reports?month=2026-10")).text
    line = rows(html, "report-rows")[-2]
    assert line[0].startswith("Days without a subscription")
    assert line[-1] == "No subscription"
    path = "/cloud/reports?by=camera&show=money&month=2026-10&subscriber=-"
    assert f'href="{path}"'.replace("&", "&amp;") in html
    (spare,) = await lines(nora, path)
    assert (spare["Camera"], spare["Subscriber"]) == ("Canary-North-Spare", "")
    assert line[6] == f"€{spare['Cost']}"
    assert spare["Cause"] == "No subscription"


async def test_a_camera_of_two_subscribers_counts_with_each(site: Site) -> None:
    nora = await site.as_(NORA)
    found = await lines(nora, "/cloud/reports?by=camera&month=2026-10&q=mover")
    assert {(row["Customer number"], row["Days"]) for row in found} == {("1", "10"), ("2", "21")}
    (of_sue,) = await lines(nora, "/cloud/reports?by=camera&month=2026-10&q=mover&subscriber=1")
    assert of_sue in found


async def test_what_is_bought_sold_and_used_stands_side_by_side(site: Site) -> None:
    """Seven days are sold with each tariff: what is used beyond them, and what is not used."""
    nora = await site.as_(NORA)
    motion = next(
        row
        for row in await lines(nora, "/cloud/reports?by=service&month=2026-10")
        if row["Code"] == "motion-day"
    )
    # gate, shop and cellar all month, yard for 16 of 31 days, mover 10 days and then 21.
    assert Decimal(motion["Sold in tariffs"]).quantize(Decimal("0.01")) == Decimal("31.61")
    assert motion["Bought"] == motion["Really used"]
    assert Decimal(motion["Sold less used"]) == Decimal(motion["Sold in tariffs"]) - Decimal(
        motion["Really used"]
    )


@pytest.mark.parametrize("by", LEVELS)
async def test_quantities_of_every_level_are_the_same_usage(site: Site, by: str) -> None:
    nora = await site.as_(NORA)
    path = f"/cloud/reports?by={by}&show=quantities&month=2026-10"
    found = await lines(nora, path)
    served = await lines(nora, "/cloud/reports?by=subscriber&show=quantities&month=2026-10")
    name = "1 day of motion-activated recording"
    spare = Decimal(30) if by == "camera" else Decimal()
    total = sums(found, (name,))[0]
    assert abs(total - sums(served, (name,))[0] - spare) < Decimal("0.000001")
    html = (await nora.get(path)).text
    assert rows(html, "report-rows")[-1][0] == "Total"
    assert "Cameras with usage, day by day" in words(html)
    assert "Camera-days by month" in words((await nora.get(f"{path}&chart=months")).text)


async def test_an_account_manager_has_own_subscribers_and_no_cost(site: Site) -> None:
    ann = await site.as_(ANN)
    ((number, revenue),) = await site.rows(
        "select s.number, sum(i.taxable) from invoice i join subscriber s on s.id = i.subscriber"
        " where i.cloud = 1 and i.month = '2026-10-01' and s.account_manager is not null"
        " group by s.number"
    )
    own = await lines(ann, "/cloud/reports?month=2026-10")
    assert [(row["Number"], Decimal(row["Revenue"]) * 100) for row in own] == [
        (str(number), revenue)
    ]
    for by in ("subscriber", "camera", "tariff", "service"):
        for month in MONTHS:
            for row in await lines(ann, f"/cloud/reports?by={by}&month={month}"):
                assert not {"Cost", "Commissions", "Margin", "Cause", "Bought"} & set(row), by
                assert "Bob" not in str(row)
    for month in ("2026-10", "2026-11"):
        cameras = await lines(ann, f"/cloud/reports?by=camera&month={month}")
        totals = sums(await lines(ann, f"/cloud/reports?month={month}"), ("Charges",))
        assert sums(cameras, ("Charges",)) == totals, month
        tariffs = await lines(ann, f"/cloud/reports?by=tariff&month={month}")
        assert sums(tariffs, ("Revenue",)) == sums(
            await lines(ann, f"/cloud/reports?month={month}"), ("Revenue",)
        )
    assert (await ann.get("/cloud/reports?by=referral")).status_code == 403
    assert (await ann.get("/cloud/reports?by=camera&subscriber=2")).status_code == 404
    assert "By day" not in await read(ann, "/cloud/reports")


async def test_nobody_sees_a_report_of_somebody_else(site: Site) -> None:
    sam, ada, manager = [await site.as_(who) for who in (SAM, ADA, MAX)]
    for by in (*LEVELS, "service"):
        for show in ("money", "quantities"):
            text = await read(sam, f"/cloud/reports?by={by}&show={show}&month=2026-10")
            assert "North" not in text, (by, show)
    assert (await sam.get("/cloud/reports?by=camera&subscriber=2")).status_code == 404
    assert (await sam.get("/cloud/reports?by=camera&tariff=home-7")).status_code == 404
    assert (await sam.get("/cloud/reports?by=subscriber&referral=rex")).status_code == 404
    assert (await manager.get("/system/clouds/south/reports")).status_code == 404
    assert "South" not in await read(manager, "/system/reports?month=2026-10")
    assert "South" in await read(ada, "/system/reports?month=2026-10")
    for who in (SUE, REX):
        visitor = await site.as_(who)
        for path in ("/cloud/reports", "/system/reports", "/system/clouds/north/reports"):
            assert (await visitor.get(path)).status_code == 403, path


async def test_the_platform_sees_what_the_operator_sees(site: Site) -> None:
    ada, nora, carl = [await site.as_(who) for who in (ADA, NORA, CARL)]
    for by in (*LEVELS, "service"):
        path = f"reports?by={by}&month=2026-10"
        assert await lines(ada, f"/system/clouds/north/{path}") == await lines(
            nora, f"/cloud/{path}"
        )
        assert await lines(carl, f"/cloud/{path}") == await lines(nora, f"/cloud/{path}")
    clouds = await lines(ada, "/system/reports?month=2026-10")
    (north,) = (row for row in clouds if row["Username"] == "north")
    subscribers = await lines(nora, "/cloud/reports?month=2026-10")
    assert [Decimal(north["Revenue"])] == sums(subscribers, ("Cost",))
    services = await lines(ada, "/system/reports?by=service&month=2026-10")
    euros = [row for row in services if row["Currency"] == "EUR"]
    assert sums(euros, ("Revenue",)) == [Decimal(north["Revenue"])]
    below = await ada.get("/system/reports?by=camera&cloud=north&month=2026-10")
    assert below.headers["location"].startswith("/system/clouds/north/reports?by=camera")


async def test_a_loss_is_told_with_its_cause_and_its_cure(site: Site) -> None:
    nora = await site.as_(NORA)
    html = (await nora.get("/cloud/reports?by=camera&month=2026-10&state=loses")).text
    found = await lines(nora, "/cloud/reports?by=camera&month=2026-10&state=loses")
    assert found
    assert all(Decimal(row["Margin"]) < 0 and row["Cause"] for row in found)
    assert "See what to do" in words(html)


async def test_a_running_month_says_so_and_has_its_days(site: Site) -> None:
    nora = await site.as_(NORA)
    text = await read(nora, "/cloud/reports")
    assert "Estimate for 1–4 November" in text
    assert "So far, as the close would issue it" in text
    assert "Cost, commissions and margin of each day" in text
    months = await read(nora, "/cloud/reports?chart=months")
    assert "of each month, stacked" in months
    total = sums(await lines(nora, "/cloud/reports?month=2026-11"), ("Revenue",))[0]
    assert f"So far this month €{total}" in await read(nora, "/cloud")


async def test_what_an_address_cannot_mean_is_told_in_the_portal(site: Site) -> None:
    nora = await site.as_(NORA)
    for odd in ("sort=odd", "page=9", "q=%00%25", "month=", "state=odd", "by=", "chart="):
        assert (await nora.get(f"/cloud/reports?{odd}")).status_code == 200, odd
    assert "Canary-North-Sue" in await read(nora, "/cloud/reports?page=9")
    for odd in (
        *("subscriber=x", "subscriber=-1", "subscriber=99999999999999999999", "subscriber=9"),
        *("tariff=none", "referral=none", "by=odd", "show=odd", "chart=odd", "by=cloud"),
        *("month=2026-12", "month=2026-13", "subscriber=-&show=quantities"),
    ):
        by = "" if odd.startswith("by=") else "by=camera&"
        by = "by=subscriber&" if odd.startswith("referral=") else by
        answer = await nora.get(f"/cloud/reports?{by}{odd}")
        assert (answer.status_code, 'aria-label="Main"' in answer.text) == (404, True), odd
    ada = await site.as_(ADA)
    for odd in ("by=subscriber", "show=odd", "by=camera&cloud=nowhere"):
        assert (await ada.get(f"/system/reports?{odd}")).status_code == 404, odd
    block = await nora.get("/cloud/reports?month=2026-10", headers=HTMX)
    assert block.text.lstrip().startswith('<div id="report"')


async def test_addresses_of_usage_lead_to_the_reports_for_good(site: Site) -> None:
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    for visitor, old, new in (
        (nora, "/cloud/usage?month=2026-10", "/cloud/reports?by=subscriber&month=2026-10"),
        (
            nora,
            "/cloud/usage?subscriber=1&month=2026-10",
            "/cloud/reports?by=camera&subscriber=1&month=2026-10",
        ),
        (ada, "/system/usage", "/system/reports?by=cloud&show=quantities"),
        (
            ada,
            "/system/usage/north?month=2026-10",
            "/system/clouds/north/reports?by=camera&show=quantities&month=2026-10",
        ),
    ):
        answer = await visitor.get(old)
        assert (answer.status_code, answer.headers["location"]) == (301, new)
        assert (await visitor.get(new)).status_code == 200
