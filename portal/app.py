"""The web application, put together: routers, sessions, forms' tokens, errors, static files.

`camledger serve` runs `create_app` as a factory, with the settings of the environment.
"""

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from gettext import NullTranslations
from typing import Any, Final, cast

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import Headers, State
from litestar.plugins.htmx import HTMXRequest
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, ControllerRouterHandler

from portal import db, doctor, logs, settings
from portal.crypto.devices import Devices
from portal.crypto.marks import Marks
from portal.errors import no_such
from portal.gateways.bank.csv_file import read_csv_head
from portal.gateways.bank.reader import read_bank_file
from portal.gateways.cards import card_gateways
from portal.gateways.documents.pool import DocumentPool
from portal.gateways.queue import NullQueue, open_queue
from portal.gateways.vault import Vault
from portal.gateways.watcher import Limits, connect
from portal.gateways.watcher.address import AddressRules
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.queries import health as database
from portal.kit.queries.clock import TestClock, check_clock_matches, wall_clock
from portal.overview.queries.browse import TableBrowser
from portal.ports import Cards
from portal.routes import (
    ACCOUNT_PATH,
    HELP_PATH,
    INTERFACES,
    STOP_VIEWING_PATH,
    Interface,
    assets,
    cloud,
    health,
    interface_of,
    referral,
    subscriber,
    system,
)
from portal.routes.accounts import account, auth, links, looks, second_factor, setup
from portal.routes.admin import admin_handler
from portal.routes.api import api_router
from portal.routes.failures import answer_page
from portal.routes.guards import looks_only, only
from portal.routes.middleware.csrf import UNGUARDED, FormTokens
from portal.routes.middleware.now import NO_CLOCK, BooksClock
from portal.routes.middleware.security import API, SecurityMiddleware, allowed_hosts
from portal.routes.middleware.sent import FORM_BYTES
from portal.routes.middleware.sessions import (
    NO_SESSION,
    SessionConfig,
    SessionCookie,
    SessionMiddleware,
)
from portal.routes.middleware.unmatched import Unmatched
from portal.routes.page import Chrome, MenuEntry, mark_active
from portal.routes.problems import answer_problem
from portal.routes.reading import has_levels, waiting_of
from portal.routes.shared import help as help_pages
from portal.routes.shared.accounts import view_as
from portal.routes.templating import make_template_config
from portal.settings import Settings, SettingsError
from portal.values import languages
from portal.values.amounts import LOCALE
from portal.values.roles import role_label
from portal.waiting import refuse_in_transaction
from portal.watcher.actions.connections import Integrations
from portal.words import _, speaking

POOL_SIZE: Final = 10
SAMPLE_SECONDS: Final = 30.0
"""In which a sample of a document is printed."""
TEST_LIMITS: Final = Limits(
    attempts_max=2,
    retry_after_seconds_max=5,
    connect_seconds_max=5,
    answer_seconds_max=15,
    body_bytes_max=1_000_000,
)
"""With a Watcher that somebody tests and waits for; workers have more."""
NAME_BYTES_MAX: Final = 255
"""Of a file's name, by every file system in use."""
PARTS_MAX: Final = 16
"""Of the path of a file below `static`."""
COOKIELESS: Final = {NO_SESSION: True, NO_CLOCK: True, UNGUARDED: True}
"""What knows no cookies needs no session and no token of a form."""
PORTALS: Final[Mapping[str, Sequence[ControllerRouterHandler]]] = {
    "system": system.HANDLERS,
    "cloud": cloud.HANDLERS,
    "my": subscriber.HANDLERS,
    "referral": referral.HANDLERS,
}
"""The pages of each portal, by its key in INTERFACES."""


class Application(Litestar):
    """Litestar behind `SecurityMiddleware`, which stands before routing: 404s have its headers."""

    security_middleware: SecurityMiddleware
    unmatched: Unmatched

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answer = partial(self.unmatched, self, super().__call__)
        with speaking(_language_of(scope)):
            await self.security_middleware(answer, scope, receive, send)


def create_app(
    given: Settings | None = None, *, clock: Callable[[], datetime] = wall_clock
) -> Litestar:
    """The application. `clock` tells the time, in UTC, to everything in it.

    Where a test clock stands, it is the books' time; sessions go on by the machine's.
    """
    installation = given or settings.settings()
    if given is None:  # as a process of its own
        logs.configure(as_json=installation.log_json)
    session_config = SessionConfig(
        SessionCookie(installation.secure_cookies), Devices(installation.key_for("devices")), clock
    )
    books_clock = TestClock(installation.test_clock) if installation.test_clock else clock
    session_middleware = SessionMiddleware(session_config)
    form_tokens = FormTokens(session_config, installation.key_for("forms"))
    browser = TableBrowser(installation.admin_database_url)
    tables = cast("ASGIApp", browser)  # Starlette's words for scope and messages, not Litestar's
    app = Application(
        route_handlers=[*_pages(), api_router, _static(), admin_handler(tables)],
        request_class=HTMXRequest,
        guards=[looks_only],
        template_config=make_template_config(),
        exception_handlers={Exception: respond},
        middleware=[
            *([BooksClock(books_clock)] if isinstance(books_clock, TestClock) else []),
            session_middleware,
            form_tokens,
        ],
        request_max_body_size=FORM_BYTES,
        lifespan=[_lifespan(installation, browser)],
        state=State(
            {
                "session_config": session_config,
                "clock": books_clock,
                "machine_clock": clock,
                "queue": NullQueue(),
                "post": NO_POST,
                "chrome": chrome_of,
                "heartbeat": database.Heartbeat(),
                "integrations": _integrations(installation),
                "cards": _cards(installation),
                "public_url": installation.public_url,
                "backups_made": installation.backup_dir is not None,
                "read_bank_file": read_bank_file,
                "read_csv_head": read_csv_head,
                "payer_marks": Marks(installation.key_for("payers")),
                "doctor": partial(_findings, installation),
                "time_zones": doctor.time_zones,
            }
        ),
        openapi_config=None,
        logging_config=None,
    )
    app.unmatched = Unmatched(session_middleware, form_tokens, respond)
    app.security_middleware = SecurityMiddleware(
        allowed_hosts(installation.allowed_hosts, installation.public_url),
        https=installation.secure_cookies,
    )
    return app


