"""From an invoice to its lines, to their cameras, to a day: the sums are equal on each page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.app import create_app
from portal.books.actions.money import claims, payments
from portal.books.forms.payments import DisputeForm, NewPayment, WriteOffForm
from portal.db import atomic
from portal.kit.queries import tenancy
from tests.cast import ADA, ANN, BOB, CARL, MAX, NORA, NORTH, REX, SAM, SUE
from tests.conftest import NOW
from tests.factories import World, camera, days, subscribe, two_clouds, use
from tests.routes.conftest import Clock, Site, Visitor, password_hash, running, settings_of
from tests.routes.story import MOTION, PLATES, close, told
from tests.routes.worked_example import read, rows, words
from tests.services import TestServices

MANY = 60
"""Bob's cameras: a page has 50 of them."""
OWN, BOBS, PLATFORMS = "NORTH-2026-000001", "NORTH-2026-000002", "PLAT-2026-000001"


async def _tell() -> None:
    """Sue has *gate* and *yard*, Bob sixty cameras; October is closed in North."""
    world: World = await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = $1", password_hash())
        await tx.execute("update cloud set locale = 'en_GB'")
        plan = world.tariffs["home-7"]
        cameras = [("gate", 1, "2026-10-01"), ("yard", 1, "2026-10-16")]
        cameras += [(f"shop-{number:03}", 2, "2026-10-01") for number in range(MANY)]
        for name, subscriber, first in cameras:
            row = await camera(tx, NORTH, name, subscriber)
            await subscribe(tx, NORTH, row, subscriber, plan, first)
            for meter, quantity in ((MOTION, 7), (PLATES, 1)):
                await use(tx, NORTH, row, world.meters[meter], days(first, "2026-11-01"), quantity)
    await close("north", "2026-10")


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: its pages are only read."""
    directory: Path = tmp_path_factory.mktemp("lines")
    async with told(services, template, f"{template}_{worker_id}_lines", _tell) as database:
        clock = Clock()
        settings = settings_of(database, services, directory)
        app = create_app(settings, clock=clock)
        async with running(app), AsyncExitStack() as stack:
            yield Site(app, database, clock, settings, stack)


@pytest.fixture(scope="module")
async def sue(site: Site) -> Visitor:
    return await site.as_(SUE)


async def test_an_invoice_leads_to_a_day_in_three_steps_and_its_sums_agree(sue: Visitor) -> None:
    html = (await sue.get(f"/my/invoices/{OWN}")).text
    assert "€15.01" in words(html)
    line = re.search(rf'href="(/my/invoices/{OWN}/lines/0)"', html)
    assert line
    html = (await sue.get(line[1])).text
    assert [(row[0], row[1], row[3], row[4]) for row in rows(html, "rows")[1:3]] == [
        ("Gate €9.90 × 31 of 31 days = €9.90", "31", "€9.90 × 31 of 31 days = €9.90", "€9.90"),
        ("Yard €9.90 × 16 of 31 days = €5.11", "16", "€9.90 × 16 of 31 days = €5.11", "€5.11"),
    ]
    assert rows(html, "rows")[-1] == ["Sum of the cameras = the line", "", "", "", "€15.01"]
    yard = re.search(r'href="(/my/camera\?id=yard&amp;month=2026-10)"', html)
    assert yard
    text = await read(sue, yard[1].replace("&amp;", "&"))
    assert "16 Oct 2026" in text
    assert "€5.11" in text


async def test_a_line_of_many_cameras_is_read_page_by_page_and_whole_as_a_file(site: Site) -> None:
    bob = await site.as_(BOB)
    path = f"/my/invoices/{BOBS}/lines/0"
    first = (await bob.get(path)).text
    assert len(rows(first, "rows")) == 1 + 50 + 2
    assert rows(first, "rows")[-2:] == [
        ["Cameras 1–50", "", "", "", "€495.00"],
        ["The whole line", "", "", "", "€594.00"],
    ]
    further = re.search(rf'href="({path}\?after=[0-9.]+)" rel="next"', first)
    assert further
    second = (await bob.get(further[1])).text
    assert rows(second, "rows")[-2:] == [
        ["Cameras 51–60", "", "", "", "€99.00"],
        ["The whole line", "", "", "", "€594.00"],
    ]
    assert 'rel="next"' not in second
    assert f'href="{path}"' in second
    made = list(csv.reader(io.StringIO((await bob.get(f"{path}?format=csv")).text)))
    assert len(made) == 1 + MANY
    assert {row[1] for row in made[1:]} == {f"shop-{number:03}" for number in range(MANY)}
    assert {row[8].replace("\u00a0", " ") for row in made[1:]} == {"€9.90 × 31 of 31 days = €9.90"}
    assert (await bob.get(f"{path}?format=xlsx")).status_code == 200
    for odd in ("1.2", "a.b.c", "-1.0.0", "0.999999999999999999999.1", "0.99999999.1"):
        assert (await bob.get(f"{path}?after={odd}")).status_code == 200


async def test_each_portal_shows_the_lines_of_the_documents_it_shows(site: Site) -> None:
    cloud = "/system/clouds/north"
    for who, path, leads_to in (
        (NORA, f"/cloud/invoices/{OWN}/lines/0", "/cloud/camera?id=gate&amp;month=2026-10"),
        (CARL, f"/cloud/invoices/{PLATFORMS}/lines/1", "/cloud/camera?id=gate&amp;month=2026-10"),
        (ANN, f"/cloud/invoices/{OWN}/lines/0", "/cloud/camera?id=gate&amp;month=2026-10"),
        (ADA, f"{cloud}/invoices/{OWN}/lines/0", f"{cloud}/camera?id=gate&amp;month=2026-10"),
        (MAX, f"{cloud}/invoices/{PLATFORMS}/lines/0", f"{cloud}/camera?id=gate&amp;month=2026-10"),
        (ADA, f"/system/invoices/{PLATFORMS}/lines/0", f"{cloud}/camera?id=gate&amp;month=2026-10"),
    ):
        html = (await (await site.as_(who)).get(path)).text
        assert f'href="{leads_to}"' in html, path


async def test_lines_are_nobody_elses(site: Site, sue: Visitor) -> None:
    for who, path in (
        (SUE, f"/my/invoices/{BOBS}/lines/0"),
        (SUE, f"/my/invoices/{PLATFORMS}/lines/0"),
        (BOB, f"/my/invoices/{OWN}/lines/0"),
        (ANN, f"/cloud/invoices/{PLATFORMS}/lines/0"),
        (ANN, f"/cloud/invoices/{BOBS}/lines/0"),
        (SAM, f"/cloud/invoices/{OWN}/lines/0"),
        (ADA, f"/system/clouds/south/invoices/{OWN}/lines/0"),
        (ADA, f"/system/invoices/{OWN}/lines/0"),
        (SUE, f"/my/invoices/{OWN}/lines/9"),
        (SUE, f"/my/invoices/{OWN}/lines/-1"),
        (SUE, f"/my/invoices/{OWN}/lines/99999999999999999999"),
    ):
        assert (await (await site.as_(who)).get(path)).status_code == 404, path
    rex = await site.as_(REX)
    for path in (f"/my/invoices/{OWN}/lines/0", f"/cloud/invoices/{OWN}/lines/0"):
        assert (await rex.get(path)).status_code == 403
    assert (await rex.get(f"/referral/invoices/{OWN}/lines/0")).status_code == 404


async def test_a_document_leads_to_its_neighbours_in_the_list_one_came_from(site: Site) -> None:
    nora = await site.as_(NORA)
    newest_first = (await nora.get(f"/cloud/invoices/{OWN}")).text
    assert f'href="/cloud/invoices/{BOBS}"' in newest_first
    assert "Before it in the list: NORTH-2026-000002" in newest_first
    assert "After it in the list" not in newest_first
    by_total = (await nora.get("/cloud/invoices?sort=total&month=2026-10")).text
    kept = "?month=2026-10&amp;sort=total"
    assert f'href="/cloud/invoices/{OWN}{kept}"' in by_total
    page = (await nora.get(f"/cloud/invoices/{OWN}?month=2026-10&sort=total")).text
    assert "After it in the list: NORTH-2026-000002" in page
    assert f'href="/cloud/invoices/{BOBS}{kept}"' in page
    assert f'<a href="/cloud/invoices{kept}">' in page


async def test_a_document_says_how_late_it_is_and_what_it_leaves(site: Site, sue: Visitor) -> None:
    nora, ann = await site.as_(NORA), await site.as_(ANN)
    text = await read(nora, f"/cloud/invoices/{OWN}")
    assert "Margin of it €0.68 Revenue €13.51 − cost €10.80 − commission €2.03" in text
    assert "Timeline" in text
    assert "History" in text
    for who, path in ((ann, f"/cloud/invoices/{OWN}"), (sue, f"/my/invoices/{OWN}")):
        for word in ("Margin", "10.80", "History"):
            assert word not in await read(who, path), word
    assert "Margin" not in await read(nora, f"/cloud/invoices/{PLATFORMS}")
    assert "due 19 Nov 2026" in await read(nora, f"/cloud/invoices/{OWN}")
    today = site.clock.now
    try:
        site.clock.forward(days=17)
        late = await site.as_(CARL)
        assert "due 19 Nov 2026, 3 days late" in await read(late, f"/cloud/invoices/{OWN}")
    finally:
        site.clock.now = today


async def test_a_document_tells_what_was_paid_given_up_and_disputed(site: Site) -> None:
    """The last of the file, since it pays: Bob sees his payment, and his operator what it gave up."""
    paid = NewPayment(
        amount="100.00", paid_on=NOW.date(), reference="BANK-77", invoice=BOBS, method="bank"
    )
    async with site.database.as_worker():
        north = await tenancy.get(SYSTEM, "north")
        await payments.receive(CARL, north, paid, now=NOW)
        lost = WriteOffForm(amount="5.00", reason="a rounding of old")
        await claims.write_off(CARL, north, BOBS, lost, now=NOW)
        await claims.dispute(CARL, north, BOBS, DisputeForm(reason="sixty?"), now=NOW)
    for actor, prefix in ((BOB, "/my"), (CARL, "/cloud")):
        page = await read(await site.as_(actor), f"{prefix}/invoices/{BOBS}")
        for said in ("Disputed", "Paid −€100.00", "Written off −€5.00", "Paid: BANK-77"):
            assert said in page, said
