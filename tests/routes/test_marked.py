"""Every sentence that a person reads comes through a catalogue, on every page and document.

Everybody speaks a language whose sentences are marked (see `tests.routes.marked`); what a page
shows without a mark is a name or a figure of the story, or a sentence that nobody can translate.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin

import pytest
from babel import Locale

from portal.access import SYSTEM, Actor
from portal.billing.money import CURRENCIES
from portal.billing.period import zones
from portal.books.queries.documents import printable
from portal.db import snapshot
from portal.gateways.documents.render import html_of
from portal.routes import ACCOUNT_PATH
from portal.routes.accounts.auth import home_of
from portal.values import languages
from portal.values.kinds import Locale as LocaleKind
from portal.values.mail.dunning import PLACEHOLDERS
from portal.words import Sentence, ngettext, stored
from tests.cast import ADA, NORA, REX, SUE
from tests.gateways.documents.specimens import CREDIT
from tests.routes.conftest import ORIGIN, Site, Visitor
from tests.routes.marked import LANGUAGE, Data, one_language_more
from tests.routes.security.test_crawl import Links, page_at
from tests.routes.story import site_over, told
from tests.services import TestServices

EACH = 2
"""Pages of one route that are read: of other months, sorts and filters."""
LEFT_OUT = ("/static/", "/admin/", "/api/", "/logout")
EXAMPLE = "CLOUD-2026-000001"
"""What an invoice of the platform may be called."""
NAMES = (
    "select unnest(array[name, email, split_part(email, '@', 1)]) from portal_user",
    (
        "select unnest(array[name, slug, currency, timezone, invoice_prefix, email] || address || bank)"
        " from cloud"
    ),
    "select unnest(array[name, email, tax_number] || address || bank) from platform",
    "select unnest(array[code, name, unit]) from service",
    "select unnest(array[key, base_unit]) from meter",
    "select unnest(array[code, name]) from tariff",
    "select unnest(array[code, name, email]) from referral",
    "select unnest(array[name, email] || address) from subscriber",
    "select unnest(array[external_id, name]) from camera",
    "select number from invoice",
    "select unnest(array[public_id, name]) from api_key",
    "select title from watcher_organization union select title from watcher_preset",
)
"""What is shown as it is: names, codes, numbers and addresses."""
FAILED = Sentence("Watcher refuses the credentials (%(status)s)%(said)s") % {
    "status": 401,
    "said": "",
}
WARNED = ngettext(
    "%(count)s camera has no readable name and is left out",
    "%(count)s cameras have no readable name and are left out",
    2,
) % {"count": 2}
UNWRITTEN = Sentence("tariff %(code)s: %(why)s") % {"code": "home-7", "why": FAILED}
WATCHED = (
    (
        "insert into connection (id, cloud, api, url, secret, provision, provision_message,"
        " provision_failed_at, created_at) values (800, 1, 'v3', 'https://watcher.example.net', '',"
        " true, $1, '2026-11-05T10:00Z', '2026-10-01T05:00Z') returning id"
    ),
    (
        "insert into reading (cloud, connection, started_at, finished_at, state, cameras, pages,"
        " unnamed, message, warnings) values (1, 800, '2026-11-04T11:00Z', '2026-11-04T11:02:05Z',"
        " 'complete', 41, 3, 2, '', array[$1]), (1, 800, '2026-11-05T11:00Z', '2026-11-05T11:01Z',"
        " 'failed', 0, 0, 0, $1, '{}') returning id"
    ),
    (
        "insert into watcher_organization (cloud, watcher, organization, title, subscriber)"
        " values (1, 800, 9, 'Canary-Dock', null), (1, 800, 10, 'Canary-Pier', 1) returning id"
    ),
    (
        "insert into watcher_preset (cloud, watcher, preset, title, motion_depth_days, faces)"
        " values (1, 800, 5, 'Canary-Week', 7, true) returning id"
    ),
    (
        "insert into camera_interval (cloud, connection, camera, since, organization, preset)"
        " select 1, 800, id, '2026-11-02T05:00Z', 9, 5 from camera"
        " where cloud = 1 and external_id = 'canary-north-cellar' returning id"
    ),
)
# Documents are in the language that they were issued in, and nobody changes one: but for this.
ISSUED_ANEW = (
    "alter table invoice disable trigger user",
    "alter table invoice_line disable trigger user",
    "update invoice set locale = '{language}'",
    "update invoice_line set original_period = '2026-08-01' where position = 1",
)


async def _speak(site: Site) -> None:
    """Everybody speaks the marked language; North's Watcher is read, with all that can fail."""
    await site.rows("update portal_user set language = $1 returning id", LANGUAGE)
    await site.rows("update cloud set locale = $1 returning id", LANGUAGE)
    for query, said in zip(WATCHED, (UNWRITTEN, WARNED, "", "", ""), strict=True):
        await site.rows(query, *([stored(said)] if said else []))
    for statement in ISSUED_ANEW:
        await site.rows(statement.format(language=LANGUAGE))


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("marked")
    name = f"{template}_{worker_id}_marked"
    with one_language_more(directory / "locale"):
        async with (
            told(services, template, name) as database,
            site_over(database, services, directory) as there,
        ):
            await _speak(there)
            yield there


