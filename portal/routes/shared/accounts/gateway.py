"""A cloud's account at the card gateway: what it is spoken to with, and when cards are charged."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.cards.trying import ChargeOn
from portal.books.actions.cards import accounts as actions
from portal.books.forms.cards import GatewayForm
from portal.books.queries.cards import accounts
from portal.errors import Invalid, NotFound
from portal.kit.forms.form import parse
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.realm import Realm
from portal.values.cards import STRIPE
from portal.words import _

WRITERS: Final = [requires(Permission.GATEWAYS_WRITE)]
WHEN: Final = {
    ChargeOn.ISSUE.value: (_("When an invoice is issued"), _("The day on which its month closes.")),
    ChargeOn.DUE.value: (_("When it is due"), _("What is overdue is charged at once.")),
    ChargeOn.MANUAL.value: (_("Only by hand"), _("From an invoice, or all of a month together.")),
}
BOXES: Final = ("secret_key", "webhook_secret", "webhook_secret_before")


@get("/settings/cards", guards=WRITERS)
async def gateway(request: HTMXRequest) -> Response[str]:
    """What is set up."""
    realm = await Realm.of(request)
    return await _page(request, realm, {}, {})


async def _page(
    request: HTMXRequest, realm: Realm, sent: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    cloud = realm.of_cloud()
    try:
        found = await accounts.get(realm.actor, cloud)
    except NotFound:
        found = None
    events = f"/api/v1/clouds/{cloud.slug}/gateways/{STRIPE}/events"
    return form_page(
        request,
        "shared/settings/cards.html",
        realm=realm,
        account=found,
        values={"charge_on": found.charge_on if found else ChargeOn.DUE.value, **sent},
        errors=dict(errors),
        when=WHEN,
        events=f"{request.app.state.public_url}{events}",
    )


@post("/settings/cards", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_gateway(request: HTMXRequest) -> Answer:
    """Store what was typed; boxes of secrets that are left empty change nothing."""
    realm, sent = await Realm.of(request), await texts(request)
    try:
        cards = request.app.state.cards
        await actions.put(realm.actor, realm.of_cloud(), _form(sent), vault=cards.vault)
    except Invalid as invalid:
        shown = {"webhook_secrets[0]": BOXES[1], "webhook_secrets[1]": BOXES[2]}
        errors = {shown.get(name, name): told for name, told in invalid.fields.items()}
        kept = {"charge_on": sent.get("charge_on", "")}
        return await _page(request, realm, kept, errors)
    return redirect(request, realm.at("settings", "cards"), _("The settings are saved."))


def _form(sent: Mapping[str, str]) -> GatewayForm:
    """What was typed. Raises `Invalid` at a box."""
    key, secret, before = (sent.get(name, "").strip() for name in BOXES)
    if before and not secret:
        raise Invalid({BOXES[1]: _("is required beside the one before")})
    boxes = {
        "secret_key": key or None,
        "webhook_secrets": [one for one in (secret, before) if one] or None,
        "charge_on": sent.get("charge_on", ""),
    }
    return parse(GatewayForm, {name: value for name, value in boxes.items() if value is not None})


GATEWAY: Final = (gateway, change_gateway)
