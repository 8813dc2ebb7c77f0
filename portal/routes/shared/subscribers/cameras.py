"""What is done to several cameras of a customer at once: another tariff, or the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions import tariff_changes
from portal.customers.forms.tariff_change import CAMERAS_MAX, ServiceEnd, TariffChange
from portal.customers.queries.subscribers import Subscriber
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.form import parse_texts
from portal.kit.forms.nested import INTENT
from portal.overview.queries import customer, offers
from portal.routes.accounts.auth import Answer
from portal.routes.format import day as day_text
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, form_page, redirect
from portal.routes.selection import EVERYTHING, Picked, picked
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.sending import made_once
from portal.routes.shared.subscribers.new import TARIFFS_MAX
from portal.routes.shared.subscribers.paths import crumbs_to, named, page_path
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.SUBSCRIPTIONS_WRITE)]
TARIFF: Final = "tariff"
END: Final = "end"
SAVE: Final = "-save"
BYTES_MAX: Final = 65_536
"""Of a page of cameras whose ids are long."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cameras that were chosen of a customer, and what is to be done to them."""

    scope: CloudScope
    row: Subscriber
    cameras: Sequence[str]
    deed: str
    picked: Picked


@post(
    "/subscribers/{number:str}/cameras/selected",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=BYTES_MAX,
)
async def cameras_selected(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Ask for the tariff and the day, then do it: to all of them or to none."""
    scope, row = await named(request, number)
    sent = await texts(request)
    found, path = picked(sent), page_path(scope, row.number)
    if found.intent == EVERYTHING:
        return redirect(request, f"{path}?{EVERYTHING}=on")
    deed = found.intent.removesuffix(SAVE)
    if deed not in {TARIFF, END}:
        raise NotFound(_("There is nothing at this address."))
    own = set(await customer.external_ids(scope.actor, scope.cloud, row.id, CAMERAS_MAX + 1))
    cameras = sorted(own) if found.everything else [key for key in found.keys if key in own]
    if not cameras:
        return redirect(request, path, Toast(_("Select at least one camera."), "error"))
    chosen = Chosen(scope, row, cameras, deed, found)
    if not found.intent.endswith(SAVE):
        return await _page(request, chosen, {}, {})
    try:
        act = partial(
            tariff_changes.change_many, scope.actor, scope.cloud, cameras, _wanted(deed, sent)
        )
        count = await made_once(request, partial(act, now=books_now(request)), path)
    except (Invalid, Conflict) as wrong:
        return await _page(request, chosen, sent, wrong.fields or {"cameras": wrong.message})
    told = ngettext("%(count)s camera is changed.", "%(count)s cameras are changed.", count)
    return redirect(request, path, told % {"count": count})


def _wanted(deed: str, sent: Mapping[str, str]) -> TariffChange | ServiceEnd:
    """What is to be done. Raises `Invalid`."""
    if deed == END:
        return parse_texts(ServiceEnd, {"ends_on": sent.get("ends_on", "")})
    fields = {"tariff": sent.get("tariff", ""), "starts_on": sent.get("starts_on", "")}
    return parse_texts(TariffChange, fields)


async def _page(
    request: HTMXRequest, chosen: Chosen, values: Mapping[str, str], errors: Mapping[str, str]
) -> Answer:
    scope, row = chosen.scope, chosen.row
    begin = await offers.beginning(
        scope.actor, scope.cloud, now=books_now(request), limit=TARIFFS_MAX
    )
    today = begin.today.isoformat()
    path = page_path(scope, row.number)
    return form_page(
        request,
        "shared/subscribers/selected_cameras.html",
        errors=errors,
        count=len(chosen.cameras),
        ends=chosen.deed == END,
        crumbs=crumbs_to(scope, row),
        hidden={**chosen.picked.boxes, INTENT: chosen.deed + SAVE},
        action=f"{path}/cameras/selected",
        back=path,
        values={"starts_on": today, "ends_on": today, **values},
        tariffs=[(one.value, one.label) for one in begin.tariffs],
        first=day_text(begin.first, person_of(request).locale) if begin.first else "",
    )
