"""A referral brings a subscriber with one form; the operator looks at it and adds the cameras."""

import re
from http import HTTPStatus
from secrets import token_hex
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions import referred_subscribers as actions
from portal.customers.forms.referred_subscriber import NewReferredSubscriber
from portal.errors import Conflict, Invalid
from portal.kit.forms.boxes import parse_boxes
from portal.kit.queries import tenancy
from portal.overview.queries import referral_offers
from portal.routes.accounts.auth import Answer
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import form_key, texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get, in_snapshot
from portal.routes.referral.paths import NEW, SUBSCRIBERS
from portal.values.fields import label_of
from portal.words import _

BRINGERS: Final = [requires(Permission.SUBSCRIBERS_BRING)]
KEY: Final = re.compile(r"[0-9a-f]{32}")
FIELDS: Final = (
    *("name", "email", "phone", "address", "tax_number"),
    *("wanted", "wanted_tariff", "brought_note", "agreed"),
)


@get("/subscribers/new", guards=BRINGERS)
async def bring_form(request: HTMXRequest) -> Response[str]:
    """The form."""
    return await _page(request, values={}, errors={})


@post("/subscribers/new", guards=BRINGERS, status_code=HTTPStatus.OK)
async def bring(request: HTMXRequest) -> Answer:
    """Take the subscriber on; the same form sent twice is one subscriber."""
    actor, sent = actor_of(request), await texts(request)
    key = await form_key(request)
    if KEY.fullmatch(key) is None:
        key = token_hex(16)
    cloud = await tenancy.own_cloud(actor)
    agreed = sent.get("agreed") == "on"
    try:
        new = parse_boxes(NewReferredSubscriber, sent)
        number = await actions.bring(
            actor, cloud, new, agreed=agreed, key=key, now=books_now(request)
        )
    except Invalid as invalid:
        errors = {**invalid.fields, **({} if agreed else {"agreed": actions.AGREE})}
        return await _page(request, values=sent, errors=errors)
    except Conflict as conflict:
        return await _page(request, values=sent, errors={"name": conflict.message})
    told = _("%(name)s is with the operator. The operator will check it.") % {"name": new.name}
    return redirect(request, f"{SUBSCRIBERS}/{number}", told)


@in_snapshot
async def _page(
    request: HTMXRequest, values: dict[str, str], errors: dict[str, str]
) -> Response[str]:
    person = person_of(request)
    cloud = await tenancy.own_cloud(person.actor)
    return form_page(
        request,
        "referral/new_subscriber.html",
        path=NEW,
        subscribers_path=SUBSCRIBERS,
        values=values,
        errors=errors,
        labels={name: label_of(name) for name in FIELDS},
        offers=await referral_offers.offers(person.actor, cloud, now=books_now(request)),
        currency=cloud.currency,
        operator=cloud.name,
    )
