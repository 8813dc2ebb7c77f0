"""Who looks at a portal as somebody else sees what that one sees, changes nothing, and is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal.access import SYSTEM, Actor
from portal.db import atomic
from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, REX, SAM, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import read, worked
from tests.services import TestServices

WHY = {"reason": "Sue cannot find her invoice", "minutes": "15"}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("view-as")
    async with worked(services, template, f"{template}_{worker_id}_view_as", directory) as it:
        yield it


async def looking(site: Site, who: Actor, path: str) -> Visitor:
    visitor = await site.as_(who)
    assert (await visitor.get(path)).status_code == 200
    answer = await visitor.post(path, WHY)
    assert answer.status_code == 303, answer.text
    return visitor


async def test_the_operator_sees_what_a_subscriber_sees_and_changes_nothing(site: Site) -> None:
    nora = await looking(site, NORA, "/cloud/view-as?kind=subscriber&key=1")
    page = await read(nora, "/my")
    assert "Viewing as" in page
    assert WHY["reason"] in page
    sue = await read(await site.as_(SUE), "/my/invoices")
    assert "NORTH-2026-000001" in sue
    assert "NORTH-2026-000001" in await read(nora, "/my/invoices")
    assert (await nora.get("/cloud/invoices")).status_code == 403  # it is the subscriber's session
    for path in ("/my/invoices", "/account/password", "/account/language"):
        answer = await nora.post(path, {"language": "it"})
        assert answer.status_code in {403, 405}, path
    assert "Stop viewing" in (await nora.get("/account")).text
    back = await nora.post("/stop-viewing")
    assert back.headers["location"] == "/cloud"
    assert (await nora.get("/cloud/invoices")).status_code == 200
    assert (await nora.post("/stop-viewing")).status_code == 303  # again changes nothing
    log = await read(nora, "/cloud/audit")
    assert "Viewing as somebody begun" in log
    assert "nora@north.test" in log


@pytest.mark.parametrize(
    ("who", "path"),
    [
        (ADA, "/system/clouds/south/view-as"),
        (MAX, "/system/clouds/north/view-as?kind=referral&key=rex"),
        (NORA, "/cloud/view-as?kind=referral&key=rex"),
    ],
)
async def test_who_may_look_looks(site: Site, who: Actor, path: str) -> None:
    visitor = await looking(site, who, path)
    home = "/referral" if "referral" in path else "/cloud"
    assert "Viewing as" in await read(visitor, home)


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (NORA, "/cloud/view-as", 403),  # nobody looks as their equal
        (NORA, "/cloud/view-as?kind=subscriber&key=999", 404),
        (NORA, "/cloud/view-as?kind=person&key=1", 404),  # Ada's is not of this cloud
        (SAM, "/cloud/view-as?kind=referral&key=rex", 404),
        (MAX, "/system/clouds/south/view-as", 404),
        (PAUL, "/system/clouds/north/view-as", 403),
        (CARL, "/cloud/view-as?kind=subscriber&key=1", 403),
        (ANN, "/cloud/view-as?kind=subscriber&key=1", 403),
        (SUE, "/cloud/view-as?kind=subscriber&key=1", 403),
        (REX, "/cloud/view-as?kind=subscriber&key=1", 403),
    ],
)
async def test_others_do_not(site: Site, who: Actor, path: str, status: int) -> None:
    visitor = await site.as_(who)
    assert (await visitor.get(path)).status_code == status
    assert (await visitor.post(path, WHY)).status_code == status


@pytest.mark.parametrize(
    "wrong",
    [{"reason": "", "minutes": "15"}, {"reason": "x", "minutes": "600"}, {"reason": "a" * 301}],
)
async def test_a_reason_and_an_end_are_required(site: Site, wrong: dict[str, str]) -> None:
    nora = await site.as_(NORA)
    path = "/cloud/view-as?kind=subscriber&key=1"
    await nora.get(path)
    assert (await nora.post(path, wrong)).status_code == 422
    assert "Viewing as" not in await read(nora, "/cloud")


async def test_it_ends_by_itself(site: Site) -> None:
    nora = await looking(site, NORA, "/cloud/view-as?kind=subscriber&key=1")
    async with site.database.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute(
            "update view_as set started_at = started_at - interval '1 hour',"
            " ends_at = ends_at - interval '1 hour'"
        )
    assert (await nora.get("/my")).status_code == 403
    assert "Viewing as" not in await read(nora, "/cloud")
