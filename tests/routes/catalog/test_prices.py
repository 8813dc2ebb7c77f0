"""What a cloud pays: read by its operator, set by the platform, tried on the last closed month."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, rows, words, worked
from tests.services import TestServices

PRICES = "/system/clouds/north/prices"
NEW = f"{PRICES}/new"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: North's October is closed, at 0.50 a day of archive and 4.00 for plates."""
    directory: Path = tmp_path_factory.mktemp("prices")
    async with worked(services, template, f"{template}_{worker_id}_prices", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def ada(site: Site) -> Visitor:
    visitor = await site.as_(ADA)
    await visitor.get(NEW)
    return visitor


async def _form(site: Site, prices: dict[str, str], **more: str) -> dict[str, str]:
    """What the page would send, with prices by code."""
    sent = {"valid_from": "2026-12-01", "percent": "", **more}
    known = await site.rows("select code from service order by code")
    for index, row in enumerate(known):
        box = f"prices-{index}"
        sent |= {f"{box}-service": row["code"], f"{box}-pricing-model": "per_unit"}
        sent[f"{box}-pricing-unit_price"] = prices.get(row["code"], "")
    return sent


async def test_an_operator_reads_what_it_pays_and_sets_nothing(site: Site) -> None:
    for who in (NORA, CARL):
        visitor = await site.as_(who)
        html = (await visitor.get("/cloud/prices")).text
        table = rows(html, "rows")
        motion = next(row for row in table if "motion-day" in row[0])
        assert motion[1] == "€0.50 per day"
        assert motion[5] == "€5.04"
        assert table[-1][5] == "€10.80"
        assert "New prices" not in html
        assert (await visitor.get("/cloud/prices/new")).status_code == 403
        assert (await visitor.post("/cloud/prices/new", {})).status_code == 403
        assert (await visitor.get(PRICES)).status_code == 403
    for who in (ANN, SUE):
        visitor = await site.as_(who)
        assert (await visitor.get("/cloud/prices")).status_code == 403


async def test_other_prices_are_tried_on_the_last_closed_month(site: Site, ada: Visitor) -> None:
    same = await _form(site, {"motion-day": "0.50", "plates": "4"})
    answer = await ada.post(NEW, {**same, "intent": "recalculate"}, headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="computed"')
    assert "October would have cost €10.80 (€0.00, 0%)" in words(answer.text)
    # 10.61 days at 1.00 and plates at 4.00: 10.62 + 6.06 = 16.68, less 5 %.
    dear = await _form(site, {"motion-day": "1", "plates": "4"})
    answer = await ada.post(NEW, {**dear, "intent": "recalculate"}, headers=HTMX)
    assert "October would have cost €15.84 (+€5.04, +46.7%)" in words(answer.text)
    half = await _form(site, {"motion-day": "1,", "plates": "1.234"})
    answer = await ada.post(NEW, {**half, "intent": "recalculate"}, headers=HTMX)
    assert answer.status_code == 200


async def test_all_prices_are_raised_by_a_percentage(site: Site, ada: Visitor) -> None:
    sent = await _form(site, {"motion-day": "0.50", "plates": "4"}, percent="3")
    answer = await ada.post(NEW, {**sent, "intent": "raise"})
    assert 'value="0.5150"' in answer.text
    assert 'value="4.12"' in answer.text
    wrong = await ada.post(NEW, {**sent, "percent": "x", "intent": "raise"})
    assert 'href="#field-percent"' in wrong.text
    assert not await site.rows("select from rate where valid_from = '2026-12-01'")


async def test_what_is_wrong_is_told_at_its_place_and_nothing_is_set(
    site: Site, ada: Visitor
) -> None:
    right = {"motion-day": "0.60", "plates": "4"}
    closed = await ada.post(NEW, await _form(site, right, valid_from="2026-10-15"))
    assert closed.status_code == 409
    assert 'href="#field-valid_from"' in closed.text
    assert 'value="0.60"' in closed.text, "what was typed stays"
    for prices, more in (
        ({**right, "motion-day": "1.234"}, {}),
        ({**right, "plates": "-1"}, {}),
        ({**right, "plates": ""}, {}),
        (right, {"valid_from": "2026-02-30"}),
    ):
        answer = await ada.post(NEW, await _form(site, prices, **more))
        assert answer.status_code == 422, prices
        assert 'href="#field-' in answer.text
    assert not await site.rows("select from rate where valid_from > '2026-10-01'")


async def test_only_prices_that_differ_are_set_once(site: Site, ada: Visitor) -> None:
    sent = await _form(site, {"motion-day": "0,60", "plates": "4.00"})
    for _time in range(2):
        answer = await ada.post(NEW, sent)
        assert (answer.status_code, answer.headers["location"]) == (303, PRICES)
    made = await site.rows(
        "select s.code from rate r join service s on s.id = r.service"
        " where r.cloud = 1 and r.valid_from = '2026-12-01'"
    )
    assert [row["code"] for row in made] == ["motion-day"]
    text = await read(ada, PRICES)
    assert "€0.60 per day from 1 Dec 2026" in text or "€0.60 per day from Dec 1, 2026" in text
    clash = await ada.post(NEW, await _form(site, {"motion-day": "0.70", "plates": "4"}))
    assert clash.status_code == 409, "that day has another price already"
    assert "clock" not in clash.text


async def test_a_manager_prices_its_own_clouds_and_an_accountant_none(site: Site) -> None:
    max_ = await site.as_(MAX)
    assert (await max_.get(NEW)).status_code == 200
    assert (await max_.get("/system/clouds/south/prices")).status_code == 404
    assert (await max_.post("/system/clouds/south/prices/new", {})).status_code == 404
    paul = await site.as_(PAUL)
    assert "New prices" not in await read(paul, PRICES)
    assert (await paul.get(NEW)).status_code == 403
    csv = (await paul.get(f"{PRICES}?format=csv")).text
    assert "motion-day" in csv
    assert "5.04" in csv
