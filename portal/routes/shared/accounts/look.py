"""How the sign-in page of the platform or of a cloud looks: its logo and its colour."""

import base64
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions import look as actions
from portal.customers.forms.look import LookChange
from portal.errors import Invalid
from portal.kit.forms.form import parse
from portal.kit.queries import look as reads
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.sent import UPLOAD_BYTES, UPLOADS, file, texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.realm import Realm
from portal.words import _

READERS: Final = [requires(Permission.USERS_READ)]
WRITERS: Final = [requires(Permission.USERS_WRITE)]


@get("/settings/look", guards=READERS)
async def look(request: HTMXRequest) -> Response[str]:
    """The form, with the logo that is there."""
    realm = await Realm.of(request)
    found = await reads.get(realm.slug, realm.actor)
    return await _page(request, realm, {"colour": found.colour or ""}, {})


@post(
    "/settings/look",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    opt={UPLOADS: True},
    request_max_body_size=UPLOAD_BYTES,
)
async def change_look(request: HTMXRequest) -> Answer:
    """Take the colour, and the picture where one was chosen; a tick takes the logo away."""
    realm, sent = await Realm.of(request), await texts(request)
    picture = await file(request, "logo")
    wanted: dict[str, Any] = {"colour": sent.get("colour", "").strip() or None}
    if picture:
        wanted["logo"] = base64.b64encode(picture).decode()
    elif sent.get("remove"):
        wanted["logo"] = None
    try:
        await actions.change(realm.actor, realm.cloud, parse(LookChange, wanted))
    except Invalid as invalid:
        return await _page(request, realm, sent, invalid.fields)
    return redirect(request, realm.at("settings", "look"), _("The look is saved."))


async def _page(
    request: HTMXRequest, realm: Realm, values: dict[str, str], errors: dict[str, str]
) -> Response[str]:
    return form_page(
        request,
        "shared/settings/look.html",
        realm=realm,
        values=values,
        errors=errors,
        look=await reads.get(realm.slug, realm.actor),
    )


LOOK: Final = (look, change_look)
