"""Every page over a large cloud against the same page over a small one, and the floor of all pages.

The floor is a template with nothing in it, through the same application, session and headers.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import asyncpg
import httpx

from portal.bench import page_world, world
from portal.bench.database import Installation, installation, server_version
from portal.bench.page_app import EMPTY_PATH
from portal.bench.page_paths import Looked, filled
from portal.bench.process import NoAnswer, served
from portal.bench.report import Report, machine, significant, whole
from portal.db import close_pool, open_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME: Final = "/cloud"
FACTORY: Final = "portal.bench.page_app:create_app"
CLIENTS: Final = 4
WARM_UP_SECONDS: Final = 0.3
RATIO_MAX: Final = 1.3
"""What a page over a large cloud may take, against one over a small cloud."""
PAGE_ROWS: Final = 50
PAGES_MAX: Final = 200
"""Pages of a list that are reached by their number: more than 10 000 rows are not counted."""
_TOKEN: Final = re.compile(r'name="_csrf_token" value="([^"]+)"')
_PLACES: Final = f"""
select (select number from subscriber where cloud = $1 and number > 1
        and id in (select subscriber from subscription) order by number desc limit 1) as subscriber,
       (select max(external_id) from camera where cloud = $1) as camera,
       (select number from invoice where cloud = $1 and side = 'retail'
        order by id desc limit 1) as invoice,
       (select max(s.number) from subscriber s join referral r on r.id = s.referral
        where s.cloud = $1 and r.code = '{page_world.AGENT}') as referred,
       (select max(i.number) from invoice i join subscriber s on s.id = i.subscriber
        where i.cloud = $1 and i.month = '2026-10-01' and s.account_manager is not null)
         as invoice_of_managed,
       (select max(id) from payment where issuer = $1 and reference like 'PAID-%') as payment,
       (select max(id) from bank_import where issuer = $1) as file,
       (select max(id) from bank_line where issuer = $1) as line,
       (select max(t.number) from statement t join referral r on r.id = t.referral
        where t.cloud = $1 and r.code = '{page_world.AGENT}') as statement,
       (select count(*) from payment where issuer = $1) as payments,
       (select count(*) from subscriber where cloud = $1) as subscribers,
       (select count(*) from camera where cloud = $1) as cameras,
       (select count(*) from invoice where cloud = $1 and side = 'retail') as invoices,
       (select count(*) from subscriber s join referral r on r.id = s.referral
        where s.cloud = $1 and r.code = '{page_world.AGENT}') as referreds
