"""Printing issued documents: what their appendix says, and that they wait for fonts and no longer."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.books.actions.documents import render_waiting
from portal.books.queries import documents, invoice_files, invoices
from portal.books.queries import worklist as books_work
from portal.cli.check_fonts import documents_waiting
from portal.db import atomic, snapshot
from portal.errors import Conflict, NotFound
from portal.gateways.documents.pool import DocumentPool
from portal.gateways.documents.render import html_of
from portal.kit.queries import tenancy
from portal.values.document import CameraUsageValue, DocumentValue
from tests.books.test_closing import close
from tests.cast import NORA, NORTH, SUE
from tests.conftest import NOW, Database
from tests.factories import camera, days, subscribe, two_clouds, use, worked_example
from tests.gateways.documents.specimens import (
    font_configuration,
    install_font,
    need_printing,
    read,
    text_of,
)

SUES, WHOLESALE = "NORTH-2026-000001", "PLAT-2026-000001"


@pytest.fixture
def fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only DejaVu is installed where documents are printed, and what is put into this directory."""
    need_printing()
    monkeypatch.setenv("FONTCONFIG_FILE", str(font_configuration(tmp_path)))
    return tmp_path


async def value_of(number: str) -> DocumentValue:
    async with snapshot(SYSTEM) as tx:
        row = await tx.fetchval("select id from invoice where number = $1", number)
        return (await documents.printable(tx, row)).value


async def usage_of(number: str) -> dict[str, CameraUsageValue]:
    return {one.external_id: one for one in (await value_of(number)).usage}


async def sql(statement: str, *values: object) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(statement, *values)


