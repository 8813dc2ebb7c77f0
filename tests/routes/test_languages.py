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


async def test_what_is_refused_before_any_page_is_said_in_the_browsers_language(site: Site) -> None:
    visitor = await site.visitor()
    asked = {"Accept-Language": "it"}
    foreign = await visitor.post("/login", headers={**asked, "Origin": "https://elsewhere.example"})
    assert (foreign.status_code, foreign.text) == (
        403,
        "La richiesta proviene da un altro sito. Non è stato modificato nulla.",
    )
    strange = await visitor.get("/login", headers={**asked, "Host": "elsewhere.example"})
    assert (strange.status_code, strange.text) == (421, "Questo sito non è servito con quel nome.")
    large = await visitor.post("/login", {"password": "x" * 20_000}, headers=asked)
    assert large.status_code == 413
    assert "Troppo" in large.text


async def test_why_somebody_was_refused_is_read_in_the_readers_language(site: Site) -> None:
    """The log keeps the sentence; the API and the chain of seals see one text of it for good."""
    sue, nora = await site.as_(SUE), await site.as_(NORA)
    assert (await sue.get("/cloud")).status_code == 403
    (refused,) = await site.rows("select id from audit where action = 'refused'")
    await nora.get("/account")
    for language, says in (
        ("en", "You are signed in as Sue"),
        ("it", "Accesso effettuato come Sue"),
    ):
        assert (await nora.post("/account/language", {"language": language})).status_code == 303
        assert says in (await nora.get(f"/cloud/audit/{refused['id']}")).text


async def test_systems_are_told_in_english(site: Site) -> None:
    visitor = await site.visitor()
    answer = await visitor.get("/api/v1/nowhere", headers={"Accept-Language": "it"})
    assert answer.json()["title"] == "Not found"
