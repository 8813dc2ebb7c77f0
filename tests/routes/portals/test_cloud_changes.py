"""Changing a cloud and suspending it: what its form refuses, and whom a suspension stops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions.periods import start_close
from portal.books.queries import worklist
from portal.errors import Conflict
from portal.gateways.queue import NullQueue
from portal.kit.queries import tenancy
from tests.cast import ADA, MAX, NORA, PAUL, SAM, TIM
from tests.conftest import NOW
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, worked
from tests.services import TestServices

EDIT = "/system/clouds/north/edit"
FORM = {
    "name": "North Telecom",
    "address": "Via Roma 1\r\nRoma",
    "tax_number": "IT1",
    "email": "books@north.test",
    "bank": "",
    "locale": "it_IT",
    "tax_percent": "22",
    "wholesale_discount_percent": "7,5",
    "wholesale_tax_percent": "22",
    "manager": "max@platform.test",
    "invoice_prefix": "NORTH",
    "payment_days": "30",
    "close_mode": "look",
    "close_after_days": "3",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: North is edited, South is suspended and goes on."""
    directory: Path = tmp_path_factory.mktemp("changes")
    async with worked(services, template, f"{template}_{worker_id}_changes", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def ada(site: Site) -> Visitor:
    return await site.as_(ADA)


async def _of(site: Site, slug: str, column: str) -> object:
    (row,) = await site.rows(f"select {column} from cloud where slug = $1", slug)
    return row[0]


async def test_the_form_says_what_is_wrong_at_every_field_and_stores_nothing(
    site: Site, ada: Visitor
) -> None:
    await ada.get(EDIT)
    wrong = {
        "name": "",
        "email": "nobody",
        "bank": "IBAN AT00 0000",
        "locale": "jp",
        "tax_percent": "101",
        "wholesale_discount_percent": "1.234",
        "manager": "nora@north.test",
        "invoice_prefix": "north!",
        "payment_days": "x",
        "close_after_days": "61",
    }
    first = await ada.post(EDIT, {**FORM, **wrong, "manager": FORM["manager"]})
    assert first.status_code == 422
    for name in set(wrong) - {"manager", "bank"}:
        assert f'href="#field-{name}"' in first.text, name
    second = await ada.post(EDIT, {**FORM, "manager": "nora@north.test"})
    assert second.status_code == 422
    assert "is not a manager of the platform" in second.text
    assert 'value="7,5"' in second.text, "what was typed stays"
    taken = await ada.post(EDIT, {**FORM, "invoice_prefix": "PLAT"})
    assert taken.status_code == 422
    assert 'href="#field-invoice_prefix"' in taken.text
    assert await _of(site, "north", "wholesale_discount_percent") == 5


async def test_a_cloud_is_edited_and_the_log_tells_before_and_after(
    site: Site, ada: Visitor
) -> None:
    await ada.get(EDIT)
    answer = await ada.post(EDIT, FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/system/clouds/north")
    assert str(await _of(site, "north", "wholesale_discount_percent")) == "7.500000"
    (entry,) = await site.rows(
        "select before, after from audit where action = 'cloud.change' and object = 'cloud north'"
    )
    assert "wholesale_discount_percent" in entry["after"]
    assert "EUR, Europe/Rome" in await read(ada, EDIT), "priced: currency and zone stay"
    again = await ada.post(EDIT, {**FORM, "currency": "USD"})
    assert again.status_code == 303
    assert await _of(site, "north", "currency") == "EUR", "a box that is not there does nothing"


async def test_a_manager_edits_its_own_clouds_and_names_no_manager(site: Site) -> None:
    visitor = await site.as_(MAX)
    html = (await visitor.get(EDIT)).text
    assert 'name="manager"' not in html
    assert (await visitor.post(EDIT, {**FORM, "manager": ""})).status_code == 303
    assert await _of(site, "north", "manager") == MAX.user
    assert (await visitor.get("/system/clouds/south/edit")).status_code == 404
    assert (await visitor.get("/system/clouds/north/suspension")).status_code == 403
    answer = await visitor.post("/system/clouds/north/suspension", {"suspended": "true"})
    assert answer.status_code == 403
    paul = await site.as_(PAUL)
    assert (await paul.get(EDIT)).status_code == 403


async def test_a_suspended_cloud_closes_no_month_and_lets_nobody_in_until_it_goes_on(
    site: Site, ada: Visitor
) -> None:
    sam, tim = await site.as_(SAM), await site.as_(TIM)
    text = await read(ada, "/system/clouds/south/suspension")
    assert "Suspend South Networks?" in text
    assert "Nobody of the cloud can sign in" in text
    assert "Open sessions 2" in text
    path = "/system/clouds/south/suspension"
    assert (await ada.post(path, {"suspended": "true"})).status_code == 303
    assert (await ada.post(path, {"suspended": "true"})).status_code == 303, "again is no harm"
    assert "Suspended" in await read(ada, "/system/clouds/south")
    for visitor in (sam, tim):
        assert (await visitor.get("/cloud")).status_code in {302, 303}, "its sessions are over"
    assert (await (await site.visitor()).sign_in(SAM)).status_code != 303
    assert (await (await site.visitor()).sign_in(NORA)).status_code == 303, "another cloud's"
    async with site.database.as_worker():
        south = await tenancy.get(SYSTEM, "south")
        with pytest.raises(Conflict):
            await start_close(
                SYSTEM, south, Period.month("2026-10"), accept_gaps=True, now=NOW, queue=NullQueue()
            )
        assert not [cloud for cloud, _ in await worklist.periods(NOW) if cloud == south.id]
    assert (await ada.post(path, {"suspended": "false"}, headers=HTMX)).headers["hx-redirect"]
    assert (await (await site.visitor()).sign_in(SAM)).status_code == 303
    actions = await site.rows(
        "select action from audit where object = 'cloud south' and cloud is not null order by id"
    )
    assert [row["action"] for row in actions] == ["cloud.suspend", "cloud.resume"]