async def test_days_are_those_with_usage_that_was_charged(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    wholesale, retail = await usage_of(WHOLESALE), await usage_of(SUES)
    assert {name: one.days for name, one in wholesale.items()} == {"gate": 31, "yard": 16}
    assert {name: one.days for name, one in retail.items()} == {"gate": 31, "yard": 16}
    assert {one.customer for one in wholesale.values()} == {"Sue"}
    assert {one.customer_number for one in wholesale.values()} == {1}
    assert {one.customer for one in retail.values()} == {""}


async def test_a_document_wears_its_sellers_look_and_one_that_is_printed_keeps_its_own(
    worker: Database,
) -> None:
    await worked_example()
    await sql("update platform set colour = '#123456'")
    await close("north", "2026-10")
    assert (await value_of(SUES)).colour == "#123456", "the cloud has none of its own"
    await sql("update cloud set colour = '#b3261e', logo = 'a picture'::bytea where id = $1", NORTH)
    retail, wholesale = await value_of(SUES), await value_of(WHOLESALE)
    assert (retail.colour, retail.logo) == ("#b3261e", b"a picture")
    assert (wholesale.colour, wholesale.logo) == ("#123456", None)
    await sql(
        "insert into invoice_file (cloud, subscriber, invoice, sha256, size, content)"
        " select cloud, subscriber, id, repeat('0', 64), 8, '%PDF-1.7'::bytea from invoice"
    )
    await sql("update cloud set colour = '#000000' where id = $1", NORTH)
    async with DocumentPool(1) as pool:
        assert await render_waiting(renderer=pool, clock=lambda: NOW) == 0


async def test_who_both_parties_are_is_copied_at_issue_and_says_why_no_tax_is_charged(
    worker: Database,
) -> None:
    """A customer abroad owes the tax itself; what is outside the scope of tax bears no VAT number."""
    await worked_example()
    vat = "update {} set vat_id = $1, legal_name = $2, tax_category = $3 where id = $4"
    await sql(vat.format("subscriber"), "ATU13585627", "Sue GmbH", "reverse_charge", SUE.subscriber)
    await sql("update subscriber set tax_exempt = true where id = $1", SUE.subscriber)
    await sql(vat.format("cloud"), "IT00743110157", "North S.r.l.", "outside_scope", NORTH)
    await close("north", "2026-10")
    await sql(vat.format("subscriber"), "ATU00000000", "Another", "standard", SUE.subscriber)

    retail, wholesale = await value_of(SUES), await value_of(WHOLESALE)
    assert (retail.taxable, retail.tax, retail.total) == (1351, 0, 1351)
    assert (retail.seller.vat_id, retail.buyer.vat_id) == ("IT00743110157", "ATU13585627")
    assert retail.buyer.legal_name == "Sue GmbH"
    page = html_of(retail)
    assert "Reverse charge: the customer owes the tax." in page
    assert {"IT00743110157", "ATU13585627", "Sue GmbH"} <= set(re.findall(r"[\w. ]*\w", page))
    assert (wholesale.taxable, wholesale.tax, wholesale.total) == (1080, 0, 1080)
    assert "outside the scope of tax" in html_of(wholesale)
    assert "IT00743110157" not in html_of(wholesale)


async def test_days_without_a_rate_or_usage_are_not_charged(worker: Database) -> None:
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        plates = world.services["plates"]
        await tx.execute(
            "update rate set valid_from = '2026-10-11' where cloud = $1 and service = $2",
            NORTH,
            plates,
        )
        gate = await camera(tx, NORTH, "gate", 1)
        yard = await camera(tx, NORTH, "yard")
        plate, motion = world.meters["analytics.plates"], world.meters["recording.motion.depth"]
        # Plates have a rate from the 11th on; of the gate's motion only three days have usage.
        await use(tx, NORTH, gate, plate, days("2026-10-01", "2026-10-21"), 1)
        await use(tx, NORTH, gate, motion, days("2026-10-01", "2026-10-11"), 0)
        await use(tx, NORTH, gate, motion, days("2026-10-19", "2026-10-24"), 7)
        await use(tx, NORTH, yard, motion, days("2026-10-05", "2026-10-06"), 7)
    await close("north", "2026-10", accept_gaps=True)
    found = await usage_of(WHOLESALE)
    assert {name: one.days for name, one in found.items()} == {"gate": 13, "yard": 1}
    assert (found["yard"].customer, found["yard"].customer_number) == ("", None)


async def test_what_comes_after_the_close_is_not_in_the_appendix(worker: Database) -> None:
    """A PDF may be printed late: it shows what was charged, and the next close what has changed."""
    world = await worked_example()
    await close("north", "2026-10")
    before = await usage_of(WHOLESALE), await usage_of(SUES)
    gate, motion = world.cameras["gate"], world.meters["recording.motion.depth"]
    async with atomic(SYSTEM) as tx:
        await use(tx, NORTH, gate, motion, days("2026-10-01", "2026-11-01"), 9)
        faces = world.meters["analytics.faces"]
        await use(tx, NORTH, world.cameras["yard"], faces, days("2026-10-01", "2026-10-11"), 1)
    assert (await usage_of(WHOLESALE), await usage_of(SUES)) == before
    assert before[1]["gate"].rows[0][1] == "7"
    with pytest.raises(asyncpg.RestrictViolationError):
        await sql("update measurement set bases = bases")
    with pytest.raises(asyncpg.RestrictViolationError, match="while its period closes"):
        await sql(
            "insert into measurement"
            " (cloud, period, camera, subscriptions, services, bases, days)"
            " select cloud, period, camera + 1000, '{}', '{}', '{}', '{}' from measurement limit 1"
        )


async def test_days_of_a_trial_and_days_switched_off_are_free(worker: Database) -> None:
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update tariff_version set trial_days = 5, bill_when_disabled = false where cloud = $1",
            NORTH,
        )
        gate = await camera(tx, NORTH, "gate", 1)
        await subscribe(tx, NORTH, gate, 1, world.tariffs["home-7"], "2026-10-01", "2026-10-21")
        enabled = world.meters["camera.enabled"]
        await use(tx, NORTH, gate, enabled, days("2026-10-01", "2026-10-11"), 1)
        await use(tx, NORTH, gate, enabled, days("2026-10-11", "2026-10-14"), 0)
    await close("north", "2026-10", accept_gaps=True)
    assert (await usage_of(SUES))["gate"].days == 20 - 5 - 3


