"""What a cloud's Watchers show and what it stands for: the worklist, and what is mapped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.errors import Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.watcher.connections import READERS, WRITERS
from portal.watcher.actions import mappings as actions
from portal.watcher.forms.connection import NewMapping
from portal.watcher.queries import connection_health, waiting
from portal.watcher.queries import mappings as reads
from portal.watcher.queries.mappings import STATES, Mapping, Mappings, What
from portal.watcher.queries.waiting import Match
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
    "organization": _("Organization %(number)s is mapped to customer %(sent)s."),
    "preset": _("Preset %(number)s is mapped to tariff %(sent)s."),
}
WHAT: Final[dict[What, str]] = {"organization": _("Organization"), "preset": _("Preset")}
LABELS: Final = tuple(zip(STATES, (_("Waiting"), _("Mapped")), strict=True))
WAITING_SHOWN: Final = 50
"""Of what waits, in its card; the filter leads to the rest."""
COLUMNS: Final = (
    Column(_("Watcher organization or preset"), "title", of="title"),
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
    Column(_("Subscriber or tariff"), of="target"),
    Column(_("Called"), of="name", only_file=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row, what a preset records, what is called the same, and what its cameras cost so far."""

    row: Mapping
    says: str
    match: Match | None = None
    value: int | None = None

    @property
    def at(self) -> str:
        """The end of the address at which it is mapped: "12/organizations/6"."""
        return f"{self.row.connection}/{self.row.what}s/{self.row.id}"


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
        counted=listing.counted or reads.LISTED_MAX,
    )


@get("/mappings/{connection:int}/organizations/{number:int}", guards=WRITERS)
async def choose_subscriber(
    request: HTMXRequest, connection: FromPath[int], number: FromPath[int]
) -> Response[str]:
    """The form that says whose an organization is."""
    return await _ask(request, "organization", number, connection)


@get("/mappings/{connection:int}/presets/{number:int}", guards=WRITERS)
async def choose_tariff(
    request: HTMXRequest, connection: FromPath[int], number: FromPath[int]
) -> Response[str]:
    """The form that says which tariff a preset stands for."""
    return await _ask(request, "preset", number, connection)


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


async def _ask(
    request: HTMXRequest,
    what: What,
    number: int,
    connection: int,
    *,
    sent: str | None = None,
    wrong: Invalid | None = None,
) -> Response[str]:
    scope = await CloudScope.of(request)
    row = await reads.get(scope.actor, scope.cloud, what, number, connection)
    values = {"target": row.target if sent is None else sent}
    return scope.page(
        request,
        "map_one.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        line=Line(row, says(row)),
        choice=await choice_of(scope, TARGET[what], wrong),
        values=values,
        errors={} if wrong is None else wrong.fields,
    )


async def _map(request: HTMXRequest, what: What, number: int, connection: int) -> Answer:
    scope = await CloudScope.of(request)
    await reads.get(scope.actor, scope.cloud, what, number, connection)
    sent = (await texts(request)).get("target", "").strip()
    try:
        target = await chosen(scope, TARGET[what], sent, "target") or ""
        # 0 is of the Watcher that is connected next.
        fields = {"connection": str(connection or ""), what: str(number), TARGET[what]: target}
        form = parse_texts(NewMapping, fields)
        await actions.create(scope.actor, scope.cloud, form, queue=request.app.state.queue)
    except Invalid as invalid:
        wrong = invalid
        if "target" not in wrong.fields:
            wrong = Invalid({"target": joined(wrong.fields.values(), "; ")})
        return await _ask(request, what, number, connection, sent=sent, wrong=wrong)
    said = SAID[what] % {"number": number, "sent": target}
    return redirect(request, scope.mappings, said)


def _listing(request: HTMXRequest, scope: CloudScope) -> Listing:
    return read_listing(scope.mappings, request.query_params, COLUMNS, filters=("state", "q"))


async def _page(request: HTMXRequest, scope: CloudScope) -> Response[str]:
    """What waits in a card of its own, above what is mapped; filtered it is one list."""
    listing, now = _listing(request, scope), books_now(request)
    apart = not listing.filtered
    whole = listing
    if apart:
        listing = replace(listing, filters={**listing.filters, "state": "mapped"})
    found = await _read(scope, listing)
    if apart and not found.rows:
        listing = whole
    first = await reads.list_for_portal(
        scope.actor, scope.cloud, state="waiting", limit=WAITING_SHOWN
    )
    matches = await waiting.matches(scope.actor, scope.cloud)
    values = await waiting.values(scope.actor, scope.cloud, now=now)
    called = {one.key: one for one in matches}

    def line(row: Mapping) -> Line:
        key = row.what, row.connection, row.id
        value = None if values is None or row.is_mapped else values.get(key, 0)
        return Line(row, says(row), called.get(key), value)

    return scope.page(
        request,
        "mappings.html",
        block="rows",
        columns=COLUMNS,
        lines=[line(row) for row in found.rows],
        first=[line(row) for row in first.rows] if apart else [],
        listing=listing.found(found.total, is_more=found.is_more),
        states=LABELS,
        waiting=await connection_health.waiting(scope.actor, scope.cloud),
        matches=len(matches),
        currency=scope.cloud.currency,
        may_make_subscribers=scope.may_write and can(scope.actor, Permission.SUBSCRIBERS_WRITE),
        may_make_tariffs=scope.may_write and can(scope.actor, Permission.TARIFFS_WRITE),
    )
