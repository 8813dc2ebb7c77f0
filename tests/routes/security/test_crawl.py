"""Every address that one side's pages lead to is tried by all the others: nothing of it shows.

Each person walks their portal link by link from its home. What belongs to somebody has a name or
an amount of its own in the story; a page may hold only those that its reader may know.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

import httpx
import pytest
from litestar.routes import HTTPRoute
from lxml.etree import HTMLParser

from portal.access import Actor
from portal.routes import ACCOUNT_PATH, INTERFACES, interface_of, reading
from portal.routes.accounts.auth import home_of
from portal.values.amounts import money
from tests.cast import (
    ADA,
    ANN,
    BOB,
    CARL,
    EVERYONE,
    LIZ,
    MAX,
    NORA,
    PAUL,
    REX,
    SAM,
    SUE,
    TIM,
)
from tests.routes.conftest import ORIGIN, Site, Visitor
from tests.routes.story import two_closed_months
from tests.services import TestServices
from tests.transactions import Transactions, watched

PLATFORM = {ADA, PAUL}
BOOKS = {*PLATFORM, MAX, NORA, CARL}
"""Who sees all that North does."""
# Who may read a name, wherever it stands. South's are nobody's of North, Max included.
READERS: Mapping[str, set[Actor]] = {
    "canary-north-sue": {*BOOKS, ANN, SUE, REX},
    "canary-north-gate": {*BOOKS, ANN, SUE},
    "canary-north/yard": {*BOOKS, ANN, SUE},
    "canary-north-mover": {*BOOKS, ANN, SUE, BOB},
    "canary-north-bob": {*BOOKS, BOB},
    "canary-north-shop": {*BOOKS, BOB},
    "canary-north-deep": BOOKS,
    "canary-north-cellar": BOOKS,
    "canary-north-rex": {*BOOKS, REX},
    "canary-north-tess": {*BOOKS, REX},  # an agent of Rex
    "canary-north-home": {*BOOKS, ANN, SUE, BOB, REX},
    "canary-north": {*BOOKS, ANN, SUE, BOB, REX},
    "canary-south-tim": {*PLATFORM, SAM, TIM, LIZ},
    "canary-south-dock": {*PLATFORM, SAM, TIM},
    "canary-south-liz": {*PLATFORM, SAM, LIZ},
    "canary-south-home": {*PLATFORM, SAM, TIM, LIZ},
    "canary-south": {*PLATFORM, SAM, TIM, LIZ},
}
# A document's number is for those who see the document, and for the referrals who earned on it.
NUMBERS: Mapping[tuple[str, str, int | None], set[Actor]] = {
    ("north", "retail", 1): {*BOOKS, ANN, SUE, REX},
    ("north", "retail", 2): {*BOOKS, BOB},
    ("north", "retail", 3): {*BOOKS, REX},
    ("north", "wholesale", None): BOOKS,
    ("south", "retail", 1): {*PLATFORM, SAM, TIM, LIZ},
    ("south", "wholesale", None): {*PLATFORM, SAM},
}
# Its total is not for referrals.
TOTALS: Mapping[tuple[str, str, int | None], set[Actor]] = {
    key: readers - {REX, LIZ} for key, readers in NUMBERS.items()
}
LEFT_OUT = ("/static/", "/admin/", "/api/", "/logout")
VARIANTS = {ADA: 2, NORA: 2, SUE: 2, REX: 2}
"""Of one path with the same words in its query, so many are walked: other months, other sorts. Who
comes to the same portal as one of these walks one of each."""
PAGES = 90
"""That somebody looks at; pages that they have not seen come before other words of the same."""


class Links:
    """Where a page leads without sending anything: links, what htmx fetches, forms that only ask.

    A form asks as it stands, and once with each choice of its lists.
    """

    def __init__(self, html: str) -> None:
        self.found: list[str] = []
        self._action: str | None = None
        self._fields: dict[str, str] = {}
        self._choices: list[tuple[str, str]] = []
        self._select = ""
        reads = HTMLParser(target=self)
        reads.feed(html)
        reads.close()

    def start(self, tag: str, of: Mapping[str, str]) -> None:
        if tag == "a" and "href" in of:
            self.found.append(of["href"])
        if tag != "form" and "hx-get" in of:
            self.found.append(of["hx-get"])
        if tag == "form" and of.get("method", "get").lower() == "get":
            self._action, self._fields, self._choices = of["action"], {}, []
        if self._action is None:
            return
        if tag == "input" and "name" in of:
            self._fields[of["name"]] = of.get("value", "")
        if tag == "select":
            self._select = of["name"]
        if tag == "option":
            self._choices.append((self._select, of.get("value", "")))
            if "selected" in of:
                self._fields[self._select] = of.get("value", "")

    def close(self) -> None:
        """The page has ended."""

    def end(self, tag: str) -> None:
        if tag != "form" or self._action is None:
            return
        for change in [{}, *({name: value} for name, value in self._choices)]:
            words = {name: value for name, value in {**self._fields, **change}.items() if value}
            self.found.append(f"{self._action}?{urlencode(words)}" if words else self._action)
        self._action = None


@dataclass
class Walk:
    """What somebody's pages led to: each address with its answer, and who read for it how often.

    A read is a transaction that only reads, "doorkeeper" the one that finds the session.
    """

    variants: int
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    reads: dict[str, list[str]] = field(default_factory=dict)
    _taken: dict[tuple[str, ...], int] = field(default_factory=lambda: defaultdict(int))

    def wants(self, address: str) -> bool:
        parts = urlsplit(address)
        kind = (parts.path, *sorted(name for name, _ in parse_qsl(parts.query)))
        if address in self.answers or self._taken[kind] >= self.variants:
            return False
        self._taken[kind] += 1
        return True


async def walk(
    visitor: Visitor, who: Actor, transactions: Transactions, page_of: Callable[[str], str]
) -> Walk:
    """Follow every link from a person's home and account, to each page before any of it twice."""
    walked = Walk(VARIANTS.get(who, 1))
    waiting, again = deque([home_of(who), ACCOUNT_PATH]), deque[str]()
    seen: set[str] = set()
    while (waiting or again) and len(walked.answers) < PAGES:
        queue = waiting or again
        address = queue.popleft()
        if queue is waiting and page_of(address) in seen:
            again.append(address)
            continue
        if not walked.wants(address):
            continue
        seen.add(page_of(address))
        transactions.taken()
        answer = await visitor.get(address)
        walked.answers[address] = answer
        walked.reads[address] = [role for role, reads in transactions.taken() if reads]
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for link in Links(answer.text).found:
            there = urljoin(f"{ORIGIN}{address}", link).partition("#")[0]
            if there.startswith(f"{ORIGIN}/"):
                path = there.removeprefix(ORIGIN)
                if not path.startswith(LEFT_OUT):
                    waiting.append(path)
    return walked


