"""Settings of the mails with invoices: who is answered, what they say, what sends them."""

from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.books.actions.sending.samples import send_sample
from portal.books.forms.sending import SampleForm
from portal.books.queries.sending import letters
from portal.customers.actions import clouds as actions
from portal.customers.forms.cloud import CloudChange
from portal.customers.queries import clouds
from portal.errors import Conflict, Invalid
from portal.kit.forms.boxes import parse_boxes, texts_of
from portal.kit.forms.nested import intent_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.books.send.said import said_of
from portal.routes.shared.months import today_of
from portal.routes.shared.realm import Realm
from portal.routes.shared.sending import made_once
from portal.values.mail.documents import LINES_MAX, PLACEHOLDERS
from portal.words import _

READERS: Final = [requires(Permission.SETTINGS_READ)]
WRITERS: Final = [requires(Permission.SETTINGS_WRITE)]
FIELDS: Final = ("reply_to", "invoice_text", "send_after_close")
TEST: Final = "test"


@get("/settings/email", guards=READERS)
async def email(request: HTMXRequest) -> Response[str]:
    """The text beside the mail that it makes."""
    realm = await Realm.of(request)
    row = await clouds.get(realm.actor, realm.of_cloud())
    values = texts_of(CloudChange, row, person_of(request).locale)
    return await _page(request, realm, values, {})


@post("/settings/email", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_email(request: HTMXRequest) -> Answer:
    """Store what its boxes hold, draw the mail of it, or send that to oneself."""
    realm, sent = await Realm.of(request), await texts(request)
    cloud, intent = realm.of_cloud(), intent_of(sent)
    if not intent.saves and intent.verb != TEST:
        return await _page(request, realm, sent, {}, block="computed")
    try:
        if intent.verb == TEST:
            tried = parse_boxes(SampleForm, sent)
            return await _send_test(request, realm, tried.invoice_text)
        await actions.change(realm.actor, cloud, parse_boxes(CloudChange, sent, FIELDS))
    except Invalid as invalid:
        # A line of several is told where they stand: "invoice_text[1]" is "invoice_text".
        found = {path.partition("[")[0]: told for path, told in invalid.fields.items()}
        return await _page(request, realm, sent, found)
    return redirect(request, realm.at("settings", "email"), _("The settings are saved."))


async def _send_test(request: HTMXRequest, realm: Realm, text: tuple[str, ...]) -> Answer:
    path = realm.at("settings", "email")
    send = partial(
        send_sample,
        realm.actor,
        realm.of_cloud(),
        text,
        now=SessionConfig.of(request).clock(),
        post=request.app.state.post,
    )
    try:
        made = await made_once(request, send, path)
    except Conflict as conflict:
        return redirect(request, path, Toast(conflict.message, "error"))
    told = _("A test message is on its way to %(email)s.") % {"email": made.recipient}
    return redirect(request, path, told)


async def _page(
    request: HTMXRequest,
    realm: Realm,
    values: dict[str, str],
    errors: dict[str, str],
    block: str = "form",
) -> Response[str]:
    cloud = realm.of_cloud()
    said = await letters.sample(realm.actor, cloud, today_of(request))
    lines = [line.strip() for line in values.get("invoice_text", "").splitlines()]
    text = tuple(line for line in lines if line)[:LINES_MAX]
    mail = said_of(said.with_text(text), request.app.state.public_url)
    return form_page(
        request,
        "shared/settings/email.html",
        block=block,
        realm=realm,
        values=values,
        errors=errors,
        mail=mail,
        placeholders=[(f"{{{name}}}", told) for name, told in PLACEHOLDERS.items()],
        may_write=can(realm.actor, Permission.SETTINGS_WRITE),
        has_server=request.app.state.post.is_set_up,
    )


EMAIL: Final = (email, change_email)
