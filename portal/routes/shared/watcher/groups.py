"""Differences by subscriber: a camera's value once, with its highest kind, and what cures them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.billing.period import Period, local_date
from portal.billing.reconciliation import total_worth
from portal.books.queries import camera_terms
from portal.customers.actions import tariff_changes
from portal.customers.forms.tariff_change import TariffChange
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.listing import FILE_ROWS, Column
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import chosen_month
from portal.routes.shared.sending import made_once
from portal.watcher.queries import reconciliation as reads
from portal.watcher.queries.reconciliation import Filters, Sight
from portal.words import _, ngettext

CHANGERS: Final = [requires(Permission.CONNECTIONS_READ, Permission.SUBSCRIPTIONS_WRITE)]
GROUPS_SHOWN: Final = 20
"""Customers that the page tells of; a file has all."""
CAMERAS_MAX: Final = 150
"""Of one change: as many as a form holds."""
ASKED_MAX: Final = 8
"""Cameras of which the fitting tariff is worked out."""
CAMERA: Final = "camera-"
COLUMNS: Final = (
    Column(_("Customer"), of="name"),
    Column(_("Number"), of="found.number", kind="number", only_file=True),
    Column(_("Cameras"), of="found.all_cameras", kind="number", wide=True, fact=True),
    Column(_("Differences"), of="found.count", kind="number", wide=True, fact=True),
    Column(_("Value"), of="found.worth", kind="money"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A customer's differences, their page, and what to do, (label, path) each.

    `cameras` are some of theirs: name, path and what each comes to.
    """

    found: reads.Group
    name: str
    href: str
    cameras: Sequence[tuple[str, str, int]]
    cures: Sequence[tuple[str, str]]


async def groups_of(
    scope: CloudScope, sight: Sight, which: Filters, month: str, limit: int | None = GROUPS_SHOWN
) -> tuple[list[Group], int]:
    """By customer, the most valuable first, and how many more there are."""
    most = FILE_ROWS if limit is None else limit
    found, total = await reads.groups(scope.actor, sight, which, offset=0, limit=most)
    return [_group(scope, one, month) for one in found], total - len(found)


def _group(scope: CloudScope, of: reads.Group, month: str) -> Group:
    cameras = [
        (name, scope.at("camera", id=name, month=month), worth) for name, worth in of.cameras
    ]
    name = _("Without a subscriber") if of.number is None else of.name
    href = scope.at("subscribers", of.number) if of.number is not None else ""
    return Group(of, name, href, cameras, _cures(scope, of, month))


def _cures(scope: CloudScope, of: reads.Group, month: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    may_change = can(scope.actor, Permission.SUBSCRIPTIONS_WRITE)
    if of.number is not None and of.by_tariff and may_change:
        label = ngettext(
            "Change tariff of %(count)s camera", "Change tariff of %(count)s cameras", of.by_tariff
        )
        path = scope.at("watcher", "reconciliation", "tariff", subscriber=of.number, month=month)
        found.append((label % {"count": of.by_tariff}, path))
    if of.unmapped:
        found.append((_("Map"), scope.mappings))
    if of.unread:
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
    number = request.query_params.get("subscriber", "")
    sight = await reads.look(scope.actor, scope.cloud, month.period, now=books_now(request))
    customer, theirs = await reads.cured_by_tariff(scope.actor, sight, number)
    cameras = sorted({one.camera for one in theirs if one.camera is not None})[:CAMERAS_MAX]
    if "tariff" not in values:
        values = {**values, "tariff": await _fitting(request, scope, cameras)}
    return scope.page(
        request,
        "change_tariffs.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        cameras=cameras,
        customer=customer,
        worth=total_worth(theirs),
        currency=scope.cloud.currency,
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