async def test_a_document_waits_for_its_font_and_the_others_are_printed(
    worker: Database, fonts: Path
) -> None:
    await worked_example()
    await sql("update subscriber set name = '日本カメラ' where cloud = $1 and number = 1", NORTH)
    await close("north", "2026-10")
    # The wholesale document names Sue in its appendix only where that is summed.
    async with DocumentPool(1) as pool:
        assert await render_waiting(renderer=pool, clock=lambda: NOW) == 1
        found, _ = await invoices.list_page(
            NORA, await tenancy.get(NORA, "north"), invoices.Filters(), now=NOW
        )
        waits = {one.number: one for one in found}[SUES]
        assert not waits.has_file
        assert "日本カメラ" not in waits.waits_for
        assert all(letter in waits.waits_for for letter in "日本カメラ")
        assert waits.command is not None
        assert "fonts-noto-cjk" in waits.command
        with pytest.raises(Conflict, match="fonts-noto-cjk"):
            await invoice_files.get(NORA, await tenancy.get(NORA, "north"), f"{SUES}.pdf")
        with pytest.raises(Conflict, match="fonts-noto-cjk"):
            await invoice_files.get(NORA, await tenancy.get(NORA, "north"), f"{SUES}.csv")
        assert (
            await invoice_files.get(NORA, await tenancy.get(NORA, "north"), f"{WHOLESALE}.pdf")
        ).content.startswith(b"%PDF")
        listed = await invoices.list_for_portal(SUE, "retail", invoices.Filters(), now=NOW)
        assert [row.waits_for for row in listed.rows] == [waits.waits_for]

        # It is found by the sweep, and in nobody's way: not even of an installation under test.
        assert await books_work.documents_waiting()
        assert not await books_work.documents_waiting(also_for_fonts=False)
        assert await render_waiting(renderer=pool, clock=lambda: NOW) == 0
        told = await documents_waiting(worker.owner_url)
        assert told[0] is False
        assert told[1].startswith("1 document waits for a font.")
        assert "fonts-noto-cjk" in told[1]

        # What it says is settled: a name changed since then is not in it.
        await sql("update camera set name = 'Renamed' where cloud = $1", NORTH)
        install_font(fonts, "Half of it", "日本")
        assert await render_waiting(renderer=pool, clock=lambda: NOW) == 0
        install_font(fonts, "The rest", "カメラ")
        assert await render_waiting(renderer=pool, clock=lambda: NOW) == 1
    file = await invoice_files.get(SUE, await tenancy.get(SUE, "north"), f"{SUES}.pdf")
    assert "日本カメラ" in text_of(file.content)
    assert "Renamed" not in text_of(file.content)
    assert not await books_work.documents_waiting()
    assert await documents_waiting(worker.owner_url) == (True, "none waits for a font")
    found, _ = await invoices.list_page(
        NORA, await tenancy.get(NORA, "north"), invoices.Filters(), now=NOW
    )
    assert {one.waits_for for one in found} == {""}
    with pytest.raises(NotFound, match="lists its cameras itself"):
        await invoice_files.get(SUE, await tenancy.get(SUE, "north"), f"{SUES}.csv")


async def test_200_cameras_are_a_csv_kept_with_the_pdf(worker: Database) -> None:
    need_printing()
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        for number in range(200):
            one = await camera(tx, NORTH, f"cam-{number:03}", 1 + number % 2)
            await use(
                tx,
                NORTH,
                one,
                world.meters["recording.motion.depth"],
                days("2026-10-01", "2026-10-11"),
                7,
            )
    await close("north", "2026-10", accept_gaps=True)
    async with DocumentPool(1) as pool:
        assert await render_waiting(renderer=pool, clock=lambda: NOW) == 1
    kept = await invoice_files.get(NORA, await tenancy.get(NORA, "north"), f"{WHOLESALE}.csv")
    lines = kept.content.decode().splitlines()
    assert len(lines) == 201
    assert lines[1].startswith("cam-000,Cam-000,1,Sue,10,")
    pdf = await invoice_files.get(NORA, await tenancy.get(NORA, "north"), f"{WHOLESALE}.pdf")
    assert kept.sha256 == sha256(kept.content).hexdigest() != pdf.sha256
    assert read(pdf.content).attachments == {f"{WHOLESALE}.csv": [kept.content]}
