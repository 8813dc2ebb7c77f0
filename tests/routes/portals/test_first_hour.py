"""The first hour: steps follow from what is there, one is next, and the first close ends them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, SAM, SOUTH
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import words, worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("first_hour")
    async with worked(services, template, f"{template}_{worker_id}_first_hour", directory) as it:
        yield it


LIST = 'aria-label="The first hour"'


async def read_page(visitor: Visitor, path: str) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == 200, path
    return answer.text


async def steps(visitor: Visitor, path: str) -> dict[str, tuple[str, str]]:
    """The steps by name: how each stands, and where its button leads, "" without one."""
    part = (await read_page(visitor, path)).partition(LIST)[2].partition("</section>")[0]
    found = {}
    for item in re.findall(r"<li.*?</li>", part, re.DOTALL):
        name = re.search(r"\d\. ([^<]+)</span>", item)
        state = re.search(r'aria-label="(Done|Waits|Next|Can be done)"', item)
        href = re.search(r'href="([^"]+)"', item.partition("text-break")[2])
        assert name is not None
        assert state is not None, item
        found[unescape(name[1])] = (state[1], unescape(href[1]) if href else "")
    assert part.count("btn-primary") == sum(state == "Next" for state, _ in found.values())
    return found


async def test_a_cloud_without_a_close_has_its_list_and_every_button_works(site: Site) -> None:
    sam = await site.as_(SAM)
    found = await steps(sam, "/cloud")
    assert [state for state, _ in found.values()].count("Next") == 1, found
    for name, (state, href) in found.items():
        assert bool(href) == (state in ("Next", "Can be done")), name
        if href:
            assert (await sam.get(href)).status_code == 200, (name, href)
    assert found["Close"][0] != "Done"
    # The platform sets the cloud up by the same list, with its own addresses.
    ada = await site.as_(ADA)
    seen = await steps(ada, "/system/clouds/south")
    assert [state for state, _ in seen.values()] == [state for state, _ in found.values()]
    for name, (_state, href) in seen.items():
        if href:
            assert href.startswith("/system/clouds/south"), (name, href)
            assert (await ada.get(href)).status_code == 200, (name, href)


async def test_after_the_first_close_there_is_none(site: Site) -> None:
    nora = await site.as_(NORA)
    assert LIST not in (await read_page(nora, "/cloud"))
    assert "All set up" in words(await read_page(nora, "/cloud/checklist"))
    ada = await site.as_(ADA)
    assert LIST not in (await read_page(ada, "/system")), "North has closed a month"
    assert LIST not in (await read_page(ada, "/system/clouds/north"))


async def test_a_step_is_done_when_its_fact_is(site: Site) -> None:
    sam = await site.as_(SAM)
    assert (await steps(sam, "/cloud"))["Company"][0] != "Done"
    await site.rows("update cloud set address = '{Here 1}', bank = '{Bank}' where id = $1", SOUTH)
    assert (await steps(sam, "/cloud"))["Company"] == ("Done", "")


async def test_hidden_it_stays_under_help(site: Site) -> None:
    sam, ada = await site.as_(SAM), await site.as_(ADA)
    hidden = await sam.post("/cloud/checklist", {"hidden": "true"})
    assert (hidden.status_code, hidden.headers["location"]) == (303, "/cloud")
    assert LIST not in (await read_page(sam, "/cloud"))
    assert LIST in (await read_page(ada, "/system/clouds/south")), "each hides their own"
    assert 'href="/cloud/checklist"' in (await read_page(sam, "/help"))
    assert await steps(sam, "/cloud/checklist")
    await sam.post("/cloud/checklist", {"hidden": "false"})
    assert await steps(sam, "/cloud")


@pytest.mark.parametrize("who", [ANN, CARL, MAX, PAUL], ids=lambda who: who.name)
async def test_it_is_for_those_who_set_up(site: Site, who) -> None:
    visitor = await site.as_(who)
    home = "/cloud" if who.cloud else "/system"
    assert LIST not in (await read_page(visitor, home))
    assert "The first hour" not in (await read_page(visitor, "/help"))
    for path in (f"{home}/checklist", "/system/clouds/south/checklist"):
        assert (await visitor.get(path)).status_code in (403, 404), path
        assert (await visitor.post(path, {"hidden": "true"})).status_code in (403, 404)


async def test_what_waits_for_a_mapping_stands_in_the_menu(site: Site) -> None:
    sam, nora = await site.as_(SAM), await site.as_(NORA)
    await site.rows(
        "insert into watcher_organization (cloud, watcher, organization, title)"
        " select $1, 0, n, 'Org' from generate_series(1, 3) n",
        SOUTH,
    )
    menu = words((await read_page(sam, "/cloud/subscribers")).partition('id="menu"')[2])
    assert "Watcher 3 3 waiting" in menu
    assert "waiting" not in words(
        (await read_page(nora, "/cloud")).partition('id="menu"')[2][:6000]
    )
