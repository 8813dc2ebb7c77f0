"""Another tariff for a camera, and another subscriber: forms that say what the month comes to."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import Period, local_date
from portal.billing.why.explanation import Once
from portal.books.queries import camera_changes, camera_terms
from portal.books.queries.camera_changes import TariffPreview
from portal.customers.actions import tariff_changes
from portal.customers.forms.tariff_change import CameraMove, TariffChange
from portal.customers.queries import cameras
from portal.customers.queries.cameras import Camera
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.kit.forms.nested import intent_of
from portal.routes.accounts.auth import Answer
from portal.routes.format import month_alone
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, fragment, is_partial, redirect
from portal.routes.reading import get
from portal.routes.shared.cameras.suspension import camera_id, page_of
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.sending import made_once
from portal.values import dates
from portal.values.amounts import money, price
from portal.words import _

WRITERS: Final = [requires(Permission.SUBSCRIPTIONS_WRITE)]
MOVERS: Final = [requires(Permission.SUBSCRIPTIONS_WRITE, Permission.CAMERAS_WRITE)]
LABELS: Final = {
    "tariff": _("Tariff"),
    "subscriber": _("Subscriber"),
    "starts_on": _("From"),
}


@get("/camera/tariff", guards=WRITERS)
async def ask_tariff(request: HTMXRequest) -> Response[str]:
    """Which tariff, from when, and what the month comes to.

    "?tariff=" proposes one; without it that is the cheapest on which the camera has no more than is
    sold, where it has more now.
    """
    scope, camera = await _camera_of(request)
    values = {
        "tariff": request.query_params.get("tariff") or await _fitting(request, scope, camera),
        "starts_on": _today(request, scope).isoformat(),
    }
    return await _page(request, scope, camera, values, moves=False)


@post("/camera/tariff", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_tariff(request: HTMXRequest) -> Answer:
    """Show what it comes to ("intent=recalculate"), or do it."""
    scope, camera = await _camera_of(request)
    sent = await texts(request)
    if not intent_of(sent).saves:
        return await _page(request, scope, camera, sent, moves=False)
    try:
        wanted = parse_texts(TariffChange, await _typed(scope, sent, TariffChange))
        act = partial(tariff_changes.change_tariff, scope.actor, scope.cloud, camera.external_id)
        made = await made_once(request, partial(act, wanted), page_of(scope, camera))
    except (Invalid, Conflict) as wrong:
        return await _page(request, scope, camera, sent, moves=False, wrong=wrong)
    said = _("%(name)s is on %(tariff)s from %(day)s.") % {
        "name": camera.name,
        "tariff": made.tariff,
        "day": dates.day(wanted.starts_on),
    }
    return redirect(request, page_of(scope, camera), said)


@get("/camera/move", guards=MOVERS)
async def ask_move(request: HTMXRequest) -> Response[str]:
    """Whose it will be, from when, and on which tariff."""
    scope, camera = await _camera_of(request)
    values = {
        "subscriber": request.query_params.get("subscriber", ""),
        "tariff": request.query_params.get("tariff", ""),
        "starts_on": _today(request, scope).isoformat(),
    }
    return await _page(request, scope, camera, values, moves=True)


@post("/camera/move", guards=MOVERS, status_code=HTTPStatus.OK)
async def move(request: HTMXRequest) -> Answer:
    """Show what it comes to ("intent=recalculate"), or do it."""
    scope, camera = await _camera_of(request)
    sent = await texts(request)
    if not intent_of(sent).saves:
        return await _page(request, scope, camera, sent, moves=True)
    try:
        wanted = parse_texts(CameraMove, await _typed(scope, sent, CameraMove))
        act = partial(tariff_changes.move, scope.actor, scope.cloud, camera.external_id)
        moved = partial(act, wanted, now=books_now(request))
        made = await made_once(request, moved, page_of(scope, camera))
    except (Invalid, Conflict) as wrong:
        return await _page(request, scope, camera, sent, moves=True, wrong=wrong)
    said = _("%(name)s is customer %(number)s's from %(day)s.") % {
        "name": camera.name,
        "number": made.subscriber,
        "day": dates.day(wanted.starts_on),
    }
    return redirect(request, page_of(scope, camera), said)


async def _camera_of(request: HTMXRequest) -> tuple[CloudScope, Camera]:
    """The camera that the address names. Raises `NotFound`."""
    scope = await CloudScope.of(request)
    return scope, await cameras.get(scope.actor, scope.cloud, camera_id(request))


async def _fitting(request: HTMXRequest, scope: CloudScope, camera: Camera) -> str:
    """The code of the tariff that cures an excess of this month; "" where none is to be cured."""
    now = books_now(request)
    month = Period.of(local_date(now, scope.zone))
    terms = await camera_terms.get(scope.actor, scope.cloud, camera.external_id, month, now=now)
    return terms.cure.code if terms.cure is not None and terms.open_excess else ""


def _today(request: HTMXRequest, scope: CloudScope) -> date:
    return local_date(books_now(request), scope.zone)


async def _typed(
    scope: CloudScope, sent: Mapping[str, str], form: type[TariffChange | CameraMove]
) -> dict[str, str]:
    """What was typed, with the codes and numbers that names mean. Raises `Invalid`."""
    meant = dict(sent)
    kinds = ("tariff",) if form is TariffChange else ("tariff", "subscriber")
    for kind in kinds:
        meant[kind] = await chosen(scope, kind, sent.get(kind, ""), kind) or ""
    return {name: meant.get(name, "") for name in (*kinds, "starts_on")}


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    camera: Camera,
    values: Mapping[str, str],
    *,
    moves: bool,
    wrong: Invalid | Conflict | None = None,
) -> Response[str]:
    """The form, with what the month comes to as far as it is filled in; `wrong` is a refusal."""
    sentences, problem = await _preview(scope, camera, values, moves=moves, request=request)
    invalid = wrong if isinstance(wrong, Invalid) else None
    errors = _errors(wrong)
    context: dict[str, Any] = {
        "title": (_("Move %(name)s") if moves else _("Change the tariff of %(name)s"))
        % {"name": camera.name or camera.external_id},
        "camera": camera,
        "scope": scope,
        "moves": moves,
        "path": scope.at("camera", "move" if moves else "tariff", id=camera.external_id),
        "back": page_of(scope, camera),
        "values": values,
        "labels": LABELS,
        "tariffs": await choice_of(scope, "tariff", _about(invalid, "tariff")),
        "subscribers": await choice_of(scope, "subscriber", _about(invalid, "subscriber"))
        if moves
        else None,
        "sentences": sentences,
        "problem": problem,
    }
    if wrong is None and is_partial(request) and request.method == "POST":
        return fragment(request, "shared/customers/camera_change.html", "computed", **context)
    return form_page(request, "shared/customers/camera_change.html", errors=errors, **context)


def _errors(wrong: Invalid | Conflict | None) -> dict[str, str]:
    """Messages by field; one without a field stands at the day."""
    if wrong is None:
        return {}
    return dict(wrong.fields) or {"starts_on": wrong.message}


def _about(invalid: Invalid | None, field: str) -> Invalid | None:
    return invalid if invalid is not None and field in invalid.fields else None


async def _preview(
    scope: CloudScope,
    camera: Camera,
    values: Mapping[str, str],
    *,
    moves: bool,
    request: HTMXRequest,
) -> tuple[list[str], str]:
    """What the month comes to in sentences, or why it cannot be said yet."""
    try:
        meant = await _typed(scope, values, TariffChange)
        wanted = parse_texts(TariffChange, meant)
        found = await camera_changes.preview_tariff(
            scope.actor,
            scope.cloud,
            camera.external_id,
            wanted.tariff,
            wanted.starts_on,
            moves=moves,
        )
    except Invalid as invalid:
        filled = values.get("tariff") and values.get("starts_on")
        return [], "; ".join(map(str, invalid.fields.values())) if filled else ""
    return _sentences(found, person_of(request).locale), ""


def _sentences(found: TariffPreview, locale: str) -> list[str]:
    """Example: "November: 9,90 × 15⁄30 + 17,90 × 15⁄30 = 13,90"."""
    parts = []
    for reason, amount in found.parts:
        if isinstance(reason, Once):
            told = {"amount": money(amount, found.currency, locale)}
            parts.append(_("%(amount)s set-up") % told)
        else:
            paid = price(reason.price, found.currency, locale)
            parts.append(f"{paid} × {reason.days}⁄{reason.of}")
    told = {
        "month": month_alone(found.period.start, locale),
        "parts": " + ".join(map(str, parts)) or price(found.after, found.currency, locale),
        "total": money(found.total, found.currency, locale),
    }
    sentences = [_("%(month)s: %(parts)s = %(total)s") % told]
    if found.before is not None:
        difference = found.after - found.before
        sign = "+" if difference >= 0 else ""
        facts = {
            "before": price(found.before, found.currency, locale),
            "after": price(found.after, found.currency, locale),
            "difference": f"{sign}{price(difference, found.currency, locale)}",
        }
        sentences.append(
            _("A full month: %(after)s instead of %(before)s (%(difference)s)") % facts
        )
    return [*sentences, _("Before discount and tax, without usage beyond what is included.")]
