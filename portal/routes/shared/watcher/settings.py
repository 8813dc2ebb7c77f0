"""Connecting a Watcher, changing the settings of a connection, and removing it."""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.errors import Conflict, Invalid
from portal.kit.forms.nested import intent_of
from portal.routes.accounts.auth import Answer
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import made_once
from portal.routes.shared.watcher.connections import WRITERS
from portal.routes.shared.watcher.deciding import options
from portal.routes.shared.watcher.health import address_of
from portal.values.watcher import Check
from portal.watcher.actions import connections as actions
from portal.watcher.forms.connection import (
    NewConnection,
    decision_of,
    edited_connection,
    typed_connection,
)
from portal.watcher.queries import connection_health as reads
from portal.watcher.queries.connections import WatcherConnection
from portal.words import _

SECRETS: Final = frozenset({"api_key", "password"})
FIRST: Final = {"api": "v3", "read_every_minutes": "60", "decides": "compare"}
"""What stands in the form of a new connection."""
LABELS: Final = {
    "api": _("API generation"),
    "url": _("Address"),
    "api_key": _("Key"),
    "login": _("Login"),
    "password": _("Password"),
    "organizations": _("Organizations"),
    "read_every_minutes": _("Read every"),
    "decides": _("Which system decides"),
}
TRY: Final = "test"
"""The intent of the button that tries a connection before it is made."""
UNREAD: Final = _(
    "Its cameras get no more usage: the days from now on are missing, until it is connected anew"
    " or their usage is sent in another way."
)
FLAGS: Final = ("forget_key", "forget_login")


@get("/new", guards=WRITERS)
async def new_connection(request: HTMXRequest) -> Response[str]:
    """The form of a new connection."""
    return await _new(request, await CloudScope.of(request), FIRST)


