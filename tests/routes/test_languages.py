"""Who signs in is spoken to in a language of theirs: chosen, else the cloud's, else the browser's."""

from __future__ import annotations

import pytest

from tests.cast import NORA, SUE
from tests.routes.conftest import Site

NOT_FOUND = "Non trovato"


async def test_a_language_is_chosen_in_the_account(site: Site) -> None:
    sue, other = await site.as_(SUE), await site.as_(NORA)
    await sue.get("/account")
    assert NOT_FOUND not in (await sue.get("/nowhere")).text
    assert (await sue.post("/account/language", {"language": "it"})).status_code == 303
    assert NOT_FOUND in (await sue.get("/my/invoices/none")).text
    assert "Lingua salvata." in (await sue.get("/account")).text
    assert NOT_FOUND not in (await other.get("/cloud/invoices/none")).text
    assert (await sue.post("/account/language", {"language": ""})).status_code == 303
    assert NOT_FOUND not in (await sue.get("/my/invoices/none")).text


@pytest.mark.parametrize("language", ["xx", "../it", "IT", "it\n"])
async def test_a_language_that_is_not_there_is_not_chosen(site: Site, language: str) -> None:
    sue = await site.as_(SUE)
    await sue.get("/account")
    assert (await sue.post("/account/language", {"language": language})).status_code == 422


async def test_without_a_choice_the_clouds_language_is_spoken(site: Site) -> None:
    await site.rows("update cloud set locale = 'it_IT' where slug = 'north' returning id")
    sue = await site.as_(SUE)
    assert NOT_FOUND in (await sue.get("/my/invoices/none")).text
    assert (await sue.post("/account/language", {"language": "en"})).status_code == 303
    assert NOT_FOUND not in (await sue.get("/my/invoices/none")).text


async def test_before_sign_in_the_browser_is_asked(site: Site) -> None:
    visitor = await site.visitor()
    asked = {"Accept-Language": "it-IT,it;q=0.9"}
    assert NOT_FOUND in (await visitor.get("/nowhere", headers=asked)).text
    assert NOT_FOUND not in (await visitor.get("/nowhere")).text


async def test_systems_are_told_in_english(site: Site) -> None:
    visitor = await site.visitor()
    answer = await visitor.get("/api/v1/nowhere", headers={"Accept-Language": "it"})
    assert answer.json()["title"] == "Not found"
