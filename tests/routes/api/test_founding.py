"""Setting up: the six usual services, a cloud with prices and administrator, accepted excess."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portal.billing.pricing import PerUnit
from portal.billing.reconciliation import Difference, Kind, total_worth
from portal.catalog.actions import price_lists
from portal.catalog.forms.usual import USUAL
from portal.customers.actions import excess as excess_actions
from portal.customers.forms.cloud import NewCloud
from portal.customers.forms.excess import NewExcess
from portal.customers.queries import clouds, excess
from portal.db import snapshot
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kit.queries import tenancy
from portal.overview.actions import founding
from portal.overview.forms.founding import COPY, NOTHING, Founding, OwnPrice
from tests.billing.cast import d
from tests.cast import ADA, ANN, CARL, MAX, NORA, SAM
from tests.conftest import NOW, Database
from tests.factories import two_clouds, worked_example
from tests.routes.api.conftest import House

DAY = date(2026, 11, 1)
OST = NewCloud(
    slug="ost", name="Ost", currency="EUR", timezone="Europe/Berlin", manager="max@platform.test"
)


def founded(**more: Any) -> Founding:
    return Founding(**{"cloud": OST, "valid_from": DAY, **more})


async def added() -> None:
    new = [replace(one, code=f"usual-{one.code}") for one in USUAL]
    await price_lists.add_services(ADA, new)


async def test_the_six_usual_services_come_with_meters_and_list_prices(web: Database) -> None:
    await two_clouds_as_worker(web)
    await added()
    prices = await price_lists.list_prices(ADA)
    assert len(prices) == len(USUAL) == 6
    assert prices["usual-motion-day"] == PerUnit(d("0.50"))
    with pytest.raises(Conflict):
        await price_lists.add_services(ADA, [replace(USUAL[0], code="new"), USUAL[0]])
    assert "new" not in await price_lists.list_prices(ADA), "all of them or none"
    with pytest.raises(Forbidden):
        await price_lists.add_services(NORA, USUAL)


async def two_clouds_as_worker(web: Database) -> None:
    async with web.as_worker():
        await two_clouds()


async def test_a_cloud_begins_with_list_prices_its_own_and_an_invited_administrator(
    web: Database,
) -> None:
    await two_clouds_as_worker(web)
    await added()
    own = (
        OwnPrice(service="usual-plates", pricing=PerUnit(d("3"))),
        OwnPrice(service="usual-faces", pricing=None),
    )
    new = founded(prices=own, administrator_email="olga@ost.test", administrator_name="Olga")
    made = await founding.found(ADA, new, now=NOW)
    assert made.cloud.manager == "max@platform.test"
    assert made.link is not None
    ost = await tenancy.get(MAX, "ost")
    assert await price_lists.prices_of(MAX, ost, DAY) == made.prices
    assert len(made.prices) == 5
    assert made.prices["usual-plates"] == PerUnit(d("3"))


async def test_prices_are_copied_from_a_cloud_of_the_same_money(web: Database) -> None:
    await two_clouds_as_worker(web)
    made = await founding.found(ADA, founded(start_from=COPY, copy_of="north"), now=NOW)
    assert made.prices == {"motion-day": PerUnit(d("0.50")), "plates": PerUnit(d("4.00"))}
    assert made.link is None
    south = founded(cloud=replace(OST, slug="west"), start_from=COPY, copy_of="south")
    with pytest.raises(Invalid) as refused:
        await founding.found(ADA, south, now=NOW)
    assert list(refused.value.fields) == ["copy_of"]


async def test_a_cloud_is_founded_whole_or_not_at_all(web: Database) -> None:
    await two_clouds_as_worker(web)
    taken = founded(start_from=NOTHING, administrator_email="nora@north.test")
    ghost = founded(prices=(OwnPrice(service="ghost", pricing=PerUnit(d("1"))),))
    for new, why in ((taken, Conflict), (ghost, Invalid)):
        with pytest.raises(why):
            await founding.found(ADA, new, now=NOW)
        assert "ost" not in [one.slug for one in await clouds.list_page(ADA)]
    for who in (NORA, MAX):
        with pytest.raises(Forbidden):
            await founding.found(who, founded(), now=NOW)


async def test_an_accepted_excess_is_quiet_until_it_is_withdrawn(web: Database) -> None:
    async with web.as_worker():
        await worked_example()
    north = await tenancy.get(NORA, "north")
    new = NewExcess(meter="recording.motion.depth", reason="The police asked for it")
    made = await excess_actions.accept(ANN, north, "gate", new, now=NOW)
    assert await excess.list_of_camera(CARL, north, "gate") == [made]
    with pytest.raises(Conflict):
        await excess_actions.accept(NORA, north, "gate", new, now=NOW)
    async with snapshot(NORA) as tx:
        assert {meter for _camera, meter in await excess.accepted(tx, north.id)} == {new.meter}
    with pytest.raises(NotFound):
        await excess.list_of_camera(SAM, north, "gate")
    with pytest.raises(Forbidden):
        await excess_actions.withdraw(CARL, north, "gate", new.meter, now=NOW)
    await excess_actions.withdraw(NORA, north, "gate", new.meter, now=NOW)
    assert await excess.list_of_camera(NORA, north, "gate") == []
    with pytest.raises(NotFound):
        await excess_actions.withdraw(NORA, north, "gate", new.meter, now=NOW)
    again = await excess_actions.accept(NORA, north, "gate", new, now=NOW)
    assert again.accepted_by == NORA.name


def test_what_is_accepted_adds_to_no_sum() -> None:
    one = Difference(Kind.DEPTH_ABOVE_PRESET, "gate", 31, 928, "")
    assert total_worth([one, replace(one, camera="yard", accepted=True)]) == 928


async def test_excess_is_accepted_and_withdrawn_over_the_api(house: House) -> None:
    path = "/clouds/north/cameras/gate/accepted-excess"
    sent = {"meter": "recording.motion.depth", "reason": "Asked for"}
    made = await house.post("nora", path, sent)
    assert {name: made[name] for name in sent} == sent
    assert (await house.get("carl", path))["items"] == [made]
    for who, status in (("sam", 404), ("carl", 403)):
        assert (await house.ask(who, "POST", path, sent)).status_code == status
    bad = await house.ask("nora", "POST", path, {"meter": "no.such", "reason": "x"})
    assert [one["field"] for one in bad.json()["errors"]] == ["meter"]
    gone = await house.ask("nora", "DELETE", f"{path}/recording.motion.depth")
    assert gone.status_code == 204
    assert (await house.ask("nora", "DELETE", f"{path}/recording.motion.depth")).status_code == 404


async def test_a_cloud_is_suspended_over_the_api_by_the_platforms_administrator(
    house: House,
) -> None:
    for who in ("max", "nora"):
        refused = await house.ask(who, "PATCH", "/clouds/north", {"suspended": True})
        assert refused.status_code == 403, who
    answer = await house.ask("ada", "PATCH", "/clouds/north", {"suspended": True})
    assert (answer.status_code, answer.json()["suspended"]) == (200, True)
    closed = await house.ask("nora", "POST", "/clouds/north/periods/2026-10/close", {})
    assert closed.status_code == 409, "no month of it is closed; its keys deliver usage still"
    answer = await house.ask("ada", "PATCH", "/clouds/north", {"suspended": False})
    assert answer.json()["suspended"] is False


async def test_what_a_service_measures_is_patched_until_it_is_used(house: House) -> None:
    used = await house.ask("ada", "PATCH", "/services/motion-day", {"measure": "peak"})
    assert used.status_code == 409
    assert [one["field"] for one in used.json()["errors"]] == ["measure"]
    new = {"code": "new-one", "name": "N", "meter": "analytics.plates", "unit": "channel",
           "unit_size": 1, "measure": "total"}  # fmt: skip
    await house.post("ada", "/services", new)
    sent = {"measure": "peak", "unit_size": 60, "meter": "recording.time"}
    answer = await house.ask("ada", "PATCH", "/services/new-one", sent)
    assert {name: answer.json()[name] for name in sent} == sent
    taken = await house.ask("ada", "POST", "/services", {**new, "code": "usual"})
    assert taken.status_code == 409, "a page of the portal is there"


async def test_several_rates_are_set_and_tried_over_the_api(house: House) -> None:
    path = "/clouds/north/rates"
    prices = [
        {"service": code, "pricing": {"model": "per_unit", "unit_price": "0.7"}}
        for code in ("plates", "motion-day")
    ]
    sent = {"valid_from": "2026-12-01", "prices": prices}
    made = await house.post("max", f"{path}/all", sent)
    assert [one["service"] for one in made["items"]] == ["motion-day", "plates"]
    again = await house.ask("max", "POST", f"{path}/all", sent)
    assert again.status_code == 409
    ghost = {**sent, "valid_from": "2027-01-01"}
    ghost["prices"] = [*prices, {**prices[0], "service": "ghost"}]
    refused = await house.ask("max", "POST", f"{path}/all", ghost)
    assert refused.status_code == 422
    found = (await house.get("ada", path))["items"]
    assert not [one for one in found if one["valid_from"] == "2027-01-01"], "all or none"
    assert (await house.ask("nora", "POST", f"{path}/all", sent)).status_code == 403
    untried = await house.ask("ada", "POST", f"{path}/preview", {"prices": prices})
    assert untried.status_code == 409, "no month is closed yet"
