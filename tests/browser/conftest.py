"""A real Chromium before a real server, with the story of two closed months behind it."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    async_playwright,
)

from portal.access import Actor
from portal.app import create_app
from portal.settings import load
from tests.browser.lobby import with_a_lobby
from tests.conftest import Database
from tests.patience import until
from tests.routes.conftest import PASSWORD, Clock
from tests.routes.story import told
from tests.services import TestServices

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Scripts of a page live for a second: to compile them well takes longer than they run.
    "--js-flags=--no-opt",
    # A toolbar that is itself a page costs each window a process, and nobody sees it. What follows is
    # what Playwright leaves out, whose list this one replaces.
    (
        "--disable-features=InitialWebUI,WebUIReloadButton,WebUIToolbar,WebUILocationBar,"
        "PreloadTopChromeWebUI,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,"
        "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,OptimizationHints,"
        "PaintHolding,ThirdPartyStoragePartitioning"
    ),
)
AXE = Path(__file__).parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"
# A colour on its way from one to another is neither; each picture of the way is drawn by the processor.
SETTLED = """() => document.getAnimations()
  .filter(one => one.effect.getComputedTiming().endTime !== Infinity)
  .forEach(one => one.finish())"""
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
SECONDS = 120_000
FRAME = ("header", "aside")
"""What is around the content, the same on all pages of a side."""
COLOURS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")
"""What axe finds in one scheme or width and not in the other."""
PRESSES = 90
CALLED = """(one => [one.innerText?.trim(), one.getAttribute('aria-label'), one.name, one.value])(
    document.activeElement)"""
OVERTAKEN = re.compile(r"htmx:(afterRequest|sendError|sendAbort)\b")
"""A form that recalculates was sent, and its page left, before the figures came."""
REPORTED = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})\b")


@dataclass
class Window:
    """One tab, with what the browser complained about in it: errors, and refusals of the policy."""

    page: Page
    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list)
    _expected: set[str] = field(default_factory=set)

    def expect(self, *statuses: int) -> None:
        """The story leads to answers with these statuses, which the browser reports.

        It does so in its own time, before the page is there or after the story went on.
        """
        self._expected |= {str(status) for status in statuses}

    @property
    def surprises(self) -> list[str]:
        """Complaints about anything but the statuses that are expected."""
        return [one for one in self.complaints if not self._is_expected(one)]

    def _is_expected(self, complaint: str) -> bool:
        if OVERTAKEN.match(complaint):
            return True
        found = REPORTED.match(complaint)
        return found is not None and found[1] in self._expected

    def hears(self, message: ConsoleMessage) -> None:
        """Note what the browser says in its console.

        For the picture that was left there before (`_leave`) it asks for an icon, when it likes.
        """
        is_of_page = not message.location.get("url", "").endswith("/favicon.ico")
        if message.type in {"error", "warning"} and is_of_page:
            self.complaints.append(message.text)

    def fails(self, error: Error) -> None:
        """Note what broke in a script."""
        self.complaints.append(str(error))

    async def go(self, path: str) -> int:
        """Open a page; its status."""
        answer = await self.page.goto(f"{self.url}{path}")
        assert answer is not None
        return answer.status

    async def sign_in(self, who: Actor) -> None:
        """Be at home: through the form once, and with what it left behind from then on."""
        left = _left_behind.get((self.url, who.name))
        if left is not None:
            await self.context.add_cookies(left)
            await self.go("/")
        if left is None or self.path == "/login":
            await self.enter(who)
            _left_behind[self.url, who.name] = await self.context.cookies(self.url)

    async def enter(self, who: Actor, password: str = PASSWORD) -> None:
        """As a person does: the form, and the button."""
        await self.go("/login")
        await self.page.fill("[name=email]", who.name)
        await self.page.fill("[name=password]", password)
        await self.page.click("button[type=submit]")
        await self.page.wait_for_load_state()

    @property
    def path(self) -> str:
        """Where it is."""
        return self.page.url.removeprefix(self.url)

    async def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        found: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return found

    async def violations(self, besides: Sequence[str] = (), only: Sequence[str] = ()) -> list[str]:
        """What axe finds on the page: each rule with the elements that break it.

        It does not look into `besides`, such as the "header" that was looked at on another page, nor
        into lists of choices: 700 time zones are one. `only` are the rules; empty: all of them.
        """
        if not AXE.exists():
            pytest.skip("axe-core is not there: make install fetches it")
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text())
        await self.page.evaluate(SETTLED)
        options = {"resultTypes": ["violations"], "preload": False}
        found: Any = await self.page.evaluate(
            "([besides, options]) => axe.run({include: [['html']], exclude: besides.map(one => [one])},"
            " options).then(found => found.violations.map("
            "one => [one.id, ...one.nodes.map(node => node.target.join(' '))].join(' | ')))",
            [[*besides, "option"], {**options, **({"runOnly": list(only)} if only else {})}],
        )
        return list(found)


_idle: dict[bool, list[BrowserContext]] = {}
"""Profiles that nobody is in, by whether scripts run: each costs two seconds of a processor."""
_left_behind: dict[tuple[str, str], list[Any]] = {}
"""The cookies of who has signed in, by the server's address and theirs."""


