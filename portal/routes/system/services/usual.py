"""The six usual services, to be looked over and added at once."""

from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.catalog.actions import price_lists
from portal.catalog.forms.service import NewService
from portal.catalog.forms.usual import USUAL
from portal.catalog.queries import services as reads
from portal.errors import Conflict, Invalid
from portal.kit.forms.nested import flat, nested, parse_nested
from portal.routes.accounts.auth import Answer
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.sending import made_once
from portal.routes.system.services.words import SERVICES, measured_as
from portal.values.pricing import boxes_of_pricing
from portal.words import _

WRITERS: Final = [requires(Permission.SERVICES_WRITE)]
EDITED: Final = ("name", "short", "list_pricing")
ROWS: Final = "services"
KNOWN_MAX: Final = 500


@get("/services/usual", guards=WRITERS)
async def usual(request: HTMXRequest) -> Response[str]:
    """Their names and list prices, each to be edited or left out."""
    known = {one.code for one in await reads.list_page(actor_of(request), limit=KNOWN_MAX)}
    rows = [
        {
            "added": one.code not in known,
            "name": one.name,
            "short": one.short,
            "list_pricing": boxes_of_pricing(one.list_pricing, person_of(request).locale)
            if one.list_pricing
            else {},
        }
        for one in USUAL
    ]
    return _page(request, flat({ROWS: rows}), {})


@post("/services/usual", guards=WRITERS, status_code=HTTPStatus.OK)
async def add_usual(request: HTMXRequest) -> Answer:
    """Add those that are ticked: all of them or none."""
    sent = await texts(request)
    rows = nested(sent).get(ROWS)
    wanted: list[NewService] = []
    wrong: dict[str, str] = {}
    places: dict[str, int] = {}
    for index, proposed in enumerate(USUAL):
        row = rows[index] if isinstance(rows, list) and index < len(rows) else None
        if not isinstance(row, dict) or not row.get("added"):
            continue
        places[proposed.code] = index
        try:
            wanted.append(_edited(proposed, row))
        except Invalid as invalid:
            boxes = {name.replace(".", "-"): text for name, text in invalid.fields.items()}
            wrong |= {f"{ROWS}-{index}-{box}": text for box, text in boxes.items()}
    if not wrong and not wanted:
        wrong = {f"{ROWS}-0-added": _("Tick at least one service.")}
    if wrong:
        return _page(request, sent, wrong)
    try:
        make = partial(price_lists.add_services, actor_of(request), wanted)
        made = await made_once(request, make, SERVICES)
    except Conflict as conflict:
        known = {one.code for one in await reads.list_page(actor_of(request), limit=KNOWN_MAX)}
        taken = [index for code, index in places.items() if code in known]
        return _page(request, sent, {f"{ROWS}-{one}-added": conflict.message for one in taken})
    return redirect(request, SERVICES, _("%(count)s services are added.") % {"count": len(made)})


def _edited(proposed: NewService, row: dict[str, Any]) -> NewService:
    """The proposal with what was edited of it. Raises `Invalid`."""
    kept = {
        name: getattr(proposed, name)
        for name in ("code", "meter", "unit", "unit_plural", "unit_size", "measure")
    }
    edited = {name: row.get(name, "") for name in EDITED}
    return parse_nested(NewService, {**kept, "unit_size": str(proposed.unit_size), **edited})


def _page(request: HTMXRequest, values: dict[str, str], errors: dict[str, str]) -> Response[str]:
    told = [measured_as(one.measure, one.unit_plural or one.unit, one.meter) for one in USUAL]
    return form_page(
        request,
        "system/services/usual.html",
        services=list(zip(USUAL, told, strict=True)),
        values=values,
        errors=errors,
        path=f"{SERVICES}/usual",
        back=SERVICES,
    )
