"""What a camera has beyond its tariff: accepting it with a reason, and setting its preset anew."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import Period, local_date
from portal.billing.why.excess import DEPTH
from portal.books.queries import camera_terms
from portal.customers.actions import excess as actions
from portal.customers.forms.excess import NewExcess
from portal.customers.queries import cameras
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.format import day, number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, redirect
from portal.routes.reading import get
from portal.routes.shared.cameras.readings import METER_NAMES
from portal.routes.shared.cameras.suspension import camera_id, page_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.watcher.actions.provisioning.asking import bring_now
from portal.words import _

WRITERS: Final = [requires(Permission.CAMERAS_WRITE)]
LEADERS: Final = [requires(Permission.CONNECTIONS_WRITE)]


@get("/camera/excess", guards=WRITERS)
async def ask_excess(request: HTMXRequest) -> Response[str]:
    """Ask for the reason, or with "?withdraw=on" whether to be told again."""
    return await _page(request, {})


@post("/camera/excess", guards=WRITERS, status_code=HTTPStatus.OK)
async def accept_excess(request: HTMXRequest) -> Answer:
    """Accept that the camera has more of "?meter=", or with "?withdraw=on" tell of it again."""
    scope = await CloudScope.of(request)
    external_id, sent = camera_id(request), await texts(request)
    camera = await cameras.get(scope.actor, scope.cloud, external_id)
    meter, now = request.query_params.get("meter", ""), books_now(request)
    back = page_of(scope, camera)
    if request.query_params.get("withdraw"):
        try:
            await actions.withdraw(scope.actor, scope.cloud, external_id, meter, now=now)
        except NotFound as gone:  # the second click
            return redirect(request, back, Toast(gone.message, "info"))
        return redirect(request, back, _("It is told of again."))
    try:
        new = parse_texts(NewExcess, {"meter": meter, "reason": sent.get("reason", "")})
        await actions.accept(scope.actor, scope.cloud, external_id, new, now=now)
    except Invalid as invalid:
        return await _page(request, dict(invalid.fields), sent.get("reason", ""))
    except Conflict as wrong:
        return redirect(request, back, Toast(wrong.message, "info"))
    return redirect(request, back, _("Accepted. Nobody is told of it any more."))


async def _page(request: HTMXRequest, errors: dict[str, str], reason: str = "") -> Response[str]:
    scope = await CloudScope.of(request)
    camera = await cameras.get(scope.actor, scope.cloud, camera_id(request))
    meter = request.query_params.get("meter", "")
    withdraws = bool(request.query_params.get("withdraw"))
    words = {"id": camera.external_id, "meter": meter, "withdraw": "on" if withdraws else None}
    back = page_of(scope, camera)
    name = camera.name or camera.external_id
    question = _("Accept that this camera has more than its tariff includes?")
    if withdraws:
        question = _("Tell again that this camera has more than its tariff includes?")
    return confirm(
        request,
        title=_("Withdraw") if withdraws else _("Accept for this camera"),
        crumbs=(*scope.above, (_("Cameras"), scope.at("cameras")), (name, back)),
        question=question,
        facts=[(_("Camera"), name), (_("Meter"), METER_NAMES.get(meter, meter))],
        action=scope.at("camera", "excess", **words),
        cancel=back,
        errors=errors,
        template="shared/customers/excess.html",
        withdraws=withdraws,
        reason=reason,
    )


@get("/camera/preset", guards=LEADERS)
async def ask_preset(request: HTMXRequest) -> Response[str]:
    """Ask before the preset of a camera's tariff is set in Watcher."""
    scope = await CloudScope.of(request)
    camera = await cameras.get(scope.actor, scope.cloud, camera_id(request))
    back, name = page_of(scope, camera), camera.name or camera.external_id
    now, locale = books_now(request), person_of(request).locale
    today = local_date(now, scope.zone)
    terms = await camera_terms.get(
        scope.actor, scope.cloud, camera.external_id, Period.of(today), now=now
    )
    facts, deleted = [(_("Camera"), name)], []
    for one in terms.open_excess:
        if not one.service.meter.endswith(DEPTH):
            continue
        told = {"has": number(one.has, locale), "sold": number(one.sold, locale)}
        first = today - timedelta(days=int(one.sold))
        label = METER_NAMES.get(one.service.meter, one.service.meter)
        facts.append((label, _("%(has)s days kept, %(sold)s sold") % told))
        deleted.append(_("Archive from before %(day)s is deleted.") % {"day": day(first, locale)})
    return confirm(
        request,
        title=_("Set the preset"),
        crumbs=(*scope.above, (_("Cameras"), scope.at("cameras")), (name, back)),
        question=_("Set the preset of this camera to what its tariff includes?"),
        facts=facts,
        warnings=deleted or [_("Watcher deletes archive that is older than the preset allows.")],
        action=scope.at("camera", "preset", id=camera.external_id),
        cancel=back,
    )


@post("/camera/preset", guards=LEADERS, status_code=HTTPStatus.OK)
async def set_preset(request: HTMXRequest) -> Answer:
    """Have it set within a minute."""
    scope = await CloudScope.of(request)
    camera = await cameras.get(scope.actor, scope.cloud, camera_id(request))
    back = page_of(scope, camera)
    try:
        queue = request.app.state.queue
        await bring_now(scope.actor, scope.cloud, camera.external_id, queue=queue)
    except Conflict as wrong:
        return redirect(request, back, Toast(wrong.message, "error"))
    return redirect(request, back, _("Watcher is told within a minute."))
