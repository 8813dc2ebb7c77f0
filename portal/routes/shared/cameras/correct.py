"""Correcting what was read of a camera's day: the form, and what the correction will change."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import local_date, parse_day
from portal.books.queries import camera_changes
from portal.books.queries.camera_changes import CorrectionEffect
from portal.catalog.queries import meters
from portal.catalog.queries.meters import Meter
from portal.customers.queries import cameras
from portal.customers.queries.cameras import Camera
from portal.errors import Invalid
from portal.kit.forms.form import parse
from portal.routes.accounts.auth import Answer
from portal.routes.format import day as day_text
from portal.routes.format import month, number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.cameras.readings import METER_NAMES, UNITS
from portal.routes.shared.cameras.suspension import camera_id, page_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import done_once
from portal.usage.actions import usage
from portal.usage.forms.correction import NewCorrection
from portal.values.amounts import money
from portal.values.typed import decimal_text
from portal.words import _

WRITERS: Final = [requires(Permission.USAGE_WRITE)]
FIELDS: Final = ("day", "meter", "quantity", "reason")
LABELS: Final = {
    "day": _("Day"),
    "meter": _("Meter"),
    "quantity": _("Value"),
    "reason": _("Reason"),
}


@get("/camera/correct", guards=WRITERS)
async def ask_correction(request: HTMXRequest) -> Response[str]:
    """Which day of which meter, what it should be, and why."""
    scope, camera = await _camera_of(request)
    query = request.query_params
    day = query.get("day", "") or local_date(books_now(request), scope.zone).isoformat()
    return await _page(request, scope, camera, {"day": day, "meter": query.get("meter", "")}, {})


@post("/camera/correct", guards=WRITERS, status_code=HTTPStatus.OK)
async def correct(request: HTMXRequest) -> Answer:
    """Say what it changes, and once that is confirmed do it."""
    scope, camera = await _camera_of(request)
    sent = await texts(request)
    values = {name: sent.get(name, "") for name in FIELDS}
    try:
        wanted = await _parsed(request, scope, camera, values)
        if sent.get("confirmed"):
            row = {name: getattr(wanted, name) for name in (*FIELDS, "camera", "connection")}
            row["day"] = wanted.day.isoformat()
            act = partial(usage.correct, scope.actor, scope.cloud, row, now=books_now(request))
            await done_once(request, act)
        else:
            effect = await camera_changes.correction_effect(scope.actor, scope.cloud, wanted)
            meter = next(one for one in await _meters(scope) if one.key == wanted.meter)
            return _confirm(request, scope, camera, values, effect=effect, meter=meter)
    except Invalid as invalid:
        return await _page(request, scope, camera, values, dict(invalid.fields))
    back = page_of(scope, camera)
    return redirect(request, f"{back}&month={wanted.day:%Y-%m}", _("The day is corrected."))


async def _camera_of(request: HTMXRequest) -> tuple[CloudScope, Camera]:
    scope = await CloudScope.of(request)
    return scope, await cameras.get(scope.actor, scope.cloud, camera_id(request))


async def _meters(scope: CloudScope) -> list[Meter]:
    return await meters.list_page(scope.actor, limit=200)


async def _parsed(
    request: HTMXRequest, scope: CloudScope, camera: Camera, values: Mapping[str, str]
) -> NewCorrection:
    """What was typed, in base units; the day is over or today. Raises `Invalid` by field."""
    problems: dict[str, str] = {}
    known = {one.key: one for one in await _meters(scope)}
    meter = known.get(values["meter"])
    if meter is None:
        problems["meter"] = _("choose a meter")
    quantity = 0
    try:
        quantity = _base(values["quantity"], meter)
    except Invalid as wrong:
        problems |= wrong.fields
    try:
        day = parse_day(values["day"])
        if day > local_date(books_now(request), scope.zone):
            problems["day"] = _("has not come yet")
    except Invalid as wrong:
        problems |= wrong.fields
    if not values["reason"].strip():
        problems["reason"] = _("is required")
    if problems:
        raise Invalid(problems)
    data = {**values, "quantity": quantity, "camera": camera.external_id}
    return parse(NewCorrection, data)


def _base(text: str, meter: Meter | None) -> int:
    """A typed value of the meter's shown unit in base units. Raises `Invalid`."""
    field = "quantity"
    try:
        value = Decimal(decimal_text(text, field))
    except InvalidOperation:
        raise Invalid({field: _("must be a number")}) from None
    _unit, size = UNITS.get(meter.base_unit, ("", 1)) if meter else ("", 1)
    base = value * size
    if not value.is_finite() or value < 0:
        raise Invalid({field: _("must not be negative")})
    if base != base.to_integral_value():
        unit = meter.base_unit if meter else ""
        raise Invalid({field: _("is too exact: at most whole %(unit)s") % {"unit": unit}})
    return int(base)


