"""Differences by subscriber: a camera's value once, with its highest kind, and what cures them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.billing.period import Period, local_date
from portal.billing.reconciliation import Difference, Kind, total_worth
from portal.books.queries import camera_terms
from portal.customers.actions import tariff_changes
from portal.customers.forms.tariff_change import TariffChange
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.listing import Column
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import chosen_month
from portal.routes.shared.sending import made_once
from portal.watcher.queries import owners
from portal.watcher.queries import reconciliation as reads
from portal.words import _, ngettext

CHANGERS: Final = [requires(Permission.CONNECTIONS_READ, Permission.SUBSCRIPTIONS_WRITE)]
CURED_BY_TARIFF: Final = frozenset({Kind.PRESET_DIFFERS, Kind.DEPTH_ABOVE_PRESET})
CAMERAS_MAX: Final = 150
"""Of one change: as many as a form holds."""
ASKED_MAX: Final = 8
"""Cameras of which the fitting tariff is worked out."""
CAMERA: Final = "camera-"
COLUMNS: Final = (
    Column(_("Customer"), of="name"),
    Column(_("Number"), of="number", kind="number", only_file=True),
    Column(_("Cameras"), of=lambda group: len(group.cameras), kind="number", wide=True, fact=True),
    Column(_("Differences"), of="count", kind="number", wide=True, fact=True),
    Column(_("Value"), of="worth", kind="money"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A subscriber's differences; `number` None: of cameras without one, or of no camera.

    `cameras` are theirs, each with what it comes to. `cures` are what to do, (label, path) each.
    """

    number: int | None
    name: str
    href: str
    cameras: Sequence[tuple[str, str, int]]
    count: int
    worth: int
    cures: Sequence[tuple[str, str]]


async def groups_of(
    scope: CloudScope, differences: Sequence[Difference], month: str
) -> list[Group]:
    """By subscriber, the most valuable first. What is accepted is quiet and left out."""
    loud = [one for one in differences if not one.accepted]
    names = {one.camera for one in loud if one.camera is not None}
    whose = await owners.of_cameras(scope.actor, scope.cloud, names)
    parts: dict[int | None, list[Difference]] = defaultdict(list)
    called: dict[int | None, str] = {None: _("Without a subscriber")}
    for one in loud:
        number, name = whose.get(one.camera or "", (None, ""))
        parts[number].append(one)
        if number is not None:
            called[number] = name
    found = [_group(scope, number, called[number], of, month) for number, of in parts.items()]
    return sorted(found, key=lambda group: (-group.worth, group.number or 0))


def _group(
    scope: CloudScope, number: int | None, name: str, of: Sequence[Difference], month: str
) -> Group:
    by_camera: dict[str, list[Difference]] = defaultdict(list)
    for one in of:
        if one.camera is not None:
            by_camera[one.camera].append(one)
    cameras = [
        (camera, scope.at("camera", id=camera, month=month), total_worth(theirs))
        for camera, theirs in sorted(by_camera.items())
    ]
    href = scope.at("subscribers", number) if number is not None else ""
    return Group(
        number, name, href, cameras, len(of), total_worth(of), _cures(scope, number, of, month)
    )


def _cures(
    scope: CloudScope, number: int | None, of: Sequence[Difference], month: str
) -> list[tuple[str, str]]:
    kinds = {one.kind for one in of}
    found: list[tuple[str, str]] = []
    curable = {one.camera for one in of if one.kind in CURED_BY_TARIFF}
    if number is not None and curable and can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
        count = len(curable)
        label = ngettext(
            "Change tariff of %(count)s camera", "Change tariff of %(count)s cameras", count
        )
        path = scope.at("watcher", "reconciliation", "tariff", subscriber=number, month=month)
        found.append((label % {"count": count}, path))
    if Kind.NOT_MAPPED in kinds:
        found.append((_("Map"), scope.mappings))
    if Kind.DAY_NOT_READ in kinds:
        found.append((_("Readings"), scope.path))
    return found


@get("/reconciliation/tariff", guards=CHANGERS)
async def ask_tariff(request: HTMXRequest) -> Response[str]:
    """Which cameras of "?subscriber=" would change their tariff, to which, and from when."""
    scope = await CloudScope.of(request)
    today = local_date(books_now(request), scope.zone)
    return await _form(request, scope, {"starts_on": today.isoformat()})


@post("/reconciliation/tariff", guards=CHANGERS, status_code=HTTPStatus.OK)
async def change_tariffs(request: HTMXRequest) -> Answer:
    """Change all that were listed, or none."""
    scope, sent = await CloudScope.of(request), await texts(request)
    names = [text for name, text in sent.items() if name.startswith(CAMERA)][:CAMERAS_MAX]
    try:
        tariff = await chosen(scope, "tariff", sent.get("tariff", ""), "tariff") or ""
        fields = {"tariff": tariff, "starts_on": sent.get("starts_on", "").strip()}
        wanted = parse_texts(TariffChange, fields)
        act = partial(tariff_changes.change_many, scope.actor, scope.cloud, names, wanted)
        count = await made_once(request, partial(act, now=books_now(request)), scope.reconciliation)
    except Invalid as invalid:
        return await _form(request, scope, sent, invalid)
    except Conflict as conflict:
        return await _form(request, scope, sent, Invalid({"starts_on": conflict.message}))
    said = ngettext(
        "%(count)s camera is on %(tariff)s.", "%(count)s cameras are on %(tariff)s.", count
    )
    return redirect(request, scope.reconciliation, said % {"count": count, "tariff": tariff})


async def _form(
    request: HTMXRequest,
    scope: CloudScope,
    values: Mapping[str, str],
    wrong: Invalid | None = None,
) -> Response[str]:
    month = await chosen_month(request, scope.cloud)
    found = await reads.get(scope.actor, scope.cloud, month.period, now=books_now(request))
    of = [one for one in found.differences if one.kind in CURED_BY_TARIFF and not one.accepted]
    whose = await owners.of_cameras(scope.actor, scope.cloud, {one.camera or "" for one in of})
    number = request.query_params.get("subscriber", "")
    theirs = [one for one in of if str(whose.get(one.camera or "", ("", ""))[0]) == number]
    cameras = sorted({one.camera for one in theirs if one.camera is not None})[:CAMERAS_MAX]
    if "tariff" not in values:
        values = {**values, "tariff": await _fitting(request, scope, cameras)}
    return scope.page(
        request,
        "change_tariffs.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        cameras=cameras,
        customer=whose[cameras[0]][1] if cameras else "",
        worth=total_worth(theirs),
        currency=found.currency,
        choice=await choice_of(scope, "tariff", wrong),
        action=scope.at(
            "watcher", "reconciliation", "tariff", subscriber=number, month=month.period.key
        ),
        values=values,
        errors={} if wrong is None else wrong.fields,
    )


async def _fitting(request: HTMXRequest, scope: CloudScope, cameras: Sequence[str]) -> str:
    """The tariff that cures most of the cameras; of so many only the first are asked."""
    now = books_now(request)
    month = Period.of(local_date(now, scope.zone))
    codes: Counter[str] = Counter()
    for one in cameras[:ASKED_MAX]:
        terms = await camera_terms.get(scope.actor, scope.cloud, one, month, now=now)
        if terms.cure is not None:
            codes[terms.cure.code] += 1
    return codes.most_common(1)[0][0] if codes else ""