"""  # noqa: S608 - a code of ours


@dataclass(frozen=True, slots=True)
class Site:
    """A cloud that is served: where, the cookies of who looks, and what its addresses name."""

    url: str
    cookies: Mapping[str, str]
    places: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Timed:
    """A page with the seconds that it takes in the small cloud and in the large one."""

    page: Looked
    small: float
    large: float

    @property
    def ratio(self) -> float:
        """How much longer the large one takes."""
        return self.large / self.small


def run(
    *, cameras: int, small: int, rounds: int, seconds: float, pages: Sequence[Looked]
) -> Report:
    """Ask for pages of two clouds in turn, then for the home page and an empty one."""
    if not pages:
        raise NoAnswer("No address that is measured has this in it.")
    with ExitStack() as stack:
        sites, version = [], ""
        for name, size in (("small", small), ("large", cameras)):
            found = stack.enter_context(installation(with_redis=True, name=name))
            version = asyncio.run(prepare(found, size))
            sites.append(stack.enter_context(site(found)))
        little, large = sites
        timed = compare(little, large, pages, rounds)
        floor, _ = _pages(large.url, EMPTY_PATH, large.cookies["cloud"], seconds)
        home, size = _pages(large.url, HOME, large.cookies["cloud"], seconds)
    slowest = max(timed, key=lambda one: one.ratio)
    return Report(
        part="page",
        title=f"pages over {whole(cameras)} cameras against {whole(small)}, one process",
        columns=("ms", f"ms of {whole(small)}", "ratio"),
        rows=[
            *(_row(one) for one in timed),
            (f"{HOME}, {CLIENTS} clients", (f"{1000 / home:.1f}", f"{home:.0f}/s", "")),
            ("empty template", (f"{1000 / floor:.1f}", f"{floor:.0f}/s", f"{home / floor:.2f}")),
        ],
        figures={
            "cameras": cameras,
            "small_cameras": small,
            "pages": len(timed),
            "slower_pages": sum(one.ratio > RATIO_MAX for one in timed),
            "highest_ratio": significant(slowest.ratio),
            "highest_ratio_path": slowest.page.path,
            "path": HOME,
            "bytes": size,
            "pages_per_second": significant(home),
            "floor_pages_per_second": significant(floor),
            "ratio": significant(home / floor),
        },
        measured_on=machine(PostgreSQL=version),
    )


def _row(one: Timed) -> tuple[str, tuple[str, str, str]]:
    return one.page.name, (
        f"{1000 * one.large:.1f}",
        f"{1000 * one.small:.1f}",
        f"{one.ratio:.2f}",
    )


async def prepare(found: Installation, cameras: int) -> str:
    """The cloud with closed months, an estimate of the running one, and people who sign in."""
    connection = await asyncpg.connect(found.database_url)
    await open_pool(found.database_url, size=2)
    try:
        cloud = await page_world.build(connection, cameras)
        await page_world.close(connection, cloud)
        return await server_version(connection)
    finally:
        await close_pool()
        await connection.close()


@contextmanager
def site(found: Installation) -> Iterator[Site]:
    """The cloud of an installation that was prepared, served, with everybody signed in."""
    places = asyncio.run(_places(found))
    with served(found, FACTORY, {"CAMLEDGER_TEST_CLOCK": page_world.NOW.isoformat()}) as url:
        cookies = {who: _sign_in(url, email) for who, email in page_world.PEOPLE.items()}
        yield Site(url, cookies, places)


def compare(small: Site, large: Site, pages: Sequence[Looked], rounds: int) -> list[Timed]:
    """The seconds of each page in both clouds: the quickest of some rounds, in turn."""
    with ExitStack() as stack:
        lines = [
            (one, stack.enter_context(httpx.Client(base_url=one.url))) for one in (small, large)
        ]
        found = []
        for looked in pages:
            taken = [
                [_seconds(client, one, looked) for one, client in lines] for _ in range(rounds)
            ]
            found.append(Timed(looked, *(min(each) for each in zip(*taken, strict=True))))
    return found


def _seconds(client: httpx.Client, of: Site, looked: Looked) -> float:
    path = filled(looked.path, of.places)
    started = time.perf_counter()
    answer = client.get(path, headers={"Cookie": of.cookies[looked.who]})
    taken = time.perf_counter() - started
    if answer.status_code != httpx.codes.OK:
        raise NoAnswer(f"{path} was answered with {answer.status_code}.")
    return taken


async def _places(found: Installation) -> dict[str, str | int]:
    """What addresses name in this cloud, and the page in the middle of each list."""
    connection = await asyncpg.connect(found.database_url)
    try:
        cloud = await connection.fetchval("select id from cloud where slug = $1", world.SLUG)
        row = await connection.fetchrow(_PLACES, cloud)
    finally:
        await connection.close()
    assert row is not None, "a select without a table is a row"
    places = dict(row)
    for name, counted in (
        ("subscribers", "subscribers"),
        ("cameras", "cameras"),
        ("invoices", "invoices"),
        ("payments", "payments"),
        ("referred", "referreds"),
    ):
        pages = min(PAGES_MAX, -(-places[counted] // PAGE_ROWS))
        places[f"middle_{name}"] = (pages + 1) // 2
    return places


def _sign_in(url: str, email: str) -> str:
    """The Cookie header of somebody signed in."""
    with httpx.Client(base_url=url) as client:
        token = _TOKEN.search(client.get("/login").text)
        form = {
            "_csrf_token": token[1] if token else "",
            "email": email,
            "password": page_world.WORDS,
        }
        answer = client.post("/login", data=form)
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise NoAnswer(f"Signing in was answered with {answer.status_code}.")
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _pages(url: str, path: str, cookies: str, seconds: float) -> tuple[float, int]:
    """Pages a second, and the bytes of one."""
    _, size = _ask(url, path, cookies, WARM_UP_SECONDS)
    with ThreadPoolExecutor(CLIENTS) as clients:
        started = time.perf_counter()
        asked = [clients.submit(_ask, url, path, cookies, seconds) for _ in range(CLIENTS)]
        pages = sum(one.result()[0] for one in asked)
        taken = time.perf_counter() - started
    return pages / taken, size


def _ask(url: str, path: str, cookies: str, seconds: float) -> tuple[int, int]:
    """Ask for a page again and again on one connection, at least once: how often, and its bytes."""
    connection = HTTPConnection(urlsplit(url).netloc)
    pages, until = 0, time.monotonic() + seconds
    while True:
        connection.request("GET", path, headers={"Cookie": cookies})
        answer = connection.getresponse()
        size = len(answer.read())
        if answer.status != httpx.codes.OK:
            raise NoAnswer(f"{path} was answered with {answer.status}.")
        pages += 1
        if time.monotonic() >= until:
            connection.close()
            return pages, size
