"""A subscriber as documents name it, where they go, and who signs in for it."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.customers.actions import details as actions
from portal.customers.forms.details import NOTE_MAX, Mailing, WantedDetails
from portal.customers.queries import details, subscribers
from portal.customers.queries.details import FIELDS
from portal.errors import Conflict, Invalid
from portal.kit.forms.boxes import parse_boxes, texts_of
from portal.overview.queries import subscriber_dashboard
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, form_page, redirect
from portal.routes.reading import get, in_snapshot
from portal.routes.shared.accounts.own import WRITERS, Own, profile_page
from portal.routes.shared.sending import done_once
from portal.values import languages
from portal.values.fields import label_of
from portal.words import _

BOXES: Final = (*FIELDS, "note")


@get("/profile")
async def profile(request: HTMXRequest) -> Response[str]:
    """The page; what is one person's own is in their account."""
    return await _page(request, sent=None, errors={})


@post("/profile", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_mailing(request: HTMXRequest) -> Answer:
    """Keep where documents go, and in which language they are."""
    own, sent = await Own.of(request), await texts(request)
    try:
        mailing = parse_boxes(Mailing, sent)
        await actions.change_mailing(own.actor, own.cloud, _number(own), mailing)
    except Invalid as invalid:
        return await _page(request, sent=sent, errors=invalid.fields)
    return redirect(request, own.path, _("Saved."))


@in_snapshot
async def _page(
    request: HTMXRequest, *, sent: Mapping[str, str] | None, errors: Mapping[str, str]
) -> Response[str]:
    own = await Own.of(request)
    row = await subscribers.get(own.actor, own.cloud, _number(own))
    return await profile_page(
        request,
        own,
        "subscriber/profile.html",
        "mailing",
        kept=texts_of(Mailing, row, person_of(request).locale),
        sent=sent,
        errors=errors,
        row=row,
        account_name=row.name,
        asked=await details.latest(own.actor, own.cloud, row.number),
        contact=await subscriber_dashboard.contact(own.actor),
        languages=languages.names(),
    )


@get("/profile/details", guards=WRITERS)
async def ask_details(request: HTMXRequest) -> Response[str]:
    """The form, with what stands on documents now."""
    own = await Own.of(request)
    row = await subscribers.get(own.actor, own.cloud, _number(own))
    values = {
        "name": row.name,
        "address": "\n".join(row.address),
        "tax_number": row.tax_number,
        "note": "",
    }
    return await _form(request, own, values, {})


@post("/profile/details", guards=WRITERS, status_code=HTTPStatus.OK)
async def send_details(request: HTMXRequest) -> Answer:
    """Ask the operator for it."""
    own, sent = await Own.of(request), await texts(request)
    try:
        wanted = parse_boxes(WantedDetails, sent)
        act = partial(actions.ask, own.actor, own.cloud, _number(own), wanted)
        await done_once(request, partial(act, now=books_now(request)))
    except Invalid as invalid:
        return await _form(request, own, sent, invalid.fields)
    told = _("%(operator)s is asked. Documents change once it has confirmed.")
    return redirect(request, own.path, told % {"operator": own.cloud.name})


@post("/profile/details/withdraw", guards=WRITERS, status_code=HTTPStatus.OK)
async def withdraw_details(request: HTMXRequest) -> Answer:
    """Take it back; a second click finds it taken back."""
    own = await Own.of(request)
    try:
        await actions.withdraw(own.actor, own.cloud, _number(own))
    except Conflict as conflict:
        return redirect(request, own.path, Toast(conflict.message, "info"))
    return redirect(request, own.path, _("The request is withdrawn."))


async def _form(
    request: HTMXRequest, own: Own, values: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    return form_page(
        request,
        "subscriber/details.html",
        crumbs=own.crumbs,
        path=f"{own.path}/details",
        back=own.path,
        operator=own.cloud.name,
        note_max=NOTE_MAX,
        labels={name: label_of(name) for name in BOXES},
        values=dict(values),
        errors=dict(errors),
    )


def _number(own: Own) -> int:
    """The number of the subscriber; only its people have this portal."""
    number = own.account.subscriber
    assert number is not None, "the portal's guard lets subscribers in alone"
    return number


PROFILE: Final = (profile, change_mailing, ask_details, send_details, withdraw_details)
