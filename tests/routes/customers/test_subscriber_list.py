"""The customers of a cloud in both portals: what the list says, and what is done to several at once."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, MAX, NORA, SAM, SUE
from tests.routes.conftest import Site
from tests.routes.worked_example import read, rows, worked
from tests.services import TestServices

LIST = "/cloud/subscribers"
IN_SYSTEM = "/system/clouds/north/subscribers"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("subscribers")
    async with worked(services, template, f"{template}_{worker_id}_subs", directory) as it:
        yield it


async def names(visitor, path: str) -> list[str]:
    """The customers that a list shows, in its order."""
    answer = await visitor.get(path)
    assert answer.status_code == 200, answer.text
    body = re.sub(r"<(thead|tfoot)>.*?</\1>", "", answer.text, flags=re.DOTALL)
    found = [row[1] if row[0] == "" else row[0] for row in rows(body, "rows")]
    return [name.partition(" ")[0] for name in found]


async def test_each_customer_has_cameras_what_is_open_and_margin(site: Site):
    """Sue: 9.90 and 5.11, less 10 %, with 22 % tax; the rest is the worked example's."""
    nora = await site.as_(NORA)
    answer = await nora.get(LIST)
    bob, sue, total = rows(answer.text, "rows")[1:]
    assert sue[1].startswith("Sue")
    assert sue[2:4] == ["1", "2"]
    assert "Home 7" in sue[4]
    assert sue[7] == "€16.48"
    assert "NORTH-2026-000001" in answer.text
    (row,) = await site.rows(
        "select sum(total)::int as open from invoice where cloud = 1 and side = 'retail'"
    )
    assert f"€{row['open'] / 100:.2f}" in sue[8]
    (row,) = await site.rows(
        "select sum(revenue - cost - commission)::int as margin from margin"
        " where cloud = 1 and subscriber = 1"
    )
    assert f"{abs(row['margin']) / 100:.2f}" in sue[9]
    assert (bob[3], bob[8]) == ("0", "€0.00")
    assert total[3] == "2"
    assert f'href="{LIST}/1"' in answer.text


async def test_the_platform_sees_the_same_list_below_the_cloud(site: Site):
    for who in (ADA, MAX):
        visitor = await site.as_(who)
        assert await names(visitor, IN_SYSTEM) == ["Bob", "Sue"]
        assert "Customer 1" in await read(visitor, f"{IN_SYSTEM}/1")
    assert (await (await site.as_(MAX)).get("/system/clouds/south/subscribers")).status_code == 404


async def test_filters_narrow_it_and_what_means_nothing_does_not(site: Site):
    nora = await site.as_(NORA)
    for query, expected in (
        ("q=su", ["Sue"]),
        ("q=2", ["Bob"]),
        ("referral=rex", ["Sue"]),
        ("tariff=home-7", ["Sue"]),
        ("tariff=other", []),
        ("manager=ann@north.test", ["Sue"]),
        ("state=active", ["Sue"]),
        ("state=no_cameras", ["Bob"]),
        ("state=suspended", []),
        ("state=no_email", ["Bob", "Sue"]),
        ("state=loses", []),
        ("state=overdue", []),
        ("state=nonsense", ["Bob", "Sue"]),
        ("sort=-number", ["Bob", "Sue"]),
        ("sort=number", ["Sue", "Bob"]),
        ("q=%25", []),
    ):
        assert await names(nora, f"{LIST}?{query}") == expected, query


async def test_an_account_manager_sees_its_own_without_cost(site: Site):
    ann = await site.as_(ANN)
    page = await read(ann, LIST)
    assert "Sue" in page
    assert "Bob" not in page
    for hidden in ("Margin", "Access", "Assign"):
        assert hidden not in page.partition("Customers of")[2], hidden
    assert (
        await ann.post(f"{LIST}/selected", {"pick-1": "on", "intent": "assign"})
    ).status_code == 403
    page = await read(ann, f"{LIST}/1")
    assert "Cost" not in page
    assert "People" not in page.partition("Customer 1")[2]
    assert (await ann.get(f"{LIST}/2")).status_code == 404


async def test_the_file_has_exactly_the_rows_of_the_filters(site: Site):
    carl = await site.as_(CARL)
    answer = await carl.get(f"{LIST}?q=sue&format=csv")
    assert "north-subscribers.csv" in answer.headers["content-disposition"]
    (row,) = list(csv.DictReader(StringIO(answer.text.lstrip("\ufeff"))))
    assert (row["Name"], row["Cameras"], row["State"], row["Currency"]) == (
        "Sue",
        "2",
        "active",
        "EUR",
    )


