"""Importing customers: a file is looked at line by line, then imported; a long one by workers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.forms import imports as forms
from portal.customers.forms.imports import BYTES_MAX, HEADING, LINES_MAX, PROBLEMS_MAX, Read
from portal.errors import Invalid
from portal.overview.actions import importing
from portal.overview.actions.importing import PIECE, Outcome
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import UPLOADS, file_text, texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.subscribers.paths import crumbs_to, list_path

WRITERS: Final = [
    requires(Permission.SUBSCRIBERS_WRITE, Permission.CAMERAS_WRITE, Permission.SUBSCRIPTIONS_WRITE)
]
BODY_MAX: Final = BYTES_MAX + 100_000
FIELD: Final = "file"
IMPORT, GOOD = "import", "good"


@get("/subscribers/import", guards=WRITERS)
async def ask_import(request: HTMXRequest) -> Response[str]:
    """Where a file is chosen."""
    return _page(request, await CloudScope.of(request), {})


@get("/subscribers/import/template", guards=WRITERS)
async def import_template(request: HTMXRequest) -> Response[str]:
    """A CSV with the heading, to be filled."""
    scope = await CloudScope.of(request)
    name = f"{scope.cloud.slug}-subscribers-template.csv"
    return Response(
        forms.template(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@post(
    "/subscribers/import",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=BODY_MAX,
    opt={UPLOADS: True},
)
async def import_file(request: HTMXRequest) -> Answer:
    """Look at a file, or import it: all of it, or what is good of it."""
    scope, sent = await CloudScope.of(request), await texts(request)
    try:
        content = sent.get("content") or await file_text(request, FIELD, BYTES_MAX)
        read = forms.parse(content)
    except Invalid as invalid:
        return _page(request, scope, invalid.fields)
    intent = sent.get("intent", "")
    if intent not in {IMPORT, GOOD}:
        return await _preview(request, scope, read, content)
    if intent == IMPORT and read.problems:
        return await _preview(request, scope, read, content)
    return await _import(request, scope, read, content)


async def _preview(
    request: HTMXRequest, scope: CloudScope, read: Read, content: str
) -> Response[str]:
    """What an import would do, and what is wrong by line; nothing is stored."""
    found = await importing.rehearse(scope.actor, scope.cloud, read.groups, now=books_now(request))
    problems = {**read.problems, **found.problems}
    return form_page(
        request,
        "shared/subscribers/import_preview.html",
        block="preview",
        errors={},
        crumbs=crumbs_to(scope),
        action=f"{list_path(scope)}/import",
        back=f"{list_path(scope)}/import",
        content=content,
        found=found,
        wrong=read.wrong + found.wrong,
        problems=sorted(problems.items())[:PROBLEMS_MAX],
        more=max(0, len(problems) - PROBLEMS_MAX),
    )


async def _import(request: HTMXRequest, scope: CloudScope, read: Read, content: str) -> Answer:
    """At once what is few; of more, workers do it, and a page tells how far they are."""
    now = books_now(request)
    if len(read.groups) > PIECE:
        task = await importing.ask(
            scope.actor, scope.cloud, read, content, now=now, queue=request.app.state.queue
        )
        return redirect(request, scope.at("tasks", task))
    found: Outcome = await importing.do(scope.actor, scope.cloud, read.groups, now=now)
    return form_page(
        request,
        "shared/subscribers/imported.html",
        block="imported",
        errors={},
        crumbs=crumbs_to(scope),
        back=list_path(scope),
        total=len(read.groups),
        found=found,
        listed=list(found.problems.items())[:PROBLEMS_MAX],
    )


def _page(request: HTMXRequest, scope: CloudScope, errors: Mapping[str, str]) -> Response[str]:
    return form_page(
        request,
        "shared/subscribers/import.html",
        errors=errors,
        crumbs=crumbs_to(scope),
        action=f"{list_path(scope)}/import",
        template_path=f"{list_path(scope)}/import/template",
        back=list_path(scope),
        heading=", ".join(HEADING),
        most=LINES_MAX,
    )
