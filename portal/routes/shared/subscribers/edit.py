"""Changing one customer: boxes that the form declares."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions import subscribers as actions
from portal.customers.forms.master import BuyerData
from portal.customers.forms.subscriber import SubscriberChange
from portal.customers.queries.subscribers import Subscriber
from portal.errors import Invalid
from portal.kit.forms.boxes import boxes_of, parse_boxes, texts_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, is_local, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.subscribers.paths import crumbs_to, named, page_path
from portal.words import _

WRITERS: Final = [requires(Permission.SUBSCRIBERS_WRITE)]


@get("/subscribers/{number:str}/edit", guards=WRITERS)
async def edit(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """The form."""
    scope, row = await named(request, number)
    values = texts_of(SubscriberChange, row, person_of(request).locale)
    return _page(request, scope, row, values, {})


@post("/subscribers/{number:str}/edit", guards=WRITERS, status_code=HTTPStatus.OK)
async def change(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Store what its boxes hold now."""
    scope, row = await named(request, number)
    sent = await texts(request)
    try:
        wanted = parse_boxes(SubscriberChange, sent)
        after = await actions.change(scope.actor, scope.cloud, row.number, wanted)
    except Invalid as invalid:
        return _page(request, scope, row, sent, invalid.fields)
    told = _("%(name)s is saved.") % {"name": after.name}
    return redirect(request, _back(request) or page_path(scope, after.number), told)


def _back(request: HTMXRequest) -> str:
    """The page that one came from, "?next=", where it is one of ours; "" for none."""
    path = request.query_params.get("next", "")
    return path if path and is_local(path) else ""


def _with(path: str, back: str) -> str:
    """An address that keeps the page one came from."""
    return f"{path}?{urlencode({'next': back})}" if back else path


def _page(
    request: HTMXRequest,
    scope: CloudScope,
    row: Subscriber,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response[str]:
    back = _back(request)
    whole = boxes_of(SubscriberChange)
    of_documents = boxes_of(BuyerData)
    named = {box.name for box in of_documents} | ({"address"} if row.postal else set())
    return form_page(
        request,
        "shared/subscribers/edit.html",
        row=row,
        crumbs=crumbs_to(scope, row),
        boxes=[box for box in whole if box.name not in named],
        documents=of_documents,
        values=values,
        errors=errors,
        action=_with(page_path(scope, row.number, "edit"), back),
        back=back or page_path(scope, row.number),
    )
