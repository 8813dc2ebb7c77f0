"""The composer: figures follow what is typed, nothing is stored before it is saved."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest

from tests.cast import ADA, ANN, CARL, MAX, NORA, SAM, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, rows, words, worked
from tests.services import TestServices

NEW = "/cloud/tariffs/new"
VERSION = "/cloud/tariffs/home-7/versions/new"
PLATES = {
    "name": "Plates",
    "valid_from": "2026-11-05",
    "monthly_price": "9,90",
    "bill_when_disabled": "on",
    "items-0-service": "motion-day",
    "items-0-quantity": "7",
    "items-1-service": "plates",
    "items-1-quantity": "1",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices,
    template: str,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Site]:
    """October of North is closed: Sue paid 13.51 for two cameras, of which Rex has 15 %."""
    name = f"{template}_{worker_id}_composer"
    async with worked(services, template, name, tmp_path_factory.mktemp("composer")) as found:
        yield found


def boxes(page: str) -> dict[str, str]:
    """What a browser would send of the form as it stands."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        name, value = (re.search(rf'\b{one}="([^"]*)"', tag) for one in ("name", "value"))
        if name is None or name[1] in {"q", "_csrf_token"}:
            continue
        if 'type="checkbox"' in tag:
            if " checked" in tag:
                found[name[1]] = "on"
        else:
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(
        r'<select id="[^"]*"[^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


async def press(
    visitor: Visitor, path: str, intent: str, sent: dict[str, str], status: int = 200
) -> str:
    """Send the form with one of its buttons."""
    answer = await visitor.post(path, {**sent, "intent": intent})
    assert answer.status_code == status, words(answer.text)
    return answer.text


async def test_figures_follow_what_is_typed_and_a_half_number_is_no_error(site: Site) -> None:
    nora = await site.as_(NORA)
    first = (await nora.get(NEW)).text
    assert "Type a monthly price" in first
    text = words(await press(nora, NEW, "recalculate", PLATES))
    for told in ("€7.50 less 5% €7.13", "15%, Rex €1.49", "€1.28 · 13%"):
        assert told in text, told
    half = await nora.post(
        NEW,
        {**PLATES, "monthly_price": "9,", "items-1-quantity": "", "intent": "recalculate"},
        headers=HTMX,
    )
    assert half.status_code == 200
    assert 'id="computed"' in half.text
    assert "is-invalid" not in half.text
    assert "<form" not in half.text


async def test_rows_are_added_and_taken_away_and_what_was_typed_stays(site: Site) -> None:
    nora = await site.as_(NORA)
    added = boxes(await press(nora, NEW, "add-items", PLATES))
    assert added["items-2-service"] == ""
    assert added["monthly_price"] == "9,90"
    assert added["code"] == "plates", "made of the name"
    left = boxes(await press(nora, NEW, "remove-items-0", {**PLATES, "items-0-overage-model": ""}))
    assert (left["items-0-service"], left["items-0-quantity"]) == ("plates", "1")
    assert "items-1-service" not in left
    tiers = {"items-0-overage-model": "graduated", "items-0-overage-tiers-0-up_to": "1.234"}
    page = await press(nora, NEW, "recalculate", {**PLATES, **tiers})
    assert 'id="error-items-0-overage-tiers-0-up_to"' in page, "two readings, said beside it"


async def test_a_price_is_proposed_for_the_margin_that_is_wanted(site: Site) -> None:
    nora = await site.as_(NORA)
    page = await press(nora, NEW, "price", {**PLATES, "monthly_price": "", "target": "40"})
    found = boxes(page)
    assert found["target"] == "40"
    assert "40%" in words(page)
    figures = words(await press(nora, NEW, "recalculate", {**PLATES, **found}))
    assert "→ margin" in figures
    assert "· 40%" in figures
    assert boxes(await press(nora, NEW, "price", {**PLATES, "target": "90"}))["monthly_price"] == (
        "9,90"
    ), "no price leaves so much, so it stays"


async def test_what_is_wrong_is_said_at_every_field_and_nothing_is_stored(site: Site) -> None:
    nora = await site.as_(NORA)
    wrong = {
        "name": "", "code": "no spaces", "valid_from": "soon", "monthly_price": "-1",
        "setup_fee": "1.234", "trial_days": "x", "note": "n" * 1001,
        "items-0-service": "", "items-0-quantity": "many",
    }  # fmt: skip
    page = await press(nora, NEW, "save", {**PLATES, **wrong}, 422)
    for name in wrong:
        assert f'id="error-{name}"' in page, name
    assert boxes(page)["monthly_price"] == "-1", "what was typed stays"
    assert "Service 1 · Quantity" in page
    for change, box in (
        ({"items-1-service": "motion-day"}, "items-1-service"),
        ({"items-1-quantity": "0"}, "items-1-quantity"),
        ({"items-1-service": "storage"}, "items-1-service"),
        ({"items-1-service": "no-such"}, "items-1-service"),
    ):
        page = await press(nora, NEW, "save", {**PLATES, **change}, 422)
        assert f'id="error-{box}"' in page, change
    assert "1 GB stored has no wholesale price" in words(
        await press(nora, NEW, "save", {**PLATES, "items-1-service": "storage"}, 422)
    )
    closed = words(await press(nora, NEW, "save", {**PLATES, "valid_from": "2026-10-16"}, 409))
    assert "October 2026 is closed: the first day that is possible is 1 November 2026." in closed
    assert 'id="error-code"' in await press(nora, NEW, "save", {**PLATES, "code": "new"}, 422)
    taken = await press(nora, NEW, "save", {**PLATES, "code": "home-7"}, 409)
    assert 'id="error-code"' in taken
    assert await site.rows("select 1 from tariff where name = 'Plates'") == []


async def test_below_cost_takes_a_tick_and_a_reason_and_both_stay_for_ever(site: Site) -> None:
    nora = await site.as_(NORA)
    cheap = {**PLATES, "name": "Cheap", "monthly_price": "5,00"}
    page = await press(nora, NEW, "save", cheap, 422)
    assert "This tariff loses €2.88 per camera and month." in words(page)
    assert 'id="error-sell_below_cost"' in page
    reason = {"below_cost_reason": "A gift to the fire brigade"}
    page = await press(nora, NEW, "save", {**cheap, **reason}, 422)
    assert 'id="error-sell_below_cost"' in page
    page = await press(nora, NEW, "save", {**cheap, "sell_below_cost": "on"}, 422)
    assert 'id="error-below_cost_reason"' in page
    await press(nora, NEW, "save", {**cheap, **reason, "sell_below_cost": "on"}, 303)
    assert "Sold below cost: A gift to the fire brigade" in await read(nora, "/cloud/tariffs/cheap")
    audited = await site.rows("select after::text as text from audit where object = 'tariff cheap'")
    assert any("fire brigade" in row["text"] for row in audited)
    for who in (ANN,):
        text = (await (await site.as_(who)).get("/cloud/tariffs/cheap")).text
        assert "fire brigade" not in text
        assert "elow cost" not in text
    # Where nothing is lost, a reason that was typed before is not kept.
    fine = {**PLATES, "name": "Fine", **reason, "sell_below_cost": "on"}
    await press(nora, NEW, "save", fine, 303)
    (row,) = await site.rows(
        "select v.below_cost_reason from tariff_version v join tariff t on t.id = v.tariff"
        " where t.code = 'fine'"
    )
    assert row["below_cost_reason"] == ""


async def test_a_new_tariff_is_saved_once_however_often_it_is_sent(site: Site) -> None:
    nora = await site.as_(NORA)
    sent = {**PLATES, "name": "Twice", "items-1-overage-model": "per_unit",
            "items-1-overage-unit_price": "0,80", "bill_when_disabled": ""}  # fmt: skip
    for _again in range(2):
        answer = await nora.post(NEW, {**sent, "intent": "save"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/cloud/tariffs/twice")
    other = {**sent, "items-1-overage-unit_price": "0,90", "intent": "save"}
    assert (await nora.post(NEW, other)).status_code == 409, "another one of that code"
    (row,) = await site.rows(
        "select v.monthly_price, v.bill_when_disabled from tariff_version v"
        " join tariff t on t.id = v.tariff where t.code = 'twice'"
    )
    assert (str(row["monthly_price"]), row["bill_when_disabled"]) == ("9.900000", False)
    copy = boxes((await nora.get(f"{NEW}?copy=twice")).text)
    assert (copy["items-1-overage-unit_price"], copy["name"]) == ("0.8", "")
    assert (await nora.get(f"{NEW}?copy=no-such")).status_code == 404


async def test_a_version_is_asked_about_before_it_is_stored(site: Site) -> None:
    nora = await site.as_(NORA)
    found = boxes((await nora.get(VERSION)).text)
    assert (found["valid_from"], found["monthly_price"]) == ("2026-12-01", "9.90")
    assert (found["items-0-service"], found["items-1-quantity"]) == ("motion-day", "1")
    sent = {**found, "monthly_price": "19,90"}
    for day, status, told in (
        ("2026-10-05", 409, "October 2026 is closed"),
        ("2025-12-31", 409, "December 2025 is closed"),
    ):
        page = await press(nora, VERSION, "save", {**sent, "valid_from": day}, status)
        assert told in words(page)
        assert 'id="error-valid_from"' in page
    asked = await press(nora, VERSION, "save", sent)
    told = "From 1 Dec 2026: 2 cameras of 1 subscriber pay €19.90 instead of €9.90."
    assert told in words(asked)
    versions = (
        "select 1 from tariff_version v join tariff t on t.id = v.tariff and t.code = 'home-7'"
    )
    assert len(await site.rows(versions)) == 1, "nothing is stored yet"
    back = boxes(await press(nora, VERSION, "edit", boxes(asked)))
    assert {**back, "monthly_price": "19,90"} == {**sent, **back}
    for _again in range(2):
        await press(nora, VERSION, "confirm", boxes(asked), 303)
    assert len(await site.rows(versions)) == 2
    page = await read(nora, "/cloud/tariffs")
    assert "1 Dec 2026: €19.90" in page
    other = {**boxes(asked), "monthly_price": "18"}
    page = await press(nora, VERSION, "confirm", other, 409)
    assert 'id="error-valid_from"' in page, "somebody else was quicker"
    earlier = {**sent, "valid_from": "2026-11-20"}
    page = await press(nora, VERSION, "save", earlier, 422)
    assert "must be later than the last version" in words(page)


async def test_trying_stores_nothing_and_says_who_would_pay_what(site: Site) -> None:
    nora = await site.as_(NORA)
    before = await site.rows("select count(*) as n from audit")
    found = {**boxes((await nora.get(VERSION)).text), "monthly_price": "19.80"}
    page = await press(nora, VERSION, "try", found)
    text = words(page)
    assert "1 of 1 subscribers would pay more, at most +€13.51." in text, text
    assert rows(page, "rows")[1][1:] == ["2", "€13.51", "€27.02", "€13.51", "100%", "€12.17"]
    assert (
        boxes(await press(nora, VERSION, "edit", boxes(page))).items()
        >= {
            name: text for name, text in found.items() if name not in {"intent", "idempotency_key"}
        }.items()
    ), "every field is kept"
    for show, there in (("more", True), ("less", False), ("loses", False)):
        shown = await press(nora, VERSION, "try", {**boxes(page), "try_show": show})
        assert ('id="rows"' in shown and "€27.02" in shown.partition('id="rows"')[2]) is there, show
    file = await nora.post(VERSION, {**boxes(page), "intent": "try-csv"})
    assert file.status_code == 200, words(file.text)
    assert "north-try-home-7-2026-10.csv" in file.headers["content-disposition"]
    assert file.text.splitlines()[1].startswith("Sue,1,2,13.51,27.02,13.51,100,12.17")
    odd = {**boxes(page), "try_month": "1999-01", "try_on": "tariff:no-such", "try_show": "x"}
    assert (await nora.post(VERSION, {**odd, "intent": "try-page-999999"})).status_code == 200
    # A new tariff is tried instead of another.
    page = await press(nora, NEW, "try", {**PLATES, "try_on": "tariff:home-7"})
    assert "None of 1 subscribers would pay more." in words(page)
    assert "Instead of Home 7" in words(page)
    assert await press(nora, NEW, "try", {**PLATES, "monthly_price": ""}, 422)
    assert await press(nora, NEW, "try", {**PLATES, "name": ""}), "it needs no name for that"
    assert await site.rows("select count(*) as n from audit") == before


async def test_composing_is_for_who_writes_tariffs_of_this_cloud(site: Site) -> None:
    for reader in (CARL, ANN, SUE):
        visitor = await site.as_(reader)
        for path in (NEW, VERSION):
            assert (await visitor.get(path)).status_code == 403, reader.name
            assert (await visitor.post(path, PLATES)).status_code == 403, reader.name
    assert (await (await site.as_(MAX)).get("/system/clouds/north/tariffs/new")).status_code == 403
    assert (await (await site.as_(SAM)).get(VERSION)).status_code == 404
    ada = await site.as_(ADA)
    path = "/system/clouds/north/tariffs/new"
    answer = await ada.post(path, {**PLATES, "name": "Ada's", "intent": "save"})
    assert answer.headers["location"] == "/system/clouds/north/tariffs/ada-s"
    assert await press(ada, "/system/clouds/south/tariffs/new", "recalculate", PLATES)
