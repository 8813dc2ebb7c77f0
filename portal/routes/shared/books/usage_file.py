"""Usage that is missing: sent by file, which is looked at line by line, or read from Watchers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.errors import PortalError
from portal.routes.accounts.auth import Answer
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import UPLOADS, file_text, texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.books.periods import Month, find_month
from portal.routes.shared.cloud_scope import CloudScope
from portal.usage.actions import usage
from portal.usage.actions.usage import Checked
from portal.usage.forms.usage import CSV, NDJSON, ROWS_MAX, Sheet, parse_usage
from portal.usage.forms.usage_csv import REQUIRED
from portal.watcher.actions.sync.request import request as ask_for_reading
from portal.watcher.queries import connection_health
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.USAGE_WRITE)]
BYTES_MAX: Final = 4_000_000
"""Of a file: 50 000 rows of a CSV have about 3 MB."""
BODY_MAX: Final = BYTES_MAX + 100_000
PROBLEMS_MAX: Final = 200
FIELD: Final = "file"
JSON: Final = "application/json"
SEND, GOOD = "send", "good"
TEMPLATE: Final = "shared/books/usage_file.html"


@get("/periods/{month:str}/usage", guards=WRITERS)
async def ask_usage(request: HTMXRequest, month: FromPath[str]) -> Response[str]:
    """Where a file is chosen."""
    scope, found = await find_month(request, month)
    return _page(request, scope, found)


@post(
    "/periods/{month:str}/usage",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=BODY_MAX,
    opt={UPLOADS: True},
)
async def send_usage_file(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Look at a file, or store it: twice is the same as once, for the highest quantity counts."""
    scope, found = await find_month(request, month)
    sent = await texts(request)
    try:
        content = sent.get("content") or await file_text(request, FIELD, BYTES_MAX)
        sheet = parse_usage(content.encode(), _type_of(content))
    except PortalError as wrong:
        fields = getattr(wrong, "fields", {})
        return _page(request, scope, found, {FIELD: next(iter(fields.values()), wrong.message)})
    checked = await usage.check(
        scope.actor, scope.cloud, sheet, now=books_now(request), partial=True
    )
    intent = sent.get("intent", "")
    if intent == GOOD or (intent == SEND and not checked.rejected):
        return await _store(request, scope, found, checked)
    return _page(request, scope, found, content=content, **_looked(sheet, checked))


def _type_of(content: str) -> str:
    """What a file is, by its first sign; names of files say little."""
    return {"[": JSON, "{": NDJSON}.get(content.lstrip()[:1], CSV)


def _looked(sheet: Sheet, checked: Checked) -> dict[str, Any]:
    """What a preview says of a file: how much is good, of when, and what is wrong by line."""
    days, refused = checked.columns.days, checked.rejected
    return {
        "total": len(sheet.rows) + len(sheet.rejected),
        "good": len(days),
        "cameras": len(set(checked.columns.cameras)),
        "days": (min(days), max(days)) if days else None,
        "problems": refused[:PROBLEMS_MAX],
        "refused": len(refused),
    }


async def _store(request: HTMXRequest, scope: CloudScope, found: Month, checked: Checked) -> Answer:
    done = await usage.ingest(scope.actor, checked)
    locale = person_of(request).locale
    told = ngettext(
        "%(count)s row is stored, %(unchanged)s changed nothing.",
        "%(count)s rows are stored, %(unchanged)s changed nothing.",
        done.accepted,
    )
    facts = {
        "count": number(done.accepted, locale),
        "unchanged": number(done.unchanged, locale),
    }
    return redirect(request, scope.at("periods", found.key), told % facts)


def _page(
    request: HTMXRequest,
    scope: CloudScope,
    found: Month,
    errors: Mapping[str, str] | None = None,
    content: str = "",
    **looked: Any,
) -> Response[str]:
    path = scope.at("periods", found.key)
    return form_page(
        request,
        TEMPLATE,
        errors=errors,
        block=None,
        crumbs=(*scope.above, (_("Months"), scope.at("periods")), (found.name, path)),
        action=f"{path}/usage",
        back=path,
        heading=", ".join(REQUIRED),
        most=ROWS_MAX,
        content=content,
        looked=looked,
    )


@post(
    "/periods/{month:str}/read",
    guards=[requires(Permission.CONNECTIONS_WRITE)],
    status_code=HTTPStatus.OK,
)
async def read_watchers(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Ask every Watcher of the cloud for a reading; where one runs already, that one goes on."""
    scope, found = await find_month(request, month)
    for one in await connection_health.of_cloud(scope.actor, scope.cloud):
        if one.connection is not None:
            await ask_for_reading(
                scope.actor,
                scope.cloud,
                one.connection.id,
                now=books_now(request),
                queue=request.app.state.queue,
            )
    told = _("A reading has been asked for.")
    return redirect(request, scope.at("periods", found.key), told)


USAGE_FILE: Final = (ask_usage, send_usage_file, read_watchers)
