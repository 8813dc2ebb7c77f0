"""Getting in: the first person, invitations, resets, sign-in pages, and what others may try there."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal.access import SYSTEM
from portal.accounts.actions import invitations, setup
from portal.app import create_app
from portal.kit.queries import tenancy
from tests.cast import NORA
from tests.conftest import Database
from tests.routes.conftest import (
    ORIGIN,
    Clock,
    Site,
    running,
    settings_of,
)
from tests.services import TestServices

FRESH = "seven green herons argue quietly"
FORM = {
    "name": "Ada Love",
    "email": "Ada@Platform.test",
    "password": FRESH,
    "company": "Camera Cloud Ltd",
}
LINK = re.compile(r"https://portal.test(/(?:invite|reset|confirm)/[\w-]{43})")


@pytest.fixture
async def empty(
    database: Database, services: TestServices, tmp_path: Path
) -> AsyncIterator[tuple[Site, str]]:
    """An installation without people, and the code that `up` prints."""
    async with database.as_worker():
        code = await setup.new_code()
    assert code is not None
    clock, settings = Clock(), settings_of(database, services, tmp_path)
    app = create_app(settings, clock=clock)
    async with running(app), AsyncExitStack() as stack:
        yield Site(app, database, clock, settings, stack), code


async def test_the_first_person_comes_in_by_the_code_once(empty: tuple[Site, str]) -> None:
    site, code = empty
    first = await site.visitor()
    closed = await first.get("/setup")
    assert closed.status_code == 403
    assert "Open the address that `camledger up` printed." in closed.text
    wrong = await first.get("/setup?code=" + "x" * 43)
    assert wrong.status_code == 403
    assert 'name="password"' not in wrong.text
    await first.get(f"/setup?code={code}")
    missing = await first.post("/setup", {"code": code, "email": "x"})
    assert missing.status_code == 422
    for field in ("name", "email", "password", "company"):
        assert f'href="#field-{field}"' in missing.text
    weak = await first.post("/setup", {"code": code, **FORM, "password": "camera cloud ltd"})
    assert weak.status_code == 422
    assert 'value="Ada Love"' in weak.text
    done = await first.post("/setup", {"code": code, **FORM})
    assert (done.status_code, done.headers["location"]) == (303, "/system")
    assert (await first.get("/system")).status_code == 200
    rows = await site.rows("select email, name, role, cloud from portal_user")
    assert [tuple(row) for row in rows] == [
        ("ada@platform.test", "Ada Love", "administrator", None)
    ]
    ((name, left),) = await site.rows("select name, setup_hash from platform")
    assert (name, left) == ("Camera Cloud Ltd", None)
    second = await site.visitor()
    await second.get("/login")
    for again in (
        await second.get(f"/setup?code={code}"),
        await second.post("/setup", {"code": code, **FORM, "email": "eve@evil.test"}),
    ):
        assert again.status_code == 404
        assert "set up already" in again.text
    async with site.database.as_worker():
        assert await setup.new_code() is None


async def test_of_two_who_set_up_at_once_one_does(empty: tuple[Site, str]) -> None:
    site, code = empty
    visitors = [await site.visitor() for _ in range(3)]
    for visitor in visitors:
        await visitor.get(f"/setup?code={code}")
    answers = await asyncio.gather(
        *(
            visitor.post("/setup", {"code": code, **FORM, "email": f"a{number}@b.test"})
            for number, visitor in enumerate(visitors)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {303: 1, 404: 2}
    assert len(await site.rows("select 1 from portal_user")) == 1


async def test_the_code_is_not_guessed_and_a_new_one_ends_it(empty: tuple[Site, str]) -> None:
    site, code = empty
    guesser = await site.visitor()
    tried = [(await guesser.get(f"/setup?code=guess{n}")).status_code for n in range(12)]
    assert tried == [403] * 10 + [429] * 2
    async with site.database.as_worker():
        newer = await setup.new_code()
    other = await site.visitor("198.51.100.9")
    assert (await other.get(f"/setup?code={code}")).status_code == 403
    assert (await other.get(f"/setup?code={newer}")).status_code == 200


async def invited(site: Site, **whose: object) -> str:
    """The path of an invitation that Nora made."""
    async with site.database.as_worker():
        given = {"email": "new@north.test", "role": "accountant", **whose}
        _, link = await invitations.invite(
            NORA if "by" not in given else SYSTEM,
            **{name: value for name, value in given.items() if name != "by"},  # type: ignore[arg-type]
            cloud=await tenancy.get(SYSTEM, "north"),
            now=site.clock.now,
        )
    return urlsplit(link.address(ORIGIN)).path


async def test_a_subscribers_invitation_leads_to_its_own_portal_and_no_further(site: Site) -> None:
    path = await invited(site, email="son@home.test", role="subscriber", subscriber=1)
    visitor = await site.visitor()
    page = await visitor.get(path)
    assert "Nora invites you to North" in page.text
    form = {"name": "Son", "password": FRESH, "role": "cloud-administrator", "email": "x@evil.test"}
    done = await visitor.post(path, form)
    assert done.headers["location"] == "/my"
    assert (await visitor.get("/my")).status_code == 200
    for others in ("/cloud", "/system", "/referral"):
        assert (await visitor.get(others)).status_code == 403
    ((email, role),) = await site.rows("select email, role from portal_user where name = 'Son'")
    assert (email, role) == ("son@home.test", "subscriber")
    replay = await visitor.get(path)
    assert replay.status_code == 410
    assert "used before" in replay.text


async def test_where_a_second_factor_is_required_it_comes_before_the_portal(site: Site) -> None:
    await site.rows("update cloud set second_factor = true where slug = 'north'")
    path = await invited(site, email="two@north.test", role="administrator")
    visitor = await site.visitor()
    await visitor.get(path)
    done = await visitor.post(path, {"name": "Two", "password": FRESH})
    assert done.headers["location"] == "/account/second-factor"
    page = (await visitor.get("/account/second-factor")).text
    assert "data:image/svg+xml" in page
    assert (await visitor.get("/cloud")).status_code == 303


async def test_an_expired_invitation_has_one_button_that_tells_who_invited(site: Site) -> None:
    path = await invited(site)
    site.clock.forward(days=7, seconds=1)
    visitor = await site.visitor()
    page = await visitor.get(path)
    assert page.status_code == 410
    assert "Ask Nora to send it again" in page.text
    refused = await visitor.post(path, {"name": "N", "password": FRESH})
    assert refused.status_code == 410
    for _ in range(3):
        told = await visitor.post(f"{path}/again")
        assert told.status_code == 200
        assert "Nora has been told" in told.text
    ((asked,),) = await site.rows("select count(*) from sign_in_link where asked_at is not null")
    assert asked == 1
    entries = await site.rows("select 1 from audit where action = 'invitation.ask-again'")
    assert len(entries) == 1
    nora = await site.as_(NORA)
    ((user,),) = await site.rows("select id from portal_user where email = 'new@north.test'")
    assert "asks for a new invitation" in (await nora.get(f"/cloud/people/{user}")).text


async def test_a_token_of_one_kind_opens_nothing_of_another(site: Site) -> None:
    token = (await invited(site)).rpartition("/")[2]
    visitor = await site.visitor()
    for path in ("/reset/", "/confirm/"):
        assert (await visitor.get(path + token)).status_code == 404
    for made_up in ("x" * 43, "x", "%00" * 4, "x" * 5000):
        assert (await visitor.get(f"/invite/{made_up}")).status_code in {404, 400}
