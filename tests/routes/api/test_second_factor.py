"""Who has lost app and codes is let in by those who may reset their password, by nobody else."""

from __future__ import annotations

from portal.access import Actor
from tests.cast import ADA, NORA, PAUL, SAM, SUE
from tests.routes.accounts.test_second_factor import _set_up
from tests.routes.api.test_accounts import Office, audited, office
from tests.routes.conftest import Site, Visitor

__all__ = ["office"]


async def _with_code(site: Site, person: Actor) -> Visitor:
    visitor = await site.as_(person)
    await _set_up(site, visitor)
    return visitor


async def test_the_api_takes_it_off_and_ends_sessions(office: Office) -> None:
    sue = await _with_code(office.site, SUE)
    path = f"/clouds/north/users/{SUE.user}"
    listed = await office.ask("nora", "GET", "/clouds/north/users")
    assert {one["id"] for one in listed["items"] if one["second_factor"]} == {SUE.user}
    for who, where, status in (
        ("sam", path, 404),
        ("sam", path.replace("north", "south"), 404),
        ("nora", f"/users/{SUE.user}", 403),
        ("carl", path, 403),
        ("ann", path, 403),
        ("ada", f"/users/{SUE.user}", 404),
    ):
        await office.ask(who, "POST", f"{where}/reset-second-factor", status=status)
    assert (await sue.get("/my")).status_code == 200
    freed = await office.ask("nora", "POST", f"{path}/reset-second-factor")
    assert freed["second_factor"] is False
    assert (await sue.get("/my")).status_code == 303
    assert (await (await office.site.visitor()).sign_in(SUE)).headers["location"] == "/my"
    assert len(await audited(office.site, "second-factor.reset")) == 1


async def test_the_platforms_people_are_freed_by_its_administrator(office: Office) -> None:
    paul = await _with_code(office.site, PAUL)
    path = f"/users/{PAUL.user}/reset-second-factor"
    for who in ("paul", "max", "nora"):
        await office.ask(who, "POST", path, status=403)
    await office.ask("ada", "POST", path)
    assert (await paul.get("/system")).status_code == 303


async def test_the_screen_says_who_has_one_and_takes_it_off(office: Office) -> None:
    site = office.site
    for person, path in ((NORA, "/cloud/people/{}{}"), (ADA, "/system/clouds/north/people/{}{}")):
        await _with_code(site, SUE)
        visitor = await site.as_(person)
        deed = path.format(SUE.user, "/reset-second-factor")
        assert "Reset second factor" in (await visitor.get(path.format(SUE.user, ""))).text
        assert "Take the second factor off Sue?" in (await visitor.get(deed)).text
        assert (await visitor.post(deed)).status_code == 303
        assert "Reset second factor" not in (await visitor.get(path.format(SUE.user, ""))).text
    sam = await site.as_(SAM)
    assert (await sam.get(f"/cloud/people/{SUE.user}/reset-second-factor")).status_code == 404
    await sam.get("/cloud/people")
    assert (await sam.post(f"/cloud/people/{SUE.user}/reset-second-factor")).status_code == 404
