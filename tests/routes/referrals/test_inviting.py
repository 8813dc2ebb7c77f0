"""Rex invites an agent where Nora lets him, and says where he is paid."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, CARL, LIZ, NORA, REX, SAM, SUE
from tests.routes.conftest import PASSWORD, Site, Visitor
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

NEW = "/referral/agents/new"
PROFILE = "/referral/profile"
PAYOUT = {
    "payee": "Rex Rossi",
    "iban": "AT61 1904 3002 3457 3201",
    "bic": "",
    "address": "Via Rex 1\nRoma",
    "tax_number": "RX 1",
    "password": PASSWORD,
}
LEVELS = {
    "intent": "save",
    "agents_invite": "on",
    "agent_percent": "7,5",
    "statement_day": "5",
    "payout_threshold": "20",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file."""
    directory: Path = tmp_path_factory.mktemp("inviting")
    async with worked(services, template, f"{template}_{worker_id}_agents", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def rex(site: Site) -> Visitor:
    return await site.as_(REX)


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


async def test_where_a_referral_is_paid_is_checked_and_takes_the_password(
    site: Site, rex: Visitor, nora: Visitor
) -> None:
    assert "Your payout details are missing." in await read(rex, "/referral")
    await rex.get(PROFILE)
    for other, wrong in (
        ({"iban": "AT61 1904 3002 3457 3202"}, "iban"),
        ({"iban": ""}, "iban"),
        ({"bic": "NOBANK"}, "bic"),
        ({"payee": ""}, "payee"),
        ({"password": "a wrong one"}, "password"),
        ({"address": "\n".join(["x"] * 13)}, "address"),
    ):
        answer = await rex.post(PROFILE, data={**PAYOUT, **other})
        assert answer.status_code == 422, other
        assert f'id="error-{wrong}"' in answer.text
    kept = await site.rows("select iban from referral where cloud = 1 and code = 'rex'")
    assert kept[0]["iban"] == ""
    assert (await rex.post(PROFILE, data=PAYOUT)).status_code == 303
    kept = await site.rows("select iban, payee from referral where cloud = 1 and code = 'rex'")
    assert (kept[0]["iban"], kept[0]["payee"]) == ("AT611904300234573201", "Rex Rossi")
    assert "payout details are missing" not in await read(rex, "/referral")
    assert "AT611904300234573201" in await read(nora, "/cloud/referrals/rex")
    log = await site.rows("select count(*) from audit where action = 'referral.change-payout'")
    assert log[0]["count"] == 1


async def test_nobody_is_invited_where_the_operator_has_not_said_so(
    rex: Visitor, nora: Visitor
) -> None:
    assert 'href="/referral/agents"' not in (await rex.get("/referral")).text
    assert (await rex.get(NEW)).status_code == 403
    sent = {"name": "Uma", "email": "uma@agents.test"}
    assert (await rex.post(NEW, data=sent)).status_code == 403
    await nora.get("/cloud/referrals/levels")
    wrong = await nora.post("/cloud/referrals/levels", data={**LEVELS, "agent_percent": "101"})
    assert wrong.status_code == 422
    assert 'id="error-agent_percent"' in wrong.text
    # Without a level that pays the one above, nobody is above.
    assert (await nora.post("/cloud/referrals/levels", data=LEVELS)).status_code == 303
    assert (await rex.get(NEW)).status_code == 403


async def test_an_agent_is_invited_seen_by_the_operator_and_checked(
    site: Site, rex: Visitor, nora: Visitor
) -> None:
    await nora.get("/cloud/referrals/levels")
    paid = {**LEVELS, "level_percents-0": "2"}
    assert (await nora.post("/cloud/referrals/levels", data=paid)).status_code == 303
    assert 'href="/referral/agents"' in (await rex.get("/referral")).text
    await rex.get(NEW)
    for sent in (
        {"name": "", "email": "uma@agents.test"},
        {"name": "Uma", "email": "uma"},
        {"name": "Uma", "email": "sue@home.test"},
    ):
        answer = await rex.post(NEW, data=sent)
        assert answer.status_code == 422, sent
    assert (await site.rows("select count(*) from referral where cloud = 1"))[0]["count"] == 1
    shown = await rex.post(NEW, data={"name": "Rex", "email": "uma@agents.test"})
    link = re.search(r'https://[^"]*(/invite/[\w-]+)', shown.text)
    assert link, shown.text
    made = await site.rows(
        "select r.code, r.percent, s.code as sponsor, u.role from referral r"
        " join referral s on s.id = r.sponsor join portal_user u on u.referral = r.id"
        " where r.cloud = 1"
    )
    assert [tuple(row) for row in made] == [("rex-2", made[0]["percent"], "rex", "referral")]
    assert made[0]["percent"] == pytest.approx(7.5)
    # Twice is once: the address is somebody's by now, and nothing is half-done.
    again = await rex.post(NEW, data={"name": "Rex", "email": "uma@agents.test"})
    assert again.status_code == 422
    assert (await site.rows("select count(*) from referral where cloud = 1"))[0]["count"] == 2
    assert "1 agent was invited by another one." in await read(nora, "/cloud")
    page = "/cloud/referrals/rex-2"
    assert "Rex invited this agent" in await read(nora, page)
    assert "7.5%" in await read(nora, page)
    for _click in range(2):
        assert (await nora.post(f"{page}/check")).status_code == 303
    assert "invited this agent" not in await read(nora, page)
    log = await site.rows("select action from audit where object = 'referral rex-2' order by id")
    assert [row["action"] for row in log] == ["referral.invite", "referral.check"]


async def test_an_invited_agent_comes_in_and_invites_nobody_deeper_than_is_paid(
    site: Site, rex: Visitor
) -> None:
    uma = await site.visitor()
    await site.rows(
        "update portal_user u set password = (select password from portal_user where id = $1)"
        " where email = 'uma@agents.test' returning id",
        REX.user,
    )
    assert (await uma.sign_in("uma@agents.test")).status_code == 303
    assert (await uma.get("/referral/agents")).status_code == 200
    # An hour before midnight in UTC, in Rome the day after.
    await site.rows(
        "update referral set created_at = '2026-07-19T23:00Z' where sponsor is not null"
    )
    assert "20 Jul 2026" in words((await rex.get("/referral/agents")).text)
    assert (await uma.get(NEW)).status_code == 403
    assert (await uma.post(NEW, data={"name": "V", "email": "v@agents.test"})).status_code == 403
    ids = await site.rows("select id from portal_user where email = 'uma@agents.test'")
    other = ids[0]["id"]
    # What becomes of Uma's people is Uma's: Rex neither sees them beside him nor ends their access.
    assert "uma@agents.test" not in await read(rex, PROFILE)
    for deed in ("end", "resend", "let-in"):
        assert (await rex.get(f"{PROFILE}/people/{other}/{deed}")).status_code == 404
        assert (await rex.post(f"{PROFILE}/people/{other}/{deed}")).status_code == 404


async def test_nobody_else_reaches_it(site: Site) -> None:
    for who in (NORA, SUE):
        visitor = await site.as_(who)
        assert (await visitor.get(PROFILE)).status_code == 403
        assert (await visitor.post(PROFILE, data=PAYOUT)).status_code == 403
    carl, sam, ada = await site.as_(CARL), await site.as_(SAM), await site.as_(ADA)
    await carl.get("/cloud/referrals/rex")
    assert (await carl.post("/cloud/referrals/rex-2/check")).status_code == 403
    assert (await sam.post("/cloud/referrals/rex-2/check")).status_code == 404
    assert (await ada.get("/system/clouds/north/referrals/rex-2")).status_code == 200
    liz = await site.as_(LIZ)
    assert "Rex Rossi" not in await read(liz, PROFILE)