def _language_of(scope: Any) -> NullTranslations | None:
    """What a browser asks for, until it is known who sits at it; systems are told in English."""
    if scope["type"] != "http" or scope["path"].startswith(API):
        return None
    asked = Headers.from_scope(scope).get("accept-language", "")
    return languages.catalogue(languages.accepted(asked))


def _integrations(installation: Settings) -> Integrations:
    allow_private = installation.allow_private_addresses
    trusted = installation.trusted_watchers
    return Integrations(
        Vault(installation.vault_keys),
        partial(connect, allow_private=allow_private, trusted=trusted, limits=TEST_LIMITS),
        AddressRules(allow_private=allow_private, trusted=trusted),
    )


def _cards(installation: Settings) -> Cards:
    return card_gateways(
        Vault(installation.vault_keys),
        installation=installation.name,
        public_url=installation.public_url,
        stripe_url=installation.stripe_url,
    )


async def _findings(installation: Settings) -> list[doctor.Finding]:
    """What `camledger doctor` finds, as far as the web process may look."""
    refuse_in_transaction("A look at the machine")

    def look() -> list[doctor.Finding]:
        return [*doctor.of_program(), doctor.disk(installation.data_dir)]

    return [*await to_thread(look), await doctor.mail(installation.mail_server)]


def _lifespan(installation: Settings, browser: TableBrowser) -> Any:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        await db.open_pool(installation.web_database_url, size=POOL_SIZE)
        try:
            if await database.bypasses_policies():
                raise SettingsError(
                    "The web address of the database connects as a role that row-level security"
                    " does not bind. Set CAMLEDGER_WEB_DATABASE_URL."
                )
            await check_clock_matches(installation.test_clock)
            queue = await open_queue(installation.redis_url)
            app.state.queue = queue
            app.state.renderer = DocumentPool(1, timeout=SAMPLE_SECONDS, documents_per_child=1)
            app.state.post = Post(is_set_up=installation.mail_server is not None, queue=queue)
            try:
                await browser.open()
                yield
            finally:
                await browser.close()
                await app.state.renderer.close()
                await queue.close()
        finally:
            await db.close_pool()

    return lifespan


def respond(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    """What went wrong: to people a page, below /api a problem document."""
    if request.scope["raw_path"].startswith(API.encode()):
        return answer_problem(request, exc)
    return answer_page(request, exc)


def portal_router(interface: Interface, *handlers: ControllerRouterHandler) -> Router:
    """The pages of one portal, behind its guard."""
    return Router(
        interface.prefix,
        route_handlers=handlers,
        guards=[only(interface.roles)],
        include_in_schema=False,
    )


def _pages() -> list[ControllerRouterHandler]:
    return [
        Router(
            "/",
            route_handlers=[
                *auth.HANDLERS,
                *links.HANDLERS,
                *looks.HANDLERS,
                *setup.HANDLERS,
                *second_factor.HANDLERS,
                account.ROUTER,
                help_pages.ROUTER,
                view_as.ROUTER,
                *health.HANDLERS,
            ],
            include_in_schema=False,
        ),
        *(portal_router(interface, *PORTALS.get(interface.key, ())) for interface in INTERFACES),
    ]


async def files_have_names(request: Request[Any, Any, Any]) -> None:
    """No file has a name that no file system takes. Raises `NotFound`."""
    parts = request.scope["path"].split("/")
    if len(parts) > PARTS_MAX or any(
        len(part.encode(errors="replace")) > NAME_BYTES_MAX for part in parts
    ):
        raise no_such(_("file"), parts[-1])


def _static() -> Router:
    return create_static_files_router(
        assets.STATIC_URL,
        [assets.STATIC_DIR],
        opt=COOKIELESS,
        before_request=files_have_names,
        name="static",
        include_in_schema=False,
    )


def chrome_of(request: Request[Any, Any, Any]) -> Chrome:
    """What stands around the page of whoever is signed in; nothing around the others'."""
    found = request.scope.get("auth")
    if found is None:
        return Chrome(locale=languages.spoken_in(LOCALE, languages.spoken()))
    person = found.person
    interface = interface_of(person.actor.role)
    entries = (
        MenuEntry(
            entry.label,
            entry.path,
            entry.icon,
            entry.group,
            waiting_of(request) if entry.counts else None,
            also=entry.also,
        )
        for entry in interface.menu_of(person.actor)
        if not entry.levels or has_levels(request)
    )
    viewing = found.viewing
    return Chrome(
        viewing_as=view_as.viewing_as(viewing, request.app.state.machine_clock())
        if viewing
        else "",
        end_view=STOP_VIEWING_PATH,
        portal=interface.title,
        tenant=person.tenant,
        home=interface.prefix,
        menu=mark_active(entries, request.url.path),
        person=person.name,
        email=person.email,
        role=role_label(person.actor.role),
        search=interface.search,
        profile=ACCOUNT_PATH,
        help=HELP_PATH,
        locale=person.locale,
        zone=person.zone,
        shortcuts=person.shortcuts,
        tabs=interface.tabs,
    )
