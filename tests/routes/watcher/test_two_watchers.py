"""The page of mappings where two Watchers have an organization 6 and a preset 7 each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.cast import CARL, NORA, SAM
from tests.routes.conftest import Site
from tests.routes.security.test_strange_names import watcher_of
from tests.routes.watched_clouds import PATH, made, watching, workers_read
from tests.routes.worked_example import HTMX, rows, words
from tests.services import TestServices
from tests.simulator.watchers import served


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("two")
    async with watching(services, template, f"{template}_{worker_id}_two", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def numbers(site: Site) -> list[str]:
    """Two connections of North, each to a Watcher of its own; both have been read."""
    found = []
    async with AsyncExitStack() as stack:
        nora = await site.as_(NORA)
        for names in (("lift", "roof"), ("lift",)):
            url = await stack.enter_async_context(served(watcher_of(names)))
            one = await made(nora, url=url)
            await nora.post(f"{one}/read")
            found.append(one.rpartition("/")[2])
        await workers_read(site)
    return found


async def test_each_row_is_mapped_for_its_own_watcher(site: Site, numbers: list[str]) -> None:
    first, second = numbers
    nora = await site.as_(NORA)
    page = await nora.get(f"{PATH}/mappings")
    table = rows(page.text, "rows")
    shown = [row[0] for row in table[1:] if "Organization 6" in row[0] or "Preset 7" in row[0]]
    assert len(shown) == 4
    for number in numbers:
        assert sum(f"Connection {number}" in one for one in shown) == 2
        assert f'href="{PATH}/mappings/{number}/organizations/6"' in page.text

    path = f"{PATH}/mappings/{second}/organizations/6"
    wrong = await nora.post(path, {"target": "99"})
    assert wrong.status_code == 422
    assert f"Connection {second}" in words(wrong.text) or "127.0.0.1" in words(wrong.text)
    assert f'action="{path}"' in wrong.text

    done = await nora.post(path, {"target": "2"})
    assert done.status_code == 303
    stored = await site.rows(
        "select w.watcher, s.number from watcher_organization w"
        " left join subscriber s on s.id = w.subscriber where w.organization = 6 order by 1"
    )
    assert [tuple(row) for row in stored] == [(int(first), None), (int(second), 2)]
    waiting = rows((await nora.get(f"{PATH}/mappings?state=waiting&q=6")).text, "mappings")
    assert [f"Connection {first}" in row[0] for row in waiting[1:]] == [True]
    mapped = await nora.post(
        f"{PATH}/mappings/{first}/presets/7", {"target": "home-7"}, headers=HTMX
    )
    assert mapped.headers["HX-Redirect"] == f"{PATH}/mappings"
    stored = await site.rows("select watcher from watcher_preset where tariff is not null")
    assert [row["watcher"] for row in stored] == [int(first)]


async def test_nobody_maps_by_the_number_of_anothers_watcher(
    site: Site, numbers: list[str]
) -> None:
    sam, carl = await site.as_(SAM), await site.as_(CARL)
    for number in (*numbers, "0", "99999999", "-1", "x"):
        for what in ("organizations/6", "presets/7"):
            answer = await sam.post(f"{PATH}/mappings/{number}/{what}", {"target": "1"})
            assert answer.status_code == 404, number
    assert (await carl.post(f"{PATH}/mappings/{numbers[0]}/presets/7", {})).status_code == 403
    text = words((await carl.get(f"{PATH}/mappings")).text)
    assert all(f"Connection {number}" in text for number in numbers)
