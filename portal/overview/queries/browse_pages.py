"""What the table browser shows: piccolo-admin, put together from our tables.

It brings a web framework of its own, so it is imported when somebody first looks (`browse.py`).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from piccolo.table import Table, create_table_class
from piccolo_admin.endpoints import AdminRouter, TableConfig, create_admin
from piccolo_admin.translations.data import ENGLISH
from piccolo_admin.translations.models import Translation
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from portal import tables
from portal.db import ENGINE

SITE_NAME: Final = "Camledger tables"
# Its page, with our styles: the policy of every page forbids those that its script would write.
HEAD: Final = (
    f"<title>{SITE_NAME}</title>"
    '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
    '<link rel="stylesheet" href="/static/admin.css">'
)
READING: Final = Translation(
    language_name="English",
    language_code="en",
    translations={**ENGLISH.translations, "Edit": "Row of", "Log Out": "Sign out"},
)
PAGE_SIZE: Final = 30

# Usage has a key of four columns and millions of rows: its pages show it better. A stored PDF is
# bytes only, words are for finding.
LEFT_OUT: Final = frozenset(
    {tables.Usage, tables.InvoiceFile, tables.CameraWord, tables.SubscriberWord}
)
GROUPS: Final = {
    "People": (tables.PortalUser, tables.UserSession, tables.SignInAttempt, tables.ApiKey),
    "Books": (
        tables.Period,
        tables.PeriodBatch,
        tables.Charge,
        tables.Margin,
        tables.Invoice,
        tables.InvoiceLine,
        tables.Commission,
        tables.Series,
    ),
}


class _Visitor(BaseUser):
    """Whoever was let in, as piccolo-admin wants to know them."""

    def __init__(self, name: str, user_id: int) -> None:
        self.name = name
        self.user_id = user_id

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.name

    @property
    def identity(self) -> str:
        return str(self.user_id)


class _LetIn(AuthenticationBackend):
    """The person whom the portal's own session named; nobody comes here without one."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        person = conn.scope["user"]
        visitor = _Visitor(person.email, person.actor.user)
        return AuthCredentials(["authenticated"]), visitor


def make_pages() -> AdminRouter:
    """The application of all tables that are shown. It takes the better part of a second."""
    admin: AdminRouter = create_admin(
        [_config(table) for table in _browsable()],
        read_only=True,
        production=True,
        page_size=PAGE_SIZE,
        site_name=SITE_NAME,
        auto_include_related=False,
        default_language_code="en",
        translations=[READING],
        sidebar_links={"Back to the portal": "/"},
    )
    admin.template = admin.template.replace("<title>Piccolo Admin</title>", HEAD)
    private = next(
        route.app for route in admin.routes if isinstance(route, Mount) and route.path == "/api"
    )
    if not isinstance(private, AuthenticationMiddleware):
        raise TypeError("piccolo-admin keeps its private part elsewhere than expected")
    private.backend = _LetIn()
    return admin


def _browsable() -> list[type[Table]]:
    every = (value for value in vars(tables).values() if isinstance(value, type))
    return [table for table in every if issubclass(table, Table) and table not in LEFT_OUT]


def _config(table: type[Table]) -> TableConfig:
    group = next((name for name, members in GROUPS.items() if table in members), "Trade")
    return TableConfig(_without_secrets(table), menu_group=group)


@cache
def _without_secrets(table: type[Table]) -> type[Table]:
    """The same table as if its secret columns were not there: they are in no query and no list."""
    meta = table._meta  # noqa: SLF001 - where Piccolo keeps what it knows of a table
    if not meta.secret_columns:
        return table
    shown = [column for column in meta.columns if not column._meta.secret]  # noqa: SLF001 - as above
    return create_table_class(
        table.__name__,
        class_kwargs={"tablename": meta.tablename, "db": ENGINE},
        class_members={column._meta.name: column for column in shown},  # noqa: SLF001 - as above
    )
