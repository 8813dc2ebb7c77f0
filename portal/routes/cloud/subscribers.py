"""One subscriber as its operator knows it, and changing that."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can
from portal.customers.actions import subscribers as actions
from portal.customers.forms.subscriber import SubscriberChange
from portal.customers.queries import subscribers as reads
from portal.customers.queries.subscribers import Subscriber
from portal.errors import Invalid, no_such
from portal.kit.forms.boxes import boxes_of, parse_boxes, texts_of
from portal.kit.queries import tenancy
from portal.routes.accounts.auth import Answer
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.values.numbers import number_in
from portal.words import _

SUBSCRIBERS: Final = "/cloud/subscribers"
READERS: Final = [requires(Permission.SUBSCRIBERS_READ)]
WRITERS: Final = [requires(Permission.SUBSCRIBERS_WRITE)]


@get("/subscribers/{number:str}", guards=READERS)
async def subscriber(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """What is known of it; who may change that is shown boxes."""
    actor = actor_of(request)
    row = await _get(actor, number)
    return _page(
        request, actor, row, texts_of(SubscriberChange, row, person_of(request).locale), {}
    )


@post("/subscribers/{number:str}", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_subscriber(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Store what its boxes hold now."""
    actor, sent = actor_of(request), await texts(request)
    row = await _get(actor, number)
    cloud = await tenancy.own_cloud(actor)
    try:
        wanted = parse_boxes(SubscriberChange, sent)
        after = await actions.change(actor, cloud, row.number, wanted)
    except Invalid as invalid:
        return _page(request, actor, row, sent, invalid.fields)
    return redirect(request, _path(after), _("%(name)s is saved.") % {"name": after.name})


async def _get(actor: Actor, text: str) -> Subscriber:
    """The one that the address names. Raises `NotFound`."""
    number = number_in(text)
    if number is None:
        raise no_such(_("subscriber"), text)
    cloud = await tenancy.own_cloud(actor)
    return await reads.get(actor, cloud, number)


def _path(row: Subscriber) -> str:
    return f"{SUBSCRIBERS}/{row.number}"


def _page(
    request: HTMXRequest,
    actor: Actor,
    row: Subscriber,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response[str]:
    return form_page(
        request,
        "cloud/subscriber.html",
        row=row,
        boxes=boxes_of(SubscriberChange),
        values=values,
        errors=errors,
        path=_path(row),
        usage=f"/cloud/usage?subscriber={row.number}",
        may_write=can(actor, Permission.SUBSCRIBERS_WRITE),
    )
