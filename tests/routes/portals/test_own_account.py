"""Sue looks after her own account: her documents, who gets them, who signs in beside her."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal.accounts.actions import users
from portal.accounts.queries import people
from portal.errors import Conflict, PortalError
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from tests.cast import ADA, ANN, BOB, CARL, LIZ, NORA, REX, SAM, SUE, TIM
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

PROFILE = "/my/profile"
WANTED = {
    "name": "Sue Bianchi & Co",
    "address": "Via Nuova 2\n00100 Roma",
    "tax_number": "IT 123",
    "note": "we moved",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file."""
    directory: Path = tmp_path_factory.mktemp("own")
    async with worked(services, template, f"{template}_{worker_id}_own", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def sue(site: Site) -> Visitor:
    return await site.as_(SUE)


async def ask(sue: Visitor, **other: str) -> str:
    """Where the operator looks at what Sue asks for."""
    await sue.get(f"{PROFILE}/details")
    answer = await sue.post(f"{PROFILE}/details", data={**WANTED, **other})
    assert answer.status_code == 303, answer.text
    return PROFILE


async def waiting(nora: Visitor, base: str = "/cloud") -> str:
    html = (await nora.get(f"{base}/subscribers/1")).text
    found = re.search(rf'href="({base}/subscribers/1/details/\d+)"', html)
    assert found, words(html)
    return found[1]


async def test_other_details_are_asked_for_confirmed_and_then_printed(
    site: Site, sue: Visitor
) -> None:
    html = (await sue.get(PROFILE)).text
    assert f'href="{PROFILE}/details"' in html
    await ask(sue)
    assert "Asked for on" in await read(sue, PROFILE)
    nora = await site.as_(NORA)
    home = await read(nora, "/cloud")
    assert "1 subscriber asks for other details on its documents." in home
    page = await waiting(nora)
    text = await read(nora, page)
    assert "Via Nuova 2 00100 Roma" in text
    assert "we moved" in text
    assert (await nora.post(page, data={"intent": "confirm"})).status_code == 303
    row = (await site.rows("select name, address, tax_number from subscriber where number = 1"
                           " and cloud = 1"))[0]  # fmt: skip
    assert (row["name"], row["address"]) == (WANTED["name"], ["Via Nuova 2", "00100 Roma"])
    # The second click, and a tab that was open, find it decided.
    assert (await nora.post(page, data={"intent": "confirm"})).status_code == 303
    again = await nora.post(page, data={"intent": "decline", "answer": "no"})
    assert again.status_code == 303
    states = await site.rows("select state from details_request order by id")
    assert [one["state"] for one in states] == ["confirmed"]
    log = await site.rows(
        "select action, actor from audit where cloud = 1 and action like 'subscriber.%details'"
        " order by id"
    )
    assert [one["action"] for one in log] == [
        "subscriber.ask-details", "subscriber.confirm-details",
    ]  # fmt: skip
    assert "sue@home.test" in str(log[0]["actor"])


async def test_a_newer_request_replaces_the_older_and_one_can_be_declined(
    site: Site, sue: Visitor
) -> None:
    await ask(sue, name="First")
    ada = await site.as_(ADA)
    base = "/system/clouds/north"
    first = await waiting(ada, base)
    await ask(sue, name="Second")
    assert (await ada.post(first, data={"intent": "confirm"})).status_code == 303
    second = await waiting(ada, base)
    assert second != first
    assert (await ada.get(first)).status_code == 303
    unsaid = await ada.post(second, data={"intent": "decline", "answer": ""})
    assert unsaid.status_code == 422
    assert 'id="error-answer"' in unsaid.text
    told = await ada.post(second, data={"intent": "decline", "answer": "Send us the deed."})
    assert told.status_code == 303
    text = await read(sue, PROFILE)
    assert "declined your request" in text
    assert "Send us the deed." in text
    names = await site.rows("select name from subscriber where cloud = 1 and number = 1")
    assert names[0]["name"] not in {"First", "Second"}


@pytest.mark.parametrize(
    ("other", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"address": "\n".join(["x"] * 13)}, "address"),
        ({"tax_number": "1" * 65}, "tax_number"),
        ({"note": "x" * 1001}, "note"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    sue: Visitor, site: Site, other: dict[str, str], wrong: str
) -> None:
    before = await site.rows("select count(*) from details_request")
    await sue.get(f"{PROFILE}/details")
    answer = await sue.post(f"{PROFILE}/details", data={**WANTED, **other})
    assert answer.status_code == 422
    assert f'id="error-{wrong}"' in answer.text
    assert await site.rows("select count(*) from details_request") == before


async def test_what_stands_on_documents_already_is_not_asked_for(sue: Visitor) -> None:
    html = (await sue.get(f"{PROFILE}/details")).text
    name = re.search(r'id="field-name".*?value="([^"]*)"', html, re.DOTALL)
    assert name
    lines = re.search(r'<textarea id="field-address"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)
    tax = re.search(r'id="field-tax_number".*?value="([^"]*)"', html, re.DOTALL)
    assert lines is not None
    assert tax is not None
    same = {
        "name": name[1].replace("&amp;", "&"),
        "address": lines[1],
        "tax_number": tax[1],
        "note": "",
    }
    answer = await sue.post(f"{PROFILE}/details", data=same)
    assert answer.status_code == 422
    assert "Your documents say this already." in answer.text


async def test_invoices_go_to_several_addresses_each_of_them_right(
    site: Site, sue: Visitor
) -> None:
    await sue.get(PROFILE)
    wrong = await sue.post(
        PROFILE, data={"document_emails": "books@sue.test\nnot an address", "language": ""}
    )
    assert wrong.status_code == 422
    assert "not an address" in wrong.text
    assert 'id="error-document_emails"' in wrong.text
    many = "\n".join(f"a{n}@sue.test" for n in range(11))
    assert (await sue.post(PROFILE, data={"document_emails": many})).status_code == 422
    assert (await sue.post(PROFILE, data={"language": "xx"})).status_code == 422
    right = {"document_emails": "Books@Sue.test\nbooks@sue.test\nme@sue.test", "language": "it"}
    assert (await sue.post(PROFILE, data=right)).status_code == 303
    kept = await site.rows(
        "select document_emails, language from subscriber where cloud = 1 and number = 1"
    )
    assert kept[0]["document_emails"] == ["books@sue.test", "me@sue.test"]
    assert kept[0]["language"] == "it"
    nora = await site.as_(NORA)
    assert "books@sue.test" in await read(nora, "/cloud/subscribers/1")


async def test_who_signs_in_beside_her_is_invited_and_their_access_ended_but_never_the_last(
    site: Site, sue: Visitor
) -> None:
    await sue.get(f"{PROFILE}/people/new")
    for email in ("", "nonsense", "nora@north.test"):
        answer = await sue.post(f"{PROFILE}/people/new", data={"email": email, "name": "X"})
        assert answer.status_code == 422, email
        assert 'id="error-email"' in answer.text
    shown = await sue.post(
        f"{PROFILE}/people/new", data={"email": "carla@home.test", "name": "Carla"}
    )
    link = re.search(r'https://[^"]*/invite/[\w-]+', shown.text)
    assert link, shown.text
    ids = await site.rows("select id, role, subscriber from portal_user where email like 'carla@%'")
    carla = ids[0]["id"]
    assert (ids[0]["role"], ids[0]["subscriber"]) == ("subscriber", 1)
    assert "Invited" in await read(sue, PROFILE)
    # Her own access is another's to end; those of others are not hers at all.
    for user, status in ((SUE.user, 303), (BOB.user, 404), (NORA.user, 404), (TIM.user, 404)):
        answer = await sue.post(f"{PROFILE}/people/{user}/end")
        assert answer.status_code == status, user
    active = await site.rows("select id from portal_user where not active")
    assert not active
    assert (await sue.get(f"{PROFILE}/people/{carla}/end")).status_code == 200
    assert (await sue.post(f"{PROFILE}/people/{carla}/end")).status_code == 303
    assert "Deactivated" in await read(sue, PROFILE)
    assert (await sue.post(f"{PROFILE}/people/{carla}/resend")).status_code == 303
    assert (await sue.post(f"{PROFILE}/people/{carla}/let-in")).status_code == 303
    again = await sue.post(f"{PROFILE}/people/{carla}/resend")
    assert "/invite/" in again.text
    assert (await sue.post(f"{PROFILE}/people/{carla}/crown")).status_code == 404


async def test_two_who_end_each_others_access_at_once_leave_one(site: Site) -> None:
    made = await site.rows(
        "insert into portal_user (email, name, password, role, cloud, subscriber)"
        " select 'dora@home.test', 'Dora', password, 'subscriber', 1, 1"
        " from portal_user where id = $1 returning id",
        SUE.user,
    )
    dora = type(SUE)(SUE.role, "dora@home.test", user=made[0]["id"], cloud=1, subscriber=1)
    assert SUE.user is not None
    assert dora.user is not None
    outcomes = await asyncio.gather(
        users.change(SUE, dora.user, active=False),
        users.change(dora, SUE.user, active=False),
        return_exceptions=True,
    )
    refused = [one for one in outcomes if isinstance(one, PortalError)]
    assert len(refused) == 1, outcomes
    assert isinstance(refused[0], Conflict)
    left = await site.rows(
        "select count(*) from portal_user where subscriber = 1 and active and password is not null"
    )
    assert left[0]["count"] == 1
    await site.rows("update portal_user set active = true returning id")
    seen = {one.email for one in await people.list_of(SUE, await _north(), subscriber=1)}
    assert "dora@home.test" in seen


async def _north() -> CloudFacts:
    return await tenancy.own_cloud(SUE)


async def test_nobody_else_reaches_it(site: Site) -> None:
    bob = await site.as_(BOB)
    assert "Via Nuova" not in await read(bob, PROFILE)
    for who in (NORA, REX):
        visitor = await site.as_(who)
        assert (await visitor.get(PROFILE)).status_code == 403
        assert (await visitor.post(PROFILE, data={"language": "it"})).status_code == 403
    rows = await site.rows("select id from details_request order by id limit 1")
    asked = rows[0]["id"]
    carl, sam = await site.as_(CARL), await site.as_(SAM)
    assert (await carl.get(f"/cloud/subscribers/1/details/{asked}")).status_code == 403
    assert (await sam.get(f"/cloud/subscribers/1/details/{asked}")).status_code == 404
    ann = await site.as_(ANN)
    assert (await ann.get(f"/cloud/subscribers/1/details/{asked}")).status_code == 303
    assert (await ann.get("/cloud/subscribers/1/details/999999")).status_code == 404
    liz = await site.as_(LIZ)
    assert (await liz.get("/my/profile/people/new")).status_code == 403