async def reach(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so: its text, its label or its box's name."""
    for _press in range(PRESSES):
        if name in await page.evaluate(CALLED):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {name}")


class Server(uvicorn.Server):
    """One that leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser of this machine; without one these tests are skipped."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip(f"There is no Chromium on the PATH (looked for {', '.join(NAMES)})")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        _idle.clear()
        await browser.close()


@pytest.fixture(scope="module")
async def url(
    chromium: Browser,
    services: TestServices,
    template: str,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[str]:
    """The address of a server of this file's own: each test makes things of its own in it."""
    async with (
        told(services, template, f"{template}_{worker_id}_browser", with_a_lobby) as database,
        served(database, services, tmp_path_factory.mktemp("browser")) as address,
    ):
        yield address


@asynccontextmanager
async def served(
    database: Database, services: TestServices, data_dir: Path, **environment: str
) -> AsyncIterator[str]:
    """uvicorn on a free port, as an installation on this machine; `environment` is what it adds."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = load(
            {
                "CAMLEDGER_DATA_DIR": str(data_dir),
                "CAMLEDGER_DATABASE_URL": database.owner_url,
                "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
                "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
                "CAMLEDGER_REDIS_URL": services.redis(0),
                "CAMLEDGER_SECRET": "c" * 64,
                "CAMLEDGER_PUBLIC_URL": address,
                **environment,
            }
        )
        app: Any = create_app(settings, clock=Clock())
        config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=2)
        server = Server(config)
        life = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started or life.done(), "the server starts")
        assert not life.done(), "the server did not start"
        try:
            yield address
        finally:
            server.should_exit = True
            await life


@pytest.fixture
async def window(chromium: Browser, url: str) -> AsyncIterator[Window]:
    """A tab of somebody who was never here; whatever it complained about fails the test."""
    async with AsyncExitStack() as stack:
        found = await _open(stack, chromium, url)
        yield found
        assert found.surprises == []


@pytest.fixture
async def plain_window(chromium: Browser, url: str) -> AsyncIterator[Window]:
    """The same without JavaScript."""
    async with AsyncExitStack() as stack:
        yield await _open(stack, chromium, url, java_script_enabled=False)


async def _open(
    stack: AsyncExitStack, chromium: Browser, url: str, *, java_script_enabled: bool = True
) -> Window:
    idle = _idle.setdefault(java_script_enabled, [])
    if not idle:
        context = await chromium.new_context(
            viewport=WIDE, reduced_motion="reduce", java_script_enabled=java_script_enabled
        )  # colours half-way through a transition are nobody's
        context.set_default_timeout(SECONDS)
        await context.new_page()
        idle.append(context)
    context = idle.pop()
    found = Window(context.pages[0], context, url)
    found.page.on("console", found.hears)
    found.page.on("pageerror", found.fails)
    stack.push_async_callback(_leave, found, idle)
    return found


async def _leave(window: Window, idle: list[BrowserContext]) -> None:
    """Make a profile as it was, for the next who is never to know."""
    page, *others = window.context.pages
    for other in others:
        await other.close()
    page.remove_listener("console", window.hears)
    page.remove_listener("pageerror", window.fails)
    await page.unroute_all()
    # Nothing runs in a picture, and it has the storage of its site.
    await page.goto(f"{window.url}/static/favicon.svg")
    await page.evaluate("localStorage.clear(), sessionStorage.clear()")
    await window.context.clear_cookies()
    await page.mouse.move(0, 0)
    await page.set_viewport_size(WIDE)
    await page.emulate_media(media="screen", color_scheme="light")
    idle.append(window.context)
