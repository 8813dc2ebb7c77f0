"""What a cloud's Watchers show and what it stands for: the worklist, and what is mapped."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.errors import Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, is_partial, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.watcher.connections import READERS, WRITERS
from portal.watcher.actions import mappings as actions
from portal.watcher.forms.connection import NewMapping
from portal.watcher.queries import connection_health
from portal.watcher.queries import mappings as reads
from portal.watcher.queries.mappings import STATES, Mapping, Mappings, What
from portal.words import _, joined, ngettext


def says(row: Mapping) -> str:
    """What a preset records: "7 days, motion 30 days, faces"."""
    said: list[str] = []
    if row.continuous_depth_days:
        count = row.continuous_depth_days
        told = ngettext("%(count)s day continuous", "%(count)s days continuous", count)
        said.append(told % {"count": count})
    if row.motion_depth_days:
        count = row.motion_depth_days
        told = ngettext("%(count)s day motion", "%(count)s days motion", count)
        said.append(told % {"count": count})
    said += [name for name, on in ((_("faces"), row.faces), (_("plates"), row.plates)) if on]
    if row.is_deleted:
        said.append(_("deleted in Watcher"))
    return joined(said, ", ")


TARGET: Final[dict[What, str]] = {"organization": "subscriber", "preset": "tariff"}
SAID: Final[dict[What, str]] = {
    "organization": _("Organization %(number)s stands for subscriber %(sent)s."),
    "preset": _("Preset %(number)s stands for tariff %(sent)s."),
}
WHAT: Final[dict[What, str]] = {"organization": _("Organization"), "preset": _("Preset")}
LABELS: Final = tuple(zip(STATES, (_("Waiting"), _("Mapped")), strict=True))
COLUMNS: Final = (
    Column(_("In Watcher"), "title", of="title"),
    Column(_("Kind"), of="what", says=lambda row: WHAT[row.what], only_file=True),
    Column(_("Number"), of="id", kind="number", only_file=True),
    Column(_("Watcher"), of="url", only_file=True),
    Column(_("Records"), of=says, only_file=True),
    Column(_("Cameras"), "cameras", of="cameras", kind="number", wide=True, fact=True),
    Column(
        _("State"),
        of=lambda row: "mapped" if row.is_mapped else "waiting",
        kind="state",
        wide=True,
        fact=True,
    ),
    Column(_("Stands for"), of="target"),
    Column(_("Called"), of="name", only_file=True),
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A choice that was refused: of which row, what was sent, and why."""

    what: What
    id: int
    connection: int
    sent: str
    message: str


@get("/mappings", guards=READERS)
async def mappings(request: HTMXRequest) -> Response[str] | Stream:
    """The list: what waits first, unless the address sorts it otherwise."""
    scope = await CloudScope.of(request)
    listing = _listing(request, scope)
    return await (_file(request, scope, listing) if listing.file else _page(request, scope))


async def _file(request: HTMXRequest, scope: CloudScope, listing: Listing) -> Stream:
    async def more(part: Listing) -> Sequence[Mapping]:
        return (await _read(scope, part)).rows

    found = await _read(scope, listing)
    listing = listing.found(found.total)
    slug = scope.cloud.slug
    return await list_file(request, "mappings", COLUMNS, found.rows, listing, more=more, cloud=slug)


async def _read(scope: CloudScope, listing: Listing) -> Mappings:
    return await reads.list_for_portal(
        scope.actor,
        scope.cloud,
        state=listing.filters["state"],
        text=listing.filters["q"],
        sort=listing.sort,
        offset=listing.offset,
        limit=listing.size,
    )


@post(
    "/mappings/{connection:int}/organizations/{number:int}",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def map_organization(
    request: HTMXRequest, connection: FromPath[int], number: FromPath[int]
) -> Answer:
    """Say whose an organization is."""
    return await _map(request, "organization", number, connection)


@post(
    "/mappings/{connection:int}/presets/{number:int}",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def map_preset(
    request: HTMXRequest, connection: FromPath[int], number: FromPath[int]
) -> Answer:
    """Say for which tariff a preset stands."""
    return await _map(request, "preset", number, connection)


async def _map(request: HTMXRequest, what: What, number: int, connection: int) -> Answer:
    scope = await CloudScope.of(request)
    await reads.require_known(scope.actor, scope.cloud, what, number, connection)
    sent = (await texts(request)).get("target", "").strip()
    try:
        # 0 is of the Watcher that is connected next.
        fields = {"connection": str(connection or ""), what: str(number), TARGET[what]: sent}
        form = parse_texts(NewMapping, fields)
        await actions.create(scope.actor, scope.cloud, form, queue=request.app.state.queue)
    except Invalid as invalid:
        message = joined(invalid.fields.values(), "; ")
        return await _page(request, scope, wrong=Wrong(what, number, connection, sent, message))
    said = SAID[what] % {"number": number, "sent": sent}
    if is_partial(request):
        return await _page(request, scope, toast=Toast(said))
    return redirect(request, _listing(request, scope).url(page=None), said)


def _listing(request: HTMXRequest, scope: CloudScope) -> Listing:
    return read_listing(scope.mappings, request.query_params, COLUMNS, filters=("state", "q"))


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    *,
    wrong: Wrong | None = None,
    toast: Toast | None = None,
) -> Response[str]:
    listing = _listing(request, scope)
    found = await _read(scope, listing)
    choices = await reads.choices(scope.actor, scope.cloud) if scope.may_write else None
    return scope.page(
        request,
        "mappings.html",
        block="rows",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        toast=toast,
        columns=COLUMNS,
        rows=[(row, says(row)) for row in found.rows],
        listing=listing.found(found.total),
        states=LABELS,
        choices=choices,
        waiting=await connection_health.waiting(scope.actor, scope.cloud),
        wrong=wrong,
    )
