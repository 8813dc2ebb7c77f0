"""A customer asks for other details on its documents: the operator confirms, or says why not."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions import details as actions
from portal.customers.forms.details import NOTE_MAX, Declined
from portal.customers.queries import details
from portal.customers.queries.details import DetailsRequest
from portal.customers.queries.subscribers import Subscriber
from portal.errors import Conflict, Invalid, no_such
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.subscribers.paths import crumbs_to, named, page_path
from portal.values.fields import label_of
from portal.words import _

WRITERS: Final = [requires(Permission.SUBSCRIBERS_WRITE)]


@get("/subscribers/{number:str}/details/{asked:int}", guards=WRITERS)
async def look_at_details(
    request: HTMXRequest, number: FromPath[str], asked: FromPath[int]
) -> Response[str] | Answer:
    """What it has and what it asks for, side by side; a decided one leads back."""
    scope, row = await named(request, number)
    wanted = await _wanted(scope, row, asked)
    if wanted is None:
        told = _("This request waits no more: it was decided, or replaced by another.")
        return redirect(request, page_path(scope, row.number), Toast(told, "info"))
    return _page(request, scope, row, wanted, {}, {})


@post("/subscribers/{number:str}/details/{asked:int}", guards=WRITERS, status_code=HTTPStatus.OK)
async def decide_details(
    request: HTMXRequest, number: FromPath[str], asked: FromPath[int]
) -> Answer:
    """Confirm it, or with `intent` decline say why not; the second click finds it decided."""
    scope, row = await named(request, number)
    sent, now, back = await texts(request), books_now(request), page_path(scope, row.number)
    try:
        if sent.get("intent") != "decline":
            await actions.confirm(scope.actor, scope.cloud, row.number, asked, now=now)
            told = _("Documents of %(name)s have these details from now on.")
            return redirect(request, back, told % {"name": row.name})
        declined = parse_texts(Declined, {"answer": sent.get("answer", "")})
        await actions.decline(scope.actor, scope.cloud, row.number, asked, declined.answer, now=now)
    except Invalid as invalid:
        wanted = await _wanted(scope, row, asked)
        if wanted is None:
            return redirect(request, back)
        return _page(request, scope, row, wanted, sent, invalid.fields)
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "info"))
    return redirect(request, back, _("Declined. %(name)s reads why.") % {"name": row.name})


async def _wanted(scope: CloudScope, row: Subscriber, asked: int) -> DetailsRequest | None:
    """What waits, if it is the one that the address names. Raises `NotFound` for a wrong one."""
    found = await details.latest(scope.actor, scope.cloud, row.number)
    if found is None or asked > found.id:
        raise no_such(_("request"), asked)
    return found if found.id == asked and found.state == "waiting" else None


def _page(  # noqa: PLR0917 - what is typed, and what is wrong with it
    request: HTMXRequest,
    scope: CloudScope,
    row: Subscriber,
    wanted: DetailsRequest,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response[str]:
    return form_page(
        request,
        "shared/subscribers/details.html",
        errors=errors,
        crumbs=crumbs_to(scope, row),
        row=row,
        wanted=wanted,
        compared=[
            (label_of(name), _text(getattr(row, name)), _text(getattr(wanted, name)))
            for name in details.FIELDS
        ],
        path=page_path(scope, row.number, "details", wanted.id),
        back=page_path(scope, row.number),
        note_max=NOTE_MAX,
        values=values,
    )


def _text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "\n".join(value)
