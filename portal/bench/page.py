"""A home page over real data, signed in, against an empty template through the same application."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import httpx

from portal.access import SYSTEM
from portal.accounts.actions import invitations
from portal.bench import world
from portal.bench.close_worker import clock
from portal.bench.database import Installation, installation, server_version
from portal.bench.page_app import EMPTY_PATH
from portal.bench.process import NoAnswer, served
from portal.bench.report import Report, machine, significant, whole
from portal.billing.period import Period
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.books.actions.periods import start_close
from portal.db import close_pool, open_pool
from portal.gateways.queue import NullQueue
from portal.kit.queries import tenancy

HOME: Final = "/cloud"
FACTORY: Final = "portal.bench.page_app:create_app"
EMAIL: Final = "admin@bench.test"
WORDS: Final = secrets.token_hex(16)
"""The password of a person who exists for a minute."""
CLIENTS: Final = 4
WARM_UP_SECONDS: Final = 0.3
_TOKEN: Final = re.compile(r'name="_csrf_token" value="([^"]+)"')


def run(*, cameras: int, seconds: float) -> Report:
    """Ask for each of the two pages for that many seconds, with some clients at once."""
    with installation(with_redis=True) as found:
        version = asyncio.run(_prepare(found, cameras))
        with served(found, FACTORY) as url:
            cookies = _sign_in(url)
            floor, _ = _pages(url, EMPTY_PATH, cookies, seconds)
            home, size = _pages(url, HOME, cookies, seconds)
    return Report(
        part="page",
        title=f"a home page over {whole(cameras)} cameras, {CLIENTS} clients, one process",
        columns=("ms each", "pages/s"),
        rows=[
            (f"{HOME} ({whole(size / 1000)} kB)", (f"{1000 / home:.1f}", f"{home:.0f}")),
            ("empty template", (f"{1000 / floor:.1f}", f"{floor:.0f}")),
            ("ratio", ("", f"{home / floor:.2f}")),
        ],
        figures={
            "cameras": cameras,
            "path": HOME,
            "bytes": size,
            "pages_per_second": significant(home),
            "floor_pages_per_second": significant(floor),
            "ratio": significant(home / floor),
        },
        measured_on=machine(PostgreSQL=version),
    )


async def _prepare(found: Installation, cameras: int) -> str:
    """A cloud with a closed month, an estimate of the running one and somebody who signs in."""
    connection = await asyncpg.connect(found.database_url)
    try:
        cloud = await world.build(connection, cameras)
        await connection.execute("vacuum analyze")
        version = await server_version(connection)
    finally:
        await connection.close()
    await open_pool(found.database_url, size=2)
    try:
        facts = await tenancy.get_by_id(SYSTEM, cloud)
        period = Period.month(world.MONTH)
        begun = await start_close(
            SYSTEM, facts, period, accept_gaps=False, now=world.NOW, queue=NullQueue()
        )
        await work_on_close(begun.id, clock=clock, queue=NullQueue())
        await estimate_cloud(cloud, now=world.NOW)
        await invitations.create(
            SYSTEM, email=EMAIL, role="administrator", cloud=facts, password=WORDS
        )
    finally:
        await close_pool()
    return version


def _sign_in(url: str) -> str:
    """The Cookie header of somebody signed in."""
    with httpx.Client(base_url=url) as client:
        token = _TOKEN.search(client.get("/login").text)
        form = {"_csrf_token": token[1] if token else "", "email": EMAIL, "password": WORDS}
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