@post("/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def create_connection(request: HTMXRequest) -> Answer:
    """Connect a Watcher, and lead to its page; or try it, and store nothing."""
    scope, typed = await CloudScope.of(request), await texts(request)
    sent = {name: value for name, value in _sent(typed).items() if name not in FLAGS}
    try:
        form = typed_connection(sent)
        if intent_of(typed).verb == TRY:
            return await _tried(request, scope, sent, form)
        integrations = request.app.state.integrations
        make = partial(actions.create, scope.actor, scope.cloud, form, integrations=integrations)
        made = await made_once(request, make, scope.path)
    except Invalid as invalid:
        return await _new(request, scope, sent, invalid.fields)
    said = _("%(made)s is connected. Test it, then let it be read.") % {"made": address_of(made)}
    return redirect(request, f"{scope.path}/{made.id}", said)


@get("/{connection_id:int}/edit", guards=WRITERS)
async def edit_connection(request: HTMXRequest, connection_id: FromPath[int]) -> Response[str]:
    """The form with the settings as they are, but for what is secret."""
    scope = await CloudScope.of(request)
    found = await _connection(scope, connection_id)
    values = {
        "url": found.url,
        "organizations": ", ".join(str(one) for one in found.organizations or ()),
        "read_every_minutes": str(found.read_every_minutes),
        "decides": decision_of(found),
    }
    return await _edit(request, scope, found, values)


@post(
    "/{connection_id:int}/edit",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def change_connection(request: HTMXRequest, connection_id: FromPath[int]) -> Answer:
    """Store the settings; a secret that is left empty stays as it is."""
    scope, sent = await CloudScope.of(request), _sent(await texts(request))
    found = await _connection(scope, connection_id)
    try:
        await actions.change(
            scope.actor,
            scope.cloud,
            connection_id,
            edited_connection({name: value for name, value in sent.items() if name != "api"}),
            integrations=request.app.state.integrations,
            queue=request.app.state.queue,
        )
    except Invalid as invalid:
        return await _edit(request, scope, found, sent, invalid.fields)
    return redirect(request, f"{scope.path}/{connection_id}", _("The settings are stored."))


@get("/{connection_id:int}/remove", guards=WRITERS)
async def ask_remove(request: HTMXRequest, connection_id: FromPath[int]) -> Response[str]:
    """Ask before a Watcher is read no more."""
    scope = await CloudScope.of(request)
    found = await reads.of_connection(scope.actor, scope.cloud, connection_id)
    connection = await _connection(scope, connection_id)
    path = f"{scope.path}/{connection_id}"
    seen = found.complete.cameras if found.complete else 0
    return confirm(
        request,
        crumbs=scope.crumbs,
        lead=_("What was read stays: usage, cameras, their subscriptions and the mappings."),
        title=_("Remove %(connection)s") % {"connection": address_of(connection)},
        question=_("Read this Watcher no more?"),
        facts=[
            (_("Address"), connection.url),
            (_("Cameras at the last complete reading"), str(seen)),
        ],
        warnings=[UNREAD],
        action=f"{path}/remove",
        submit=_("Remove"),
        cancel=path,
        danger=True,
    )


@post(
    "/{connection_id:int}/remove",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def remove_connection(request: HTMXRequest, connection_id: FromPath[int]) -> Answer:
    """Read it no more; what was read stays."""
    scope = await CloudScope.of(request)
    found = await _connection(scope, connection_id)
    await actions.end(scope.actor, scope.cloud, connection_id, now=books_now(request))
    return redirect(
        request, scope.path, _("%(found)s is read no more.") % {"found": address_of(found)}
    )


async def _connection(scope: CloudScope, connection_id: int) -> WatcherConnection:
    found = await reads.of_connection(scope.actor, scope.cloud, connection_id)
    assert found.connection is not None, "one that is not there was refused"
    return found.connection


def _sent(sent: dict[str, str]) -> dict[str, str]:
    """What a form sent, without the spaces around it; a box that is not ticked sends nothing."""
    known = {*LABELS, *FLAGS}
    return {
        name: value if name in SECRETS else value.strip()
        for name, value in sent.items()
        if name in known
    }


async def _edit(
    request: HTMXRequest,
    scope: CloudScope,
    found: WatcherConnection,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    stored: frozenset[str] = frozenset()
    trouble = ""
    try:
        stored = await reads.credentials(
            scope.actor, scope.cloud, found.id, vault=request.app.state.integrations.vault
        )
    except Conflict as conflict:
        trouble = conflict.message
    path = f"{scope.path}/{found.id}"
    return _form(
        request,
        scope,
        values,
        errors,
        title=_("Edit %(found)s") % {"found": address_of(found)},
        connection=found,
        crumbs=(*scope.crumbs, (address_of(found), path)),
        action=f"{path}/edit",
        cancel=path,
        stored=stored,
        trouble=trouble,
        decisions=await options(scope.actor, scope.cloud, found.id, now=books_now(request)),
        checks=None,
    )


async def _tried(
    request: HTMXRequest, scope: CloudScope, sent: Mapping[str, str], form: NewConnection
) -> Response[str]:
    """The form as it was sent, with what a test of it found."""
    checks = await actions.test_new(
        scope.actor, scope.cloud, form, integrations=request.app.state.integrations
    )
    return await _new(request, scope, sent, block="checks", checks=checks)


async def _new(
    request: HTMXRequest,
    scope: CloudScope,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    block: str = "form",
    checks: Sequence[Check] | None = None,
) -> Response[str]:
    return _form(
        request,
        scope,
        values,
        errors,
        block=block,
        checks=checks,
        tested_at=books_now(request),
        decisions=await options(scope.actor, scope.cloud, now=books_now(request)),
        title=_("Connect a Watcher"),
        connection=None,
        crumbs=scope.crumbs,
        action=f"{scope.path}/new",
        cancel=scope.path,
        stored=frozenset(),
        trouble="",
    )


def _form(
    request: HTMXRequest,
    scope: CloudScope,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None,
    *,
    block: str = "form",
    **context: Any,
) -> Response[str]:
    """The page; what is secret is never sent back into it.

    A form that is wrong comes back whole, also to a button that asks for a part of it.
    """
    return scope.page(
        request,
        "settings.html",
        block=block,
        headers={"HX-Retarget": "#form"} if errors else None,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        values={name: value for name, value in values.items() if name not in SECRETS},
        errors=errors or {},
        labels=LABELS,
        **context,
    )
