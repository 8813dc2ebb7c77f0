"""Mail of the platform or of a cloud: how far each is, and sending what has failed again."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.accounts.actions import deliveries as actions
from portal.accounts.queries import deliveries as reads
from portal.accounts.queries.deliveries import STATES, Deliveries, DeliveryRow
from portal.errors import Conflict, no_such
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.realm import Realm
from portal.routes.shared.sending import made_once
from portal.values.states import state_word
from portal.words import _

READERS: Final = [requires(Permission.USERS_READ)]
WRITERS: Final = [requires(Permission.USERS_WRITE)]
COLUMNS: Final = (
    Column(_("Recipient"), "recipient", of="recipient"),
    Column(_("Subject"), of="subject", wide=True),
    Column(_("State"), "state", of="state", kind="state"),
    Column(_("Tries"), of="attempts", kind="number", wide=True),
    Column(_("Written"), "created_at", of="created_at", kind="moment", wide=True),
    Column(_("Sent"), of="sent_at", kind="moment", wide=True),
    Column(_("What the mail server said"), of="error", only_file=True),
)


@get("/settings/mail", guards=READERS)
async def deliveries(request: HTMXRequest) -> Response[str] | Stream:
    """The list, the latest first."""
    realm = await Realm.of(request)
    listing = read_listing(
        realm.deliveries,
        request.query_params,
        COLUMNS,
        filters=("q", "state"),
        default_sort="-created_at",
    )

    async def read(part: Listing) -> Deliveries:
        state = part.filters["state"]
        return await reads.list_for_portal(
            realm.actor,
            realm.cloud,
            text=part.filters["q"] or None,
            state=state if state in STATES else None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[DeliveryRow]:
        return (await read(part)).rows

    found = await read(listing)
    listing = listing.found(found.total)
    if listing.file:
        return await list_file(
            request, "deliveries", COLUMNS, found.rows, listing, more=more, cloud=realm.slug or ""
        )
    return page(
        request,
        "shared/accounts/deliveries.html",
        block="rows",
        realm=realm,
        columns=COLUMNS,
        rows=found.rows,
        listing=listing,
        states=[(one, state_word(one)) for one in STATES],
        sends_mail=request.app.state.post.is_set_up,
    )


@post("/settings/mail/{delivery:int}/again", guards=WRITERS, status_code=HTTPStatus.OK)
async def send_again(request: HTMXRequest, delivery: FromPath[int]) -> Answer:
    """Try one again that has failed."""
    realm = await Realm.of(request)
    found = await reads.get(realm.actor, delivery)
    if found.cloud != realm.slug:
        raise no_such(_("mail"), delivery)
    now = SessionConfig.of(request).clock()
    await actions.send_again(realm.actor, found, now=now, post=request.app.state.post)
    told = _("The mail to %(recipient)s is tried again.") % {"recipient": found.recipient}
    return redirect(request, realm.deliveries, told)


@post("/settings/mail/test", guards=WRITERS, status_code=HTTPStatus.OK)
async def send_test(request: HTMXRequest) -> Answer:
    """Send a test message to whoever asks; what becomes of it is in the list."""
    realm = await Realm.of(request)
    now = SessionConfig.of(request).clock()
    try:
        mail = request.app.state.post
        send = partial(actions.send_test, realm.actor, realm.cloud, now=now, post=mail)
        made = await made_once(request, send, realm.deliveries)
    except Conflict as conflict:
        return redirect(request, realm.deliveries, Toast(conflict.message, "error"))
    told = _("A test message is on its way to %(email)s.") % {"email": made.recipient}
    return redirect(request, realm.deliveries, told)


DELIVERIES: Final = (deliveries, send_again, send_test)
