"""“Needs you” names what waits, for those who can do something about it, with the page where."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from portal.overview.queries.attention import SOURCES
from portal.routes.shared.attention import WORDS
from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, SAM
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("attention")
    async with worked(services, template, f"{template}_{worker_id}_attention", directory) as it:
        yield it


async def lines(visitor: Visitor, path: str) -> dict[str, str]:
    """What needs somebody: the sentence and where its button leads."""
    html = (await visitor.get(path)).text
    part = html.partition('aria-label="Needs you"')[2].partition("</section>")[0]
    return {
        " ".join(re.sub(r"<[^>]+>", "", unescape(text)).split()): unescape(href)
        for text, href in re.findall(
            r"<li.*?<span[^>]*>(.*?)</span>\s*<a[^>]*href=\"([^\"]+)\"", part, re.DOTALL
        )
    }


def test_every_kind_has_words() -> None:
    assert set(SOURCES) == set(WORDS)


async def test_everything_named_has_a_page(site: Site) -> None:
    for who, home in (
        (ADA, "/system"),
        (MAX, "/system"),
        (PAUL, "/system"),
        (NORA, "/cloud"),
        (CARL, "/cloud"),
        (ANN, "/cloud"),
        (SAM, "/cloud"),
    ):
        visitor = await site.as_(who)
        for text, href in (await lines(visitor, f"{home}?needs=all")).items():
            assert (await visitor.get(href)).status_code == 200, (who.name, text, href)


async def test_a_cloud_is_told_of_its_own_and_the_platform_of_all(site: Site) -> None:
    nora, sam = await site.as_(NORA), await site.as_(SAM)
    assert not any("South" in text for text in await lines(nora, "/cloud"))
    assert not any("North" in text for text in await lines(sam, "/cloud"))
    ada = await lines(await site.as_(ADA), "/system?needs=all")
    assert any(text.startswith("South") for text in ada), ada