def _label(meter: Meter) -> str:
    """The meter with the unit that its value is typed in: "Archive stored (GB)"."""
    name = METER_NAMES.get(meter.key, meter.key)
    unit, _size = UNITS.get(meter.base_unit, (meter.base_unit, 1))
    return f"{name} ({_('1 or 0') if unit == 'flag' else unit})"


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    camera: Camera,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response[str]:
    rank = list(METER_NAMES)
    known = sorted(
        await _meters(scope),
        key=lambda one: (rank.index(one.key) if one.key in rank else len(rank), one.key),
    )
    return form_page(
        request,
        "shared/customers/camera_correct.html",
        camera=camera,
        scope=scope,
        path=scope.at("camera", "correct", id=camera.external_id),
        back=page_of(scope, camera),
        meters=[(one.key, _label(one)) for one in known],
        values=values,
        errors=errors,
        labels=LABELS,
    )


def _confirm(
    request: HTMXRequest,
    scope: CloudScope,
    camera: Camera,
    values: Mapping[str, str],
    *,
    effect: CorrectionEffect,
    meter: Meter,
) -> Response[str]:
    locale = person_of(request).locale
    back, name = page_of(scope, camera), camera.name or camera.external_id
    facts: list[tuple[str, Any]] = [
        (_("Camera"), name),
        (_("Day"), day_text(effect.day, locale)),
        (_("Meter"), METER_NAMES.get(meter.key, meter.key)),
        (_("Value now"), number(_shown(effect.before, meter), locale)),
        (_("Value then"), number(_shown(effect.after, meter), locale)),
        (_("Charged to the subscriber"), _about(effect.retail, effect.currency, locale)),
        (_("Paid to the platform"), _about(effect.wholesale, effect.currency, locale)),
        (_("Reason"), values["reason"]),
    ]
    told = {"month": month(effect.period.start, locale)}
    warning = _("%(month)s is not closed yet: its close uses the new value.")
    if effect.closed:
        warning = _(
            "%(month)s is closed. The next close corrects it by about these amounts, before"
            " discount; documents that are issued stay as they are."
        )
    return confirm(
        request,
        title=_("Correct usage"),
        crumbs=(*scope.above, (_("Cameras"), scope.at("cameras")), (name, back)),
        question=_("Correct what was read on this day?"),
        facts=facts,
        warnings=[warning % told],
        action=scope.at("camera", "correct", id=camera.external_id),
        cancel=back,
        values={**values, "confirmed": "on"},
    )


def _shown(base: int | None, meter: Meter) -> Decimal | None:
    """Base units as they are typed: bytes in GB, seconds in hours."""
    _unit, size = UNITS.get(meter.base_unit, ("", 1))
    return None if base is None else Decimal(base) / size


def _about(minor: int, currency: str, locale: str) -> str:
    if not minor:
        return _("No change")
    sign = "+" if minor > 0 else ""
    return _("about %(amount)s") % {"amount": f"{sign}{money(minor, currency, locale)}"}
