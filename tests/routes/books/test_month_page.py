"""The page of a month, step by step: South's October is open, North's closed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, MAX, NORA, SAM
from tests.routes.conftest import Site
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

OCTOBER = "/cloud/periods/2026-10"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("month")
    async with worked(services, template, f"{template}_{worker_id}_month", directory) as it:
        yield it


def fine_paths(html: str) -> list[str]:
    return re.findall(r'action="([^"]*/surprises/[^"]*/fine)"', html)


async def test_an_open_month_shows_usage_draft_and_what_surprises(site: Site) -> None:
    text = await read(await site.as_(SAM), OCTOBER)
    assert "31 of 31 days complete" in text
    assert "Draft made" in text
    assert "Revenue US$9.90" in text
    assert "First invoice" in text
    assert "Document incomplete" in text
    assert "Issues 1 invoice, US$9.90 before tax, from SOUTH-2026-000001 on" in text
    assert "The month before is not closed" in text


async def test_what_is_fine_leads_on_to_the_next(site: Site) -> None:
    """A plain form: the focus goes to the next surprise, and who, when and note are told."""
    sam = await site.as_(SAM)
    paths = fine_paths((await sam.get(OCTOBER)).text)
    answer = await sam.post(paths[0], {"note": "agreed", "next": ""})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(OCTOBER)
    html = (await sam.get(OCTOBER)).text
    assert len(fine_paths(html)) == len(paths) - 1
    assert "fine: sam@south.test" in words(html)
    assert "agreed" in words(html)
    twice = await sam.post(paths[0], {"note": "again"})
    assert twice.status_code == 303
    assert "again" not in words((await sam.get(OCTOBER)).text)
    follow = fine_paths(html)[0]
    key = follow.split("/")[-2]
    assert f'id="surprise-{key}"' in html
    assert "data-focus" in (await sam.get(f"{OCTOBER}?at={key}")).text
    assert (await sam.post(f"{OCTOBER}/surprises/0000/fine", {})).status_code == 404


async def test_drafts_are_a_list_with_files_and_documents_with_reasons(site: Site) -> None:
    sam = await site.as_(SAM)
    assert "Tim" in await read(sam, f"{OCTOBER}/draft")
    assert "Tim" not in await read(sam, f"{OCTOBER}/draft?q=nobody")
    file = await sam.get(f"{OCTOBER}/draft?format=csv")
    assert 'filename="south-draft-invoices-2026-10.csv"' in file.headers["content-disposition"]
    heading, row = file.text.removeprefix("\ufeff").strip().splitlines()
    assert heading.split(",")[:2] == ["Customer", "Number"]
    assert row.split(",")[-2] == "10.78"
    text = await read(sam, f"{OCTOBER}/draft/1")
    assert "Draft, not a document" in text
    assert "Home 7" in text
    lines = await read(sam, f"{OCTOBER}/draft/1/lines/0")
    assert "Sum of the cameras = the line" in lines
    assert "US$9.90" in lines
    for path in ("draft/99", "draft/x", "draft/1/lines/9", "draft/1/lines/x"):
        assert (await sam.get(f"{OCTOBER}/{path}")).status_code == 404, path


async def test_a_close_names_what_nobody_has_found_fine(site: Site) -> None:
    text = await read(await site.as_(SAM), f"{OCTOBER}/close")
    assert "First number SOUTH-2026-000001" in text
    assert "not found fine" in text


async def test_a_closed_month_shows_what_was_issued(site: Site) -> None:
    text = await read(await site.as_(NORA), OCTOBER)
    assert "Results" in text
    assert "Charges €15.01 − discounts €1.50 = revenue €13.51" in text
    carl = await site.as_(CARL)
    assert (await carl.post(f"{OCTOBER}/draft", {})).status_code in {303, 404, 409}


async def test_who_may_do_what(site: Site) -> None:
    """Accountant and administrator act; an account manager sees own subscribers without cost."""
    ann = await site.as_(ANN)
    november = "/cloud/periods/2026-11"
    text = await read(ann, november)
    assert "Revenue" not in text
    assert "Draft invoices" in text
    documents = await read(ann, f"{november}/draft")
    assert "Sue" in documents
    assert "Margin" not in documents
    assert (await ann.post(f"{november}/draft", {})).status_code == 403
    carl = await site.as_(CARL)
    assert (await carl.post(f"{november}/draft", {})).status_code == 303
    max_ = await site.as_(MAX)
    page = (await max_.get("/system/clouds/north/periods/2026-11")).text
    assert "Make anew" not in page
    assert "Draft made" in words(page)
    assert (await max_.get("/system/clouds/south/periods/2026-10")).status_code == 404
    ada = await site.as_(ADA)
    assert "Make anew" in (await ada.get("/system/clouds/south/periods/2026-10")).text