async def test_several_go_to_another_account_manager_at_once(site: Site):
    nora = await site.as_(NORA)
    await nora.get(LIST)
    asked = await nora.post(f"{LIST}/selected", {"pick-2": "on", "intent": "assign"})
    assert "1 subscriber is selected" in asked.text
    assert 'name="pick-2"' in asked.text
    wrong = {"pick-2": "on", "intent": "assign-save", "account_manager": "nobody@north.test"}
    assert (await nora.post(f"{LIST}/selected", wrong)).status_code == 422
    right = {**wrong, "account_manager": "ann@north.test"}
    assert (await nora.post(f"{LIST}/selected", right)).status_code == 303
    assert await names(await site.as_(ANN), LIST) == ["Bob", "Sue"]
    entries = await site.rows(
        "select object, after from audit where action = 'subscriber.change' order by seq"
    )
    assert [entry["object"] for entry in entries] == ["subscriber 2"], "Sue was hers already"
    back = {"everything": "on", "intent": "assign-save", "account_manager": ""}
    assert (await nora.post(f"{LIST}/selected?q=bob", back)).status_code == 303
    assert await names(await site.as_(ANN), LIST) == ["Sue"], "everything is what the filters leave"


async def test_nothing_chosen_changes_nothing_and_another_clouds_number_is_nobody(site: Site):
    nora, sam = await site.as_(NORA), await site.as_(SAM)
    await nora.get(LIST)
    answer = await nora.post(f"{LIST}/selected", {"intent": "assign"})
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)
    assert "Select at least one" in await read(nora, LIST)
    assert (await nora.post(f"{LIST}/selected", {"pick-1": "on", "intent": "x"})).status_code == 404
    await sam.get(LIST)
    await sam.post(f"{LIST}/selected", {"pick-2": "on", "intent": "assign-save"})
    assert (
        await site.rows("select 1 from audit where cloud = 2 and action like 'subscriber.%'") == []
    )


async def test_all_that_match_is_a_state_of_the_list(site: Site):
    nora = await site.as_(NORA)
    await nora.get(LIST)
    answer = await nora.post(f"{LIST}/selected?q=su", {"intent": "everything"})
    assert answer.headers["location"] == f"{LIST}?q=su&everything=on"
    page = await nora.get(f"{LIST}?q=su&everything=on")
    assert 'name="everything" value="on"' in page.text
    assert "1 selected" in page.text


async def test_several_are_invited_and_who_cannot_be_is_named(site: Site):
    """Sue has access, Bob has no address; a new one is invited, and not twice."""
    nora = await site.as_(NORA)
    await site.rows(
        "insert into subscriber (cloud, number, name, email) values"
        " (1, 50, 'Cleo', 'cleo@home.test'), (1, 51, 'Dora', 'sue@home.test')"
    )
    await nora.get(LIST)
    chosen = {f"pick-{number}": "on" for number in (1, 2, 50, 51)}
    asked = await nora.post(f"{LIST}/selected", {**chosen, "intent": "invite"})
    assert "Invite 2 subscribers?" in asked.text
    done = await nora.post(f"{LIST}/selected", {**chosen, "intent": "invite-save"})
    assert "/invite" in done.text
    assert "Dora" in done.text
    assert "Not invited" in done.text
    people = await site.rows(
        "select email from portal_user where subscriber is not null and id > 100"
    )
    assert [row["email"] for row in people] == ["cleo@home.test"]
    again = await nora.post(f"{LIST}/selected", {**chosen, "intent": "invite-save"})
    assert "1 subscriber is invited" not in again.text
    assert "Invited" in (await nora.get(LIST)).text


async def test_one_customer_is_one_page(site: Site):
    nora = await site.as_(NORA)
    answer = await nora.get(f"{LIST}/1")
    page = await read(nora, f"{LIST}/1")
    for said in (
        "Customer 1", "This month so far", "Last invoice", "Margin", "NORTH-2026-000001",
        "Twelve months", "Terms", "People", "sue@home.test",
    ):  # fmt: skip
        assert said in page, said
    assert "/cloud/camera?id=gate" in answer.text
    account = await nora.get(f"{LIST}/1/account?format=csv")
    (row,) = list(csv.DictReader(StringIO(account.text.lstrip("\ufeff"))))
    assert row["Amount"] == row["Balance"]
    for odd in ("0", "x", "999", "99999999999"):
        assert (await nora.get(f"{LIST}/{odd}")).status_code == 404
    assert (await (await site.as_(SUE)).get(f"{LIST}/1")).status_code in {403, 404}


async def test_a_customer_is_suspended_after_asking_and_goes_on(site: Site):
    nora = await site.as_(NORA)
    asked = await nora.get(f"{LIST}/1/suspension")
    assert "Suspend this customer?" in asked.text
    await nora.post(f"{LIST}/1/suspension", {"suspended": "on"})
    assert "Suspended" in await read(nora, f"{LIST}/1")
    assert await names(nora, f"{LIST}?state=suspended") == ["Sue"]
    await nora.get(f"{LIST}/1/suspension")
    await nora.post(f"{LIST}/1/suspension", {"suspended": ""})
    assert await names(nora, f"{LIST}?state=suspended") == []
    assert (await (await site.as_(CARL)).get(f"{LIST}/1/suspension")).status_code == 403


async def test_who_knows_no_margin_is_not_offered_to_look_for_losses(site: Site):
    nora, ann = await site.as_(NORA), await site.as_(ANN)
    assert "Loses money" in (await nora.get(LIST)).text
    assert "Loses money" not in (await ann.get(LIST)).text
    assert await names(ann, f"{LIST}?state=loses") == []
