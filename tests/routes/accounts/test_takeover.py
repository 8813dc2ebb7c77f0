"""What somebody with a session, a link or a code of another may try: at once, twice, or on oneself."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pyotp
import pytest

from portal.access import SYSTEM, Actor, Role
from portal.accounts.actions import api_keys, second_factor, users
from portal.crypto import passwords
from portal.errors import Conflict, Forbidden, NotFound
from portal.kit.queries import tenancy
from tests.cast import ADA, ANN, CARL, NORA, PAUL, SUE
from tests.routes.conftest import PASSWORD, Site, Visitor, password_hash

LINK = re.compile(r"/(?:invite|reset)/[\w-]{43}")
PATH = "/account/second-factor"
FRESH = "seven green herons argue quietly"
CAN_SIGN_IN = "select count(*) from portal_user where role = $1 and active and has_password"


async def _beside(site: Site, who: Actor) -> Actor:
    """A second administrator, of the platform or of a cloud."""
    await site.rows(
        "insert into portal_user (email, name, password, role, cloud)"
        " values ($1, 'Second', $2, $3, $4)",
        "second@beside.test",
        password_hash(),
        str(who.role),
        who.cloud,
    )
    ((user,),) = await site.rows("select id from portal_user where email = 'second@beside.test'")
    return Actor(who.role, "second@beside.test", user=user, cloud=who.cloud)


DEEDS = {
    "role": ("", {"role": "accountant"}),
    "block": ("/deactivate", {}),
    "reset": ("/reset-password", {}),
}


@pytest.mark.parametrize("who", [ADA, NORA], ids=["platform", "cloud"])
@pytest.mark.parametrize("deeds", [("role", "role"), ("block", "reset"), ("reset", "reset")])
async def test_two_administrators_who_cut_each_other_off_at_once_leave_one(
    site: Site, who: Actor, deeds: tuple[str, str]
) -> None:
    second = await _beside(site, who)
    one, other = await site.as_(who), await site.as_(second)
    prefix = "/system" if who.cloud is None else "/cloud"

    async def do(visitor: Visitor, target: Actor, deed: str) -> None:
        suffix, form = DEEDS[deed]
        await visitor.post(f"{prefix}/people/{target.user}{suffix}", form)

    await asyncio.gather(do(one, second, deeds[0]), do(other, who, deeds[1]))
    ((left,),) = await site.rows(
        CAN_SIGN_IN + " and cloud is not distinct from $2", str(who.role), who.cloud
    )
    assert left == 1


async def test_the_last_administrator_stays_whoever_asks(site: Site) -> None:
    async with site.database.as_worker():
        key = await api_keys.create(SYSTEM, name="ops", role="administrator")
        for who in (ADA, NORA):
            with pytest.raises(Conflict, match="last administrator"):
                await users.change(SYSTEM, who.user or 0, role="accountant")
            with pytest.raises(Conflict, match="last administrator"):
                await users.change(SYSTEM, who.user or 0, active=False)
    api = (await site.visitor()).client
    bearer = {"Authorization": f"Bearer {key}"}
    for path, body in ((f"/{ADA.user}", {"role": "manager"}), (f"/{ADA.user}", {"active": False})):
        answer = await api.patch(f"/api/v1/users{path}", json=body, headers=bearer)
        assert answer.status_code == 409
    reset = await api.post(f"/api/v1/users/{ADA.user}/reset-password", headers=bearer)
    assert reset.status_code == 409
    # Whoever stands above lets a cloud's only administrator in again.
    above = f"/api/v1/clouds/north/users/{NORA.user}/reset-password"
    assert (await api.post(above, headers=bearer)).status_code == 200
    assert (await (await site.visitor()).sign_in(ADA)).status_code == 303


async def test_a_session_that_was_taken_over_gets_past_neither_password_nor_code(
    site: Site,
) -> None:
    nora = await site.as_(NORA)
    page = await nora.get(PATH)
    found = re.search(r"key into the app: <code>([A-Z2-7 ]+)</code>", page.text)
    assert found
    await nora.post(PATH, {"code": pyotp.TOTP(found[1].replace(" ", "")).at(site.clock.now)})
    own = f"/cloud/people/{NORA.user}"
    shown = (await nora.get(own)).text
    for deed in ("reset-password", "reset-second-factor"):
        assert f"{own}/{deed}" not in shown
        refused = await nora.post(f"{own}/{deed}")
        assert refused.status_code == 409
        assert LINK.search(refused.text) is None
    async with site.database.as_worker():
        key = await api_keys.create(
            SYSTEM,
            name="n",
            role="administrator",
            cloud=await tenancy.get(SYSTEM, "north"),
            user_email=NORA.name,
        )
    api = (await site.visitor()).client
    for deed in ("reset-password", "reset-second-factor"):
        answer = await api.post(
            f"/api/v1/clouds/north/users/{NORA.user}/{deed}",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 409, deed
    assert (await nora.get("/cloud")).status_code == 200


async def test_nobody_makes_a_link_for_who_is_blocked(site: Site) -> None:
    nora = await site.as_(NORA)
    path = f"/cloud/people/{CARL.user}"
    await nora.get(path)
    await nora.post(f"{path}/deactivate")
    assert "reset-password" not in (await nora.get(path)).text
    refused = await nora.post(f"{path}/reset-password")
    assert refused.status_code == 409
    assert "reactivate them first" in refused.text
    await nora.get(path)
    await nora.post(f"{path}/reactivate")
    assert (await (await site.visitor()).sign_in(CARL)).status_code == 303, "as before"


async def test_what_a_reset_took_away_is_not_chosen_again(site: Site) -> None:
    nora = await site.as_(NORA)
    path = f"/cloud/people/{CARL.user}/reset-password"
    await nora.get(path)
    link = ""
    for _ in range(2):
        found = LINK.search((await nora.post(path)).text)
        assert found
        link = found[0]
        await nora.get(f"/cloud/people/{CARL.user}")
    visitor = await site.visitor()
    await visitor.get(link)
    again = await visitor.post(link, {"password": PASSWORD})
    assert again.status_code == 422
    assert "another password than the present one" in again.text
    assert (await visitor.post(link, {"password": FRESH})).status_code == 303
    kept = await site.rows("select 1 from portal_user where password_before is not null")
    assert kept == [], "it is forgotten with the new one"


async def test_a_link_used_by_two_at_once_is_good_for_one(site: Site) -> None:
    nora = await site.as_(NORA)
    path = f"/cloud/people/{CARL.user}/reset-password"
    await nora.get(path)
    found = LINK.search((await nora.post(path)).text)
    assert found
    link = found[0]
    visitors = [await site.visitor() for _ in range(4)]
    for visitor in visitors:
        await visitor.get(link)
    secrets = [f"{FRESH} number {number}" for number in range(4)]
    answers = await asyncio.gather(
        *(
            visitor.post(link, {"password": secret})
            for visitor, secret in zip(visitors, secrets, strict=True)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {303: 1, 410: 3}
    entered = [(await (await site.visitor()).sign_in(CARL, one)).status_code for one in secrets]
    assert [answer.status_code for answer in answers] == [
        303 if status == 303 else 410 for status in entered
    ]


@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_a_code_sent_by_many_at_once_lets_one_in(site: Site, kind: str) -> None:
    sue = await site.as_(SUE)
    found = re.search(r"into the app: <code>([A-Z2-7 ]+)</code>", (await sue.get(PATH)).text)
    assert found
    app = pyotp.TOTP(found[1].replace(" ", ""))
    done = await sue.post(PATH, {"code": app.at(site.clock.now)})
    codes = re.findall(r"<code>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</code>", done.text)
    site.clock.forward(seconds=90)
    code = app.at(site.clock.now) if kind == "app" else codes[0]
    visitors = [await site.visitor() for _ in range(5)]
    for visitor in visitors:
        await visitor.sign_in(SUE)
        await visitor.get("/login/code")
    answers = await asyncio.gather(
        *(visitor.post("/login/code", {"code": code}) for visitor in visitors)
    )
    assert Counter(answer.status_code for answer in answers) == {303: 1, 422: 4}
    told = [row[0] for row in await site.rows("select action from audit")]
    assert told.count("second-factor.failed") == 4


@pytest.mark.parametrize(
    "leaked",
    ["PASSWORD1234", "pAsSwOrD1234", "QWERTYUIOP", "QwErTyUiOp1", "ILoveYou2026", "Football2026",
     "p@SSw0rd2026", "１２３４５６７８９０", "Letmein letmein", "drowssap1234",
     "Correct Horse Battery Staple", "c0rrecthorsebatterystaple!"],
)  # fmt: skip
async def test_a_leaked_password_is_refused_in_every_spelling(leaked: str) -> None:
    assert await passwords.refusal(leaked, about=()) is not None


async def test_others_of_the_staff_reset_nobody(site: Site) -> None:
    async with site.database.as_web():
        for who in (PAUL, ANN, CARL):
            assert who.role not in {Role.ADMINISTRATOR, Role.CLOUD_ADMINISTRATOR}
            for reset in (
                users.reset_password(who, SUE.user or 0, now=site.clock.now),
                second_factor.reset_second_factor(who, SUE.user or 0),
            ):
                with pytest.raises((Forbidden, NotFound), match=r"does not|There is no person"):
                    await reset