async def _walk(site: Site, visitor: Visitor, homes: Iterable[str]) -> dict[str, str]:
    """The pages from somebody's home on, a few of each route."""
    page_of, taken = page_at(site), defaultdict[str, int](int)
    pages: dict[str, str] = {}
    waiting, met = deque(homes), set(homes)
    while waiting:
        address = waiting.popleft()
        route = page_of(address)
        if taken[route] >= EACH:
            continue
        taken[route] += 1
        answer = await visitor.get(address)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        pages[address] = answer.text
        for link in Links(answer.text).found:
            there = urljoin(f"{ORIGIN}{address}", link).partition("#")[0]
            found = there.removeprefix(ORIGIN)
            is_new = there.startswith(f"{ORIGIN}/") and found not in met
            if is_new and not found.startswith(LEFT_OUT):
                met.add(found)
                waiting.append(found)
    return pages


async def _data(site: Site, more: Iterable[str] = ()) -> Data:
    names = [row[0] for query in NAMES for row in await site.rows(query) if row[0]]
    spoken = Locale.parse(LANGUAGE)
    lists = [
        *(f"RF{number:02}" for number in range(1, 20)),  # tax regimes, as Italy's office calls them
        *(f"{{{name}}}" for name in PLACEHOLDERS),
        *zones(),
        *(zone.replace("_", " ") for zone in zones()),
        *(f"{code} – {name}" for code, name in spoken.currencies.items()),
        *(f"{code} – {code}" for code in CURRENCIES),
        *spoken.territories.values(),
        *spoken.languages.values(),
        *(label for _, label in languages.regions()),
        *(
            f"{Locale.parse(code).get_display_name(LANGUAGE)} ({code})"
            for code in (*(name for name, _ in languages.regions()), *languages.known())
        ),
    ]
    return Data(
        [
            *names,
            *lists,
            "watcher.example.net",
            "Python",
            "Redis",
            "(1 or 0)",
            "#1f6feb",
            EXAMPLE,
            *more,
        ]
    )


def _told(unmarked: dict[str, str]) -> str:
    return "\n" + "\n".join(f"{path}: {text!r}" for text, path in sorted(unmarked.items()))


@pytest.mark.parametrize("who", [ADA, NORA, SUE, REX], ids=lambda who: who.name.partition("@")[0])
async def test_whatever_a_portal_says_is_translated(site: Site, who: Actor) -> None:
    data = await _data(site)
    pages = await _walk(site, await site.as_(who), (home_of(who), ACCOUNT_PATH))
    unmarked = {
        text: path for path, page in reversed(pages.items()) for text in data.unmarked(page)
    }
    assert not unmarked, _told(unmarked)
    assert len(pages) > 10
    if who is NORA:
        shown = "".join(pages.values())
        assert "⟦⟦home-7⟧" not in shown
        assert "⟦tariff home-7: ⟦Watcher refuses the credentials (401)⟧⟧" in shown
        assert "⟦2 cameras have no readable name and are left out⟧" in shown


async def test_a_language_is_added_by_one_catalogue(site: Site) -> None:
    """Nothing but its file: a person chooses it, a cloud's locale speaks it, a browser asks for it."""
    assert LANGUAGE in languages.known()
    assert languages.of_locale(str(LocaleKind().read(LANGUAGE, "locale"))) == LANGUAGE
    assert languages.accepted(f"{LANGUAGE},en;q=0.5") == LANGUAGE
    sue = await site.as_(SUE)
    page = await sue.get("/account")
    assert f'<option value="{LANGUAGE}"' in page.text
    for language, says in (("it", "Lingua salvata."), (LANGUAGE, "⟦Your language is saved.⟧")):
        assert (await sue.post("/account/language", {"language": language})).status_code == 303
        page = await sue.get("/account")
        assert says in page.text
        assert f'lang="{language}"' in page.text


async def test_whatever_is_said_before_sign_in_is_translated(site: Site) -> None:
    visitor, data = await site.visitor(), await _data(site)
    asked = {"Accept-Language": LANGUAGE}
    unmarked: dict[str, str] = {}
    for path in ("/login", "/nowhere", "/static/none.js", "/choose-password/none"):
        answer = await visitor.get(path, headers=asked)
        assert "⟦" in answer.text, path
        unmarked |= dict.fromkeys(data.unmarked(answer.text), path)
    foreign = {**asked, "Origin": "https://elsewhere.example"}
    unmarked |= dict.fromkeys(
        data.unmarked((await visitor.post("/login", headers=foreign)).text), "another site"
    )
    strange = {**asked, "Host": "elsewhere.example"}
    unmarked |= dict.fromkeys(
        data.unmarked((await visitor.get("/login", headers=strange)).text), "another name"
    )
    unmarked |= dict.fromkeys(
        data.unmarked(
            (await visitor.post("/login", {"password": "x" * 20_000}, headers=asked)).text
        ),
        "too much",
    )
    assert not unmarked, _told(unmarked)


async def test_whatever_a_document_says_is_translated(site: Site) -> None:
    """Retail and wholesale, with a line of another month, and a credit note."""
    unmarked: dict[str, str] = {}
    async with site.database.as_worker():
        for row in await site.rows("select id, side, number from invoice order by id"):
            async with snapshot(SYSTEM) as tx:
                value = (await printable(tx, row["id"])).value
            found = (await _data(site)).unmarked(html_of(value))
            unmarked |= dict.fromkeys(found, f"{row['side']} {row['number']}")
    credit = replace(CREDIT, locale=LANGUAGE, lines=(), note=None, payment_terms="")
    parties = [part for one in (credit.seller, credit.buyer) for part in (one.name, *one.address)]
    own = [*parties, *credit.seller.bank, credit.number, credit.seller.tax_number or ""]
    own += [str(credit.seller.email), str(credit.buyer.email), str(credit.buyer.tax_number), "IT"]
    for text in (await _data(site, own)).unmarked(html_of(credit)):
        unmarked[text] = "credit note"
    assert not unmarked, _told(unmarked)
