"""What the platform sells: the six usual services, a form that counts, and what is for ever."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, MAX, NORA, PAUL
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, rows, words, worked
from tests.services import TestServices

SERVICES = "/system/services"
FORM = {
    "name": "1 person counted",
    "short": "People",
    "code": "",
    "meter": "analytics.plates",
    "measure": "total",
    "size": "other",
    "unit_size": "1000",
    "unit": "thousand",
    "unit_plural": "thousands",
    "list_pricing-model": "graduated",
    "list_pricing-tiers-0-up_to": "100",
    "list_pricing-tiers-0-unit_price": "0,3",
    "list_pricing-tiers-1-unit_price": "0.2145",
    "try": "300",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: North and South buy motion-day and plates."""
    directory: Path = tmp_path_factory.mktemp("services")
    async with worked(services, template, f"{template}_{worker_id}_services", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def ada(site: Site) -> Visitor:
    visitor = await site.as_(ADA)
    await visitor.get(f"{SERVICES}/new")
    return visitor


async def test_the_list_says_what_sells_and_revenue_sums_to_the_invoices(ada: Visitor) -> None:
    html = (await ada.get(SERVICES)).text
    table = rows(html, "rows")
    motion, plates = (
        next(row for row in table if code in row[0]) for code in ("motion-day", "plates")
    )
    assert motion[0].startswith("1 day of motion-activated recording motion-day")
    assert motion[4] == "2", "clouds that buy"
    assert motion[5] == "2", "gate and yard"
    # 5.31 and 6.06 before a discount of 0.57: by largest remainder 5.04 and 5.76.
    assert [motion[7], plates[7]] == ["€5.04", "€5.76"]
    assert table[-1][7] == "€10.80"
    assert "recording.motion.depth" in html
    csv = (await ada.get(f"{SERVICES}?format=csv&q=plates")).text
    assert "5.76" in csv
    assert "motion-day" not in csv


async def test_six_usual_services_are_looked_over_edited_and_added_at_once(
    site: Site, ada: Visitor
) -> None:
    html = (await ada.get(f"{SERVICES}/usual")).text
    assert 'value="continuous-day"' not in html
    sent: dict[str, str] = {}
    for index in range(6):
        sent |= {
            f"services-{index}-name": f"Service {index}",
            f"services-{index}-short": f"S{index}",
            f"services-{index}-list_pricing-model": "per_unit",
            f"services-{index}-list_pricing-unit_price": "0,45",
        }
    none = await ada.post(f"{SERVICES}/usual", sent)
    assert none.status_code == 422
    assert "Tick at least one service" in none.text
    sent |= {"services-1-added": "on", "services-3-added": "on"}
    wrong = {**sent, "services-1-name": "", "services-3-list_pricing-unit_price": "1.234"}
    answer = await ada.post(f"{SERVICES}/usual", wrong)
    assert answer.status_code == 422
    for box in ("services-1-name", "services-3-list_pricing-unit_price"):
        assert f'href="#field-{box}"' in answer.text
    taken = await ada.post(f"{SERVICES}/usual", {**sent, "services-0-added": "on"})
    assert taken.status_code == 422, "motion-day is there"
    assert 'href="#field-services-0-added"' in taken.text
    before = await site.rows("select max(id) as last from service")
    assert not await site.rows("select from service where code = 'faces'"), "all of them or none"
    answer = await ada.post(f"{SERVICES}/usual", sent)
    assert (answer.status_code, answer.headers["location"]) == (303, SERVICES)
    added = await site.rows(
        "select code, name, list_pricing from service where id > $1 order by id", before[0]["last"]
    )
    assert [(row["code"], row["name"]) for row in added] == [
        ("continuous-day", "Service 1"),
        ("faces", "Service 3"),
    ]
    assert "0.45" in added[0]["list_pricing"]


async def test_the_form_counts_and_prices_while_one_types(ada: Visitor) -> None:
    answer = await ada.post(f"{SERVICES}/new", {**FORM, "intent": "recalculate"}, headers=HTMX)
    assert answer.status_code == 200
    text = words(answer.text)
    assert "Average of the month: 3.5" in text
    assert "Sum of the month: 105" in text
    assert "Highest day of the month: 7" in text
    assert "300 cost 72.9 at list price" in text, "100 × 0.30 + 200 × 0.2145"
    half = await ada.post(
        f"{SERVICES}/new", {**FORM, "try": "3,", "intent": "recalculate"}, headers=HTMX
    )
    assert half.status_code == 200
    more = await ada.post(f"{SERVICES}/new", {**FORM, "intent": "add-list_pricing-tiers"})
    assert 'name="list_pricing-tiers-2-up_to"' in more.text


async def test_every_field_of_a_new_service_says_what_is_wrong(site: Site, ada: Visitor) -> None:
    wrong = {
        "name": "",
        "code": "a b",
        "meter": "",
        "unit": "",
        "unit_size": "0",
        "list_pricing-tiers-0-unit_price": "-1",
    }
    answer = await ada.post(f"{SERVICES}/new", {**FORM, **wrong})
    assert answer.status_code == 422
    for box in wrong:
        assert f'href="#field-{box}"' in answer.text, box
    for box, value in (("meter", "no.such"), ("code", "plates"), ("code", "usual")):
        answer = await ada.post(f"{SERVICES}/new", {**FORM, box: value})
        assert answer.status_code == 422
        assert f'href="#field-{box}"' in answer.text
    answer = await ada.post(f"{SERVICES}/new", FORM)
    assert answer.headers["location"] == f"{SERVICES}/people"
    (row,) = await site.rows("select * from service where code = 'people'")
    assert (row["unit_size"], row["measure"]) == (1000, "total")


async def test_what_a_service_measures_changes_until_it_is_used(site: Site, ada: Visitor) -> None:
    made = {**FORM, "code": "late", "short": "Late"}
    assert (await ada.post(f"{SERVICES}/new", made)).status_code == 303
    path = f"{SERVICES}/late/edit"
    changed = {**made, "measure": "peak", "size": "3600", "short": "", "list_pricing-model": ""}
    assert (await ada.post(path, changed)).status_code == 303
    (row,) = await site.rows("select * from service where code = 'late'")
    assert (row["measure"], row["unit_size"], row["short"]) == ("peak", 3600, "")
    assert row["list_pricing"] is None
    used = f"{SERVICES}/plates/edit"
    text = await read(ada, used)
    assert "What it measures stays" in text
    sent = {"name": "Plates", "unit": "channel", "measure": "total", "size": "3600"}
    assert (await ada.post(used, sent)).status_code == 303
    (row,) = await site.rows("select * from service where code = 'plates'")
    assert (row["name"], row["measure"], row["unit_size"]) == ("Plates", "unit_month", 1)


async def test_what_is_not_sent_stays_and_what_is_empty_is_emptied(
    site: Site, ada: Visitor
) -> None:
    path = f"{SERVICES}/plates/edit"
    page = (await ada.get(path)).text
    boxes = dict(
        re.findall(r'name="((?:name|short|unit|unit_plural)[^"]*)"\s+value="([^"]*)"', page)
    )
    whole = {
        **boxes, "short": "Plate", "list_pricing-model": "per_unit", "list_pricing-unit_price": "4",
    }  # fmt: skip
    query = "select short, list_pricing is not null from service where code = 'plates'"
    for sent, left in (
        (whole, ("Plate", True)),
        ({"name": "Number plates"}, ("Plate", True)),
        (
            {**whole, "short": "", "list_pricing-model": "", "list_pricing-unit_price": ""},
            ("", False),
        ),
    ):
        assert (await ada.post(path, sent)).status_code == 303
        assert tuple((await site.rows(query))[0]) == left


async def test_a_service_has_a_page_with_the_prices_of_all_clouds(ada: Visitor) -> None:
    text = await read(ada, f"{SERVICES}/motion-day")
    assert "North Telecom €0.50 per day" in text
    assert "South Networks $0.50 per day" in text
    assert "Revenue by cloud, EUR" in text
    assert "€5.04" in text
    assert (await ada.get(f"{SERVICES}/nothing")).status_code == 404


async def test_a_meter_is_added_once(site: Site, ada: Visitor) -> None:
    path = f"{SERVICES}/meters/new"
    sent = {"key": "people.counted", "base_unit": "people", "kind": "counter"}
    bad = await ada.post(path, {"key": "People!", "base_unit": "", "kind": "odd"})
    assert bad.status_code == 422
    for box in sent:
        assert f'href="#field-{box}"' in bad.text
    assert (await ada.post(path, sent)).status_code == 303
    again = await ada.post(path, sent)
    assert again.status_code == 422
    assert "is taken" in again.text
    assert "people.counted" in await read(ada, SERVICES)


async def test_who_sees_and_who_writes_services(site: Site) -> None:
    for who in (PAUL, MAX):
        visitor = await site.as_(who)
        assert "New service" not in await read(visitor, SERVICES)
        for path in (f"{SERVICES}/new", f"{SERVICES}/usual", f"{SERVICES}/plates/edit"):
            assert (await visitor.get(path)).status_code == 403
            assert (await visitor.post(path, FORM)).status_code == 403
    max_text = await read(await site.as_(MAX), f"{SERVICES}/motion-day")
    assert "South" not in max_text, "a manager sees the prices of its own clouds"
    assert (await (await site.as_(NORA)).get(SERVICES)).status_code == 403
