"""“Needs you” names what waits, for those who can do something about it, with the page where."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from portal.overview.queries.attention.sources import SOURCES
from portal.routes.shared.attention_words import WORDS
from tests.cast import ADA, ANN, CARL, MAX, NORA, NORTH, PAUL, SAM, SOUTH
from tests.conftest import NOW
from tests.factories import camera, tariff, use
from tests.factories import days as november
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import words, worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("attention")
    async with worked(services, template, f"{template}_{worker_id}_attention", directory) as it:
        async with it.database.as_worker():
            for cloud in (NORTH, SOUTH):
                await trouble(cloud)
                await estimate_cloud(cloud, now=NOW)
        yield it


async def trouble(cloud: int) -> None:
    """Much that waits for somebody, alike in both clouds; names tell whose it is."""
    mark = {NORTH: "Northern", SOUTH: "Southern"}[cloud]
    async with atomic(SYSTEM) as tx:
        meters = {row["key"]: row["id"] for row in await tx.fetch("select id, key from meter")}
        owner = await tx.fetchval("select min(id) from subscriber where cloud = $1", cloud)
        agent = await tx.fetchval("select min(id) from referral where cloud = $1", cloud)
        loose = await camera(tx, cloud, f"{mark}-loose", owner)
        days = november("2026-11-02", "2026-11-04")
        await use(tx, cloud, loose, meters["recording.motion.depth"], days, 31)
        await use(tx, cloud, loose, meters["archive.stored"], days, 10**9)
        for number, name, email in (
            (81, "fresh", "fresh@home.test"),
            (82, "twin", "twin@home.test"),
        ):
            await tx.execute(
                "insert into subscriber (cloud, number, name, email, referral, brought_at, wanted)"
                " values ($1, $2, $3, $4, $5, '2026-11-04T12:00Z', 4)",
                cloud, number, f"{mark} {name}", f"{cloud}.{email}", agent,
            )  # fmt: skip
        await tx.execute(
            "update subscriber set brought_doubts = '{email}' where cloud = $1 and number = 82",
            cloud,
        )
        cheap = await tariff(tx, cloud, f"{mark.lower()}-cheap", "Cheap", "2026-01-01", "1", {})
        await tx.execute(
            "insert into tariff_month (cloud, period, tariff, cameras, revenue, cost, commission)"
            " select cloud, id, $2, 1, 100, 350, 20 from period where cloud = $1"
            " and starts_on = '2026-10-01'",
            cloud, cheap,
        )  # fmt: skip
        person = await tx.fetchval(
            "insert into portal_user (email, name, role, cloud) values ($1, 'New', $2, $3)"
            " returning id",
            f"late@{mark.lower()}.test", "cloud-accountant", cloud,
        )  # fmt: skip
        await tx.execute(
            "insert into sign_in_link (cloud, user_id, kind, token_hash, expires_at)"
            " values ($1, $2, 'invitation', $3, now() - interval '1 day')",
            cloud, person, mark,
        )  # fmt: skip
        await tx.execute(
            "insert into connection (cloud, api, url, secret, created_at)"
            " values ($1, 'v3', $2, '', '2026-11-01T05:00Z')",
            cloud, f"https://{mark.lower()}.example.net",
        )  # fmt: skip
        await tx.execute(
            "insert into watcher_organization (cloud, watcher, organization, title)"
            " values ($1, 0, 9, $2)",
            cloud, mark,
        )  # fmt: skip


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


TOLD = [
    ("Watcher at https://northern.example.net has not been read completely", "/cloud/watcher/"),
    ("November 2026: usage of 4 days is missing. 4 days ago", "/cloud/periods/2026-11"),
    ("1 organization or preset is not mapped", "/cloud/watcher/mappings?state=waiting"),
    ("1 camera of a subscriber has no tariff and costs €", "/cloud/cameras?state=without"),
    ("1 tariff lost €2.70 in the last closed month.", "/cloud/tariffs/northern-cheap"),
    ("1 GB stored has no price and is used by 1 camera.", "/cloud/prices#storage"),
    ("Rex referred Northern twin, whose details somebody else has, too", "/cloud/subscribers/82"),
    ("Rex referred Northern fresh: 4 cameras.", "/cloud/subscribers/81"),
    ("subscriber with cameras has no e-mail or no postal address.", "/cloud/subscribers/1"),
    ("1 invitation has expired.", "/cloud/people/"),
]
"""In their order: what stops money, what costs money, what waits."""


async def test_every_kind_is_told_in_its_order_with_the_page_that_cures_it(site: Site) -> None:
    nora = await site.as_(NORA)
    found = list((await lines(nora, "/cloud?needs=all")).items())
    places = []
    for said, href in TOLD:
        (place,) = (
            index for index, (text, where) in enumerate(found) if said in text and href in where
        )
        places.append(place)
    assert places == sorted(places), found
    sam = await lines(await site.as_(SAM), "/cloud?needs=all")
    assert any("Southern fresh" in text for text in sam)
    assert not any("orthern" in text for text in sam)


async def test_a_list_has_exactly_those_that_were_counted(site: Site) -> None:
    nora = await site.as_(NORA)
    to_check = words((await nora.get("/cloud/subscribers?state=to_check")).text)
    assert "Northern twin" in to_check
    assert "Northern fresh" in to_check
    assert "Bob" not in to_check
    loose = words((await nora.get("/cloud/cameras?state=without")).text)
    assert "Northern-loose" in loose


async def test_an_account_manager_is_told_of_no_cost(site: Site) -> None:
    ann = await site.as_(ANN)
    told = await lines(ann, "/cloud?needs=all")
    assert not any("costs" in text or "lost" in text or "price" in text for text in told), told


async def test_the_platform_is_told_what_its_clouds_use_without_a_price(site: Site) -> None:
    told = await lines(await site.as_(ADA), "/system?needs=all")
    for cloud in ("North", "South"):
        assert any(
            text.startswith(cloud)
            and "1 GB stored has no price" in text
            and href.startswith(f"/system/clouds/{cloud.lower()}/prices")
            for text, href in told.items()
        ), told
    max_ = await lines(await site.as_(MAX), "/system?needs=all")
    assert not any(text.startswith("South") for text in max_)