@dataclass
class Town:
    """Everybody's visitor and walk, and who may read what."""

    site: Site
    visitors: dict[str, Visitor]
    walks: dict[str, Walk]
    readers: dict[str, set[Actor]]
    page_of: Callable[[str], str]

    def secrets(self, who: Actor, text: str) -> set[str]:
        """What a text holds that `who` may not read."""
        folded = text.casefold()
        return {
            token
            for token, readers in self.readers.items()
            if who not in readers and token.casefold() in folded
        }


@pytest.fixture(scope="module")
async def town(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    directory: Path = tmp_path_factory.mktemp("crawl")
    name = f"{template}_{worker_id}_crawl"
    async with two_closed_months(services, template, name, directory) as site:
        visitors = {who.name: await site.as_(who) for who in EVERYONE}
        page_of = page_at(site)
        async with watched() as transactions:
            walks = {
                who.name: await walk(visitors[who.name], who, transactions, page_of)
                for who in EVERYONE
            }
        readers = {**READERS, **await _documents(site)}
        yield Town(site, visitors, walks, readers, page_of)


async def _documents(site: Site) -> dict[str, set[Actor]]:
    """The numbers of all documents and the amounts with tax on them, with their readers."""
    found: dict[str, set[Actor]] = defaultdict(set)
    for row in await site.rows(
        "select c.slug, c.locale, i.side, s.number as subscriber, i.number, i.currency, i.total"
        " from invoice i join cloud c on c.id = i.cloud left join subscriber s on s.id = i.subscriber"
    ):
        key = (row["slug"], row["side"], row["subscriber"])
        found[row["number"]] |= NUMBERS[key]
        # The same amount on two documents is known to the readers of both.
        found[money(row["total"], row["currency"], row["locale"])] |= TOTALS[key]
    return found


def _name(who: Actor) -> str:
    return who.name.partition("@")[0]


@pytest.mark.parametrize("who", EVERYONE, ids=_name)
async def test_every_link_of_a_portal_leads_somewhere(town: Town, who: Actor) -> None:
    answers = town.walks[who.name].answers
    broken = {
        path: answer.status_code
        for path, answer in answers.items()
        if answer.status_code != 200 and path != "/"  # the way home, on pages without a menu
    }
    assert broken == {}
    menu = {entry.path for entry in interface_of(who.role).menu_of(who)}
    if who is LIZ:  # her operator pays for one level: she has no agents
        menu.remove("/referral/agents")
    assert {path for path in menu if not path.startswith(LEFT_OUT)} <= set(answers)
    assert len(answers) > 5


@pytest.mark.parametrize("who", EVERYONE, ids=_name)
async def test_a_portal_shows_nothing_that_its_reader_may_not_know(town: Town, who: Actor) -> None:
    for path, answer in town.walks[who.name].answers.items():
        assert town.secrets(who, answer.text) == set(), path


@pytest.mark.parametrize("who", EVERYONE, ids=_name)
async def test_a_page_is_one_picture(town: Town, who: Actor) -> None:
    """Whatever a page shows is read in one transaction, beside the one that finds the session.

    A document's file may be waited for, so at its address the cloud is one read, each look at it
    another; of the system each part is asked by itself, its last proof of the books among them.
    """
    for path, readers in town.walks[who.name].reads.items():
        assert readers.count("doorkeeper") == 1, path
        parts = 3 if path.endswith("/settings/system") else 1
        most = 2 if path.endswith((".pdf", ".csv")) else parts
        assert len(readers) - 1 <= most, path


def test_every_page_of_the_portals_takes_its_picture_at_the_door(town: Town) -> None:
    """Also those that no walk of this story leads to, such as a Watcher's."""
    doors = {
        route.path: handler.fn.__code__.co_filename
        for route in town.site.app.routes
        if isinstance(route, HTTPRoute)
        and route.path.startswith(tuple(one.prefix for one in INTERFACES))
        for handler in route.route_handlers
        if "GET" in handler.http_methods
    }
    assert len(doors) > 50
    own = {path for path, door in doors.items() if door != reading.__file__}
    portals = ("/system", "/cloud", "/my", "/system/clouds/{cloud:str}")
    waited_for = {f"{one}/invoices/{{number:str}}" for one in portals}
    # A sample is printed as one waits for it; the page on the system asks Redis, too.
    samples = {f"{one}/settings/sample.pdf" for one in portals if one != "/my"}
    files = {f"{one}/hand-overs/{{hand_over:int}}/file" for one in portals if "cloud" in one}
    # The columns of a CSV are read from its first rows, which are decrypted meanwhile.
    read = {f"{one}/payments/bank/files/{{upload:int}}/columns" for one in portals if one != "/my"}
    # Whoever comes back from the gateway waits for what it saved; a card that is gone leads back.
    cards = {"/my/cards", "/my/cards/{card:int}/remove"}
    assert own == waited_for | samples | files | read | cards | {"/system/settings/system"}


def test_the_walks_have_seen_what_they_should(town: Town) -> None:
    """Otherwise nothing is proved by what was not found."""
    for who, token in (
        (SUE, "canary-north-mover"),
        (SUE, "north-2026-000004"),
        (REX, "canary-north-sue"),
        (REX, "north-2026-000006"),
        (NORA, "canary-north-cellar"),
        (NORA, "canary-north-tess"),
        (ANN, "canary-north-sue"),
        (SAM, "canary-south-dock"),
        (ADA, "canary-north"),
        (ADA, "canary-south"),
        (MAX, "canary-north"),
    ):
        pages = (answer.text.casefold() for answer in town.walks[who.name].answers.values())
        assert any(token in page for page in pages), (who.name, token)
    files = [path for path in town.walks[SUE.name].answers if path.endswith(".pdf")]
    assert len(files) == 2


def page_at(site: Site) -> Callable[[str], str]:
    """Which page of the application stands at an address: its path as the page has declared it."""
    pages = {
        route.path: re.compile(re.sub(r"\{[^}]*\}", "[^/]+", route.path.rstrip("/") or "/"))
        for route in site.app.routes
        if isinstance(route, HTTPRoute)
    }

    @cache
    def of(address: str) -> str:
        path = urlsplit(address).path.rstrip("/") or "/"
        return next((page for page, form in pages.items() if form.fullmatch(path)), path)

    return of


@pytest.mark.parametrize("who", EVERYONE, ids=_name)
async def test_what_one_has_seen_is_nothing_to_the_others(town: Town, who: Actor) -> None:
    own, visitor = town.walks[who.name].answers, town.visitors[who.name]
    tried: set[tuple[str, ...]] = set()
    first_of_role = next(one for one in EVERYONE if one.role == who.role)
    others = {path for other in town.walks.values() for path in other.answers}
    for address in sorted(others - set(own) - {"/"}):  # the way home leads everybody to their own
        path = urlsplit(address).path
        inside = path.startswith((f"{home_of(who)}/", ACCOUNT_PATH)) or path == home_of(who)
        named = town.secrets(who, unquote(address))
        query = parse_qsl(urlsplit(address).query)
        asked = sorted(f"{name}={value if value.isdigit() else ''}" for name, value in query)
        # The guard of a portal asks for nothing but the page, whatever it is of; inside, it is
        # enough to sort and filter once by what is neither somebody's name nor number.
        kind = (path, *asked) if inside else (town.page_of(address),)
        if not inside and who is not first_of_role:
            continue  # the guard asks for the role, and somebody of this one has tried
        if kind in tried and not (inside and named):
            continue
        tried.add(kind)
        answer = await visitor.get(address)
        if not inside:
            assert answer.status_code == 403, address
        elif named:
            # A filter may be set to anything: it finds nothing. A page of something is not there.
            assert answer.status_code in {403, 404} or "?" in address, address
        else:
            assert answer.status_code in {200, 403, 404}, address
        assert town.secrets(who, answer.text) <= named, address


async def test_who_is_not_signed_in_is_led_to_sign_in(town: Town) -> None:
    visitor = await town.site.visitor()
    every = {address for walked in town.walks.values() for address in walked.answers}
    for path in {town.page_of(address): urlsplit(address).path for address in every}.values():
        answer = await visitor.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login" if path == "/" else "/login?next=")
        assert len(answer.content) < 10, path
