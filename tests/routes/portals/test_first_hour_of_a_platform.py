"""The platform's first hour: each step is done by its fact, and leads where it can be done."""

from __future__ import annotations

from tests.cast import ADA, MAX, NORTH
from tests.routes.conftest import Site
from tests.routes.portals.test_first_hour import LIST, read_page, steps
from tests.routes.worked_example import words


async def test_the_platform_is_led_from_its_company_to_the_first_close(site: Site) -> None:
    ada = await site.as_(ADA)
    found = await steps(ada, "/system")
    assert list(found) == [
        "Company details", "E-mail", "Services", "First cloud", "Its administrator has signed in",
        "Usage arrives", "A colleague", "First month closed",
    ]  # fmt: skip
    assert found["Company details"][0] == "Next"
    assert found["First cloud"] == ("Done", "")
    for name, (_state, href) in found.items():
        if href:
            assert (await ada.get(href)).status_code == 200, (name, href)
    await site.rows("update platform set address = '{Here 1}', bank = '{Bank}'")
    found = await steps(ada, "/system")
    assert found["Company details"] == ("Done", "")
    assert found["E-mail"][0] == "Next"
    await site.rows(
        "insert into delivery (key, kind, recipient, subject, facts, state, due_at)"
        " values ('test 1', 'test', 'ada@platform.test', 'Test', '{}', 'sent', now())"
    )
    await site.rows("""update service set list_pricing = '{"model": "per_unit"}'""")
    found = await steps(ada, "/system")
    assert [name for name, (state, _) in found.items() if state == "Done"][:4] == [
        "Company details", "E-mail", "Services", "First cloud",
    ]  # fmt: skip
    await site.rows(
        "insert into period (cloud, starts_on, state) values ($1, '2026-09-01', 'closed')", NORTH
    )
    assert LIST not in await read_page(ada, "/system")


async def test_where_nothing_needs_anybody_the_next_close_is_named(site: Site) -> None:
    told = "Nothing needs you. Next: November closes from Dec 1, 2026 on."
    assert told in words((await (await site.as_(MAX)).get("/system")).text)
    await site.rows("update cloud set manager = null")
    alone = words((await (await site.as_(MAX)).get("/system")).text)
    assert "Nothing needs you." in alone
    assert "Next:" not in alone, "there is no cloud whose month closes"


async def test_hidden_and_shown_again(site: Site) -> None:
    ada = await site.as_(ADA)
    await ada.get("/system")
    assert (await ada.post("/system/checklist", {"hidden": "true"})).status_code == 303
    assert LIST not in await read_page(ada, "/system")
    assert 'href="/system/checklist"' in await read_page(ada, "/help")
    assert "Show on the overview" in await read_page(ada, "/system/checklist")
    await ada.post("/system/checklist", {"hidden": "false"})
    assert LIST in await read_page(ada, "/system")
