"""Mapping many at once: by equal names, as new subscribers or tariffs, and what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import Period, local_date
from portal.errors import Invalid
from portal.kit.forms.nested import by_box, nested, parse_nested
from portal.overview.actions import mapping_many as actions
from portal.overview.actions.mapping_many import Outcome
from portal.overview.forms.mapping_many import ROWS_MAX, TickedSubscribersOf, TickedTariffsOf
from portal.overview.queries import preset_offers
from portal.routes.accounts.auth import Answer
from portal.routes.format import quantity
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.watcher.connections import WRITERS
from portal.values.amounts import money
from portal.values.numbers import number_in
from portal.values.typed import typed
from portal.watcher.forms.connection import MATCHES_MAX, NewMapping
from portal.watcher.queries import mappings as reads
from portal.watcher.queries import waiting
from portal.watcher.queries.mappings import Mapping, What
from portal.words import _, joined

SUBSCRIBERS: Final = [*WRITERS, requires(Permission.SUBSCRIBERS_WRITE)]
TARIFFS: Final = [*WRITERS, requires(Permission.TARIFFS_WRITE)]
PRESETS_MAX: Final = 20
"""Of one page: each is priced by what cameras like it cost."""


@dataclass(frozen=True, slots=True)
class Done:
    """A row of a result: what it was, the page it leads to, and what is wrong, "" if nothing."""

    title: str
    href: str
    target: str
    problem: str


@get("/mappings/by-name", guards=WRITERS)
async def ask_by_name(request: HTMXRequest) -> Response[str]:
    """List what would be mapped to what, before it is."""
    scope = await CloudScope.of(request)
    found = await waiting.matches(scope.actor, scope.cloud)
    pairs = " ".join(f"{one.what}:{one.connection}:{one.id}:{one.target}" for one in found)
    return scope.page(request, "by_name.html", matches=found, pairs=pairs)


@post("/mappings/by-name", guards=WRITERS, status_code=HTTPStatus.OK)
async def map_by_name(request: HTMXRequest) -> Answer:
    """Map what was listed, as far as it still waits."""
    scope, sent = await CloudScope.of(request), await texts(request)
    wanted = [_pair(text) for text in sent.get("pairs", "").split()[:MATCHES_MAX]]
    known = [one for one in wanted if one is not None]
    outcomes = await actions.map_all(scope.actor, scope.cloud, known, queue=request.app.state.queue)
    return _result(request, scope, _("Map by name"), outcomes)


@get("/mappings/new-subscribers", guards=SUBSCRIBERS)
async def ask_subscribers(request: HTMXRequest) -> Response[str]:
    """Waiting organizations as subscribers to be; "?of=12-6" ticks that one alone."""
    scope = await CloudScope.of(request)
    rows = await _waiting(scope, "organization", ROWS_MAX)
    only = request.query_params.get("of", "")
    if only:
        rows = [one for one in rows if f"{one.connection}-{one.id}" == only]
    values: dict[str, str] = {}
    for index, one in enumerate(rows):
        values |= {
            f"rows-{index}-connection": str(one.connection or ""),
            f"rows-{index}-organization": str(one.id),
            f"rows-{index}-taken": "on",
            f"rows-{index}-name": one.title,
            f"rows-{index}-email": "",
        }
    return await _subscribers(request, scope, values)


@post("/mappings/new-subscribers", guards=SUBSCRIBERS, status_code=HTTPStatus.OK)
async def make_subscribers(request: HTMXRequest) -> Answer:
    """Make those that are ticked, each with its mapping."""
    scope, sent = await CloudScope.of(request), await texts(request)
    try:
        form = parse_nested(TickedSubscribersOf, _ticked(sent))
        rows = _some([row for row in form.rows if row.taken])
    except Invalid as invalid:
        return await _subscribers(request, scope, sent, by_box(invalid))
    outcomes = await actions.make_subscribers(
        scope.actor, scope.cloud, rows, queue=request.app.state.queue
    )
    return _result(request, scope, _("New subscribers from organizations"), outcomes)


@get("/mappings/new-tariffs", guards=TARIFFS)
async def ask_tariffs(request: HTMXRequest) -> Response[str]:
    """Waiting presets as tariffs to be, each at a price that leaves the target margin."""
    scope = await CloudScope.of(request)
    return await _tariffs(request, scope, None)


@post("/mappings/new-tariffs", guards=TARIFFS, status_code=HTTPStatus.OK)
async def make_tariffs(request: HTMXRequest) -> Answer:
    """Make those that are ticked, each with its mapping, offered to nobody yet."""
    scope, sent = await CloudScope.of(request), await texts(request)
    try:
        form = parse_nested(TickedTariffsOf, _ticked(sent))
        rows = _some([row for row in form.rows if row.taken])
    except Invalid as invalid:
        return await _tariffs(request, scope, sent, by_box(invalid))
    outcomes = await actions.make_tariffs(
        scope.actor, scope.cloud, rows, now=books_now(request), queue=request.app.state.queue
    )
    return _result(request, scope, _("Tariffs from presets"), outcomes)


def _pair(text: str) -> NewMapping | None:
    """A mapping from "organization:12:6:1"; None for what is none."""
    parts = text.split(":")
    if len(parts) != 4 or parts[0] not in {"organization", "preset"}:
        return None
    what, connection, number, target = parts
    meant, known = number_in(connection), number_in(number)
    if meant is None or known is None:
        return None
    if what == "preset":
        return NewMapping(connection=meant or None, preset=known, tariff=target)
    subscriber = number_in(target)
    if subscriber is None:
        return None
    return NewMapping(connection=meant or None, organization=known, subscriber=subscriber)


def _ticked(sent: dict[str, str]) -> dict[str, Any]:
    """Only the rows that are ticked: what stands in the others is nobody's concern."""
    found = nested(sent).get("rows", [])
    rows = found if isinstance(found, list) else []
    return {"rows": [row if isinstance(row, dict) and row.get("taken") else {} for row in rows]}


def _some(rows: list[Any]) -> list[Any]:
    if not rows:
        raise Invalid({"rows": _("Tick at least one.")})
    return rows


async def _waiting(scope: CloudScope, what: What, limit: int) -> list[Mapping]:
    found = await reads.list_for_portal(
        scope.actor, scope.cloud, state="waiting", what=what, limit=limit
    )
    return [one for one in found.rows if not one.is_deleted]


async def _subscribers(
    request: HTMXRequest,
    scope: CloudScope,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
) -> Response[str]:
    found = await _waiting(scope, "organization", ROWS_MAX)
    of = {(str(one.connection or ""), str(one.id)): one for one in found}
    count = sum(name.endswith("-organization") for name in values)
    rows = [
        of.get(
            (
                values.get(f"rows-{index}-connection", ""),
                values.get(f"rows-{index}-organization", ""),
            )
        )
        for index in range(count)
    ]
    return scope.page(
        request,
        "new_subscribers.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        rows=rows,
        values=values,
        errors=errors or {},
        most=ROWS_MAX,
    )


async def _tariffs(
    request: HTMXRequest,
    scope: CloudScope,
    sent: dict[str, str] | None,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    locale, currency, now = person_of(request).locale, scope.cloud.currency, books_now(request)
    first = Period.of(local_date(now, scope.zone)).start
    presets = await _waiting(scope, "preset", PRESETS_MAX)
    offers = await preset_offers.offers(scope.actor, scope.cloud, presets, first=first, now=now)
    values: dict[str, str] = {}
    for index, one in enumerate(offers):
        values |= {
            f"rows-{index}-connection": str(one.preset.connection or ""),
            f"rows-{index}-preset": str(one.preset.id),
            f"rows-{index}-taken": "on",
            f"rows-{index}-name": one.preset.title,
            f"rows-{index}-price": "" if one.price is None else typed(one.price, locale),
        }
    if sent is not None:
        values = {name: sent.get(name, "") for name in values} | {
            name: text for name, text in values.items() if name.endswith(("connection", "preset"))
        }
    rows = [
        (
            one,
            joined((f"{quantity(many, '', locale)} × {code}" for code, many in one.items), ", "),
            money(one.cost, currency, locale),
        )
        for one in offers
    ]
    return scope.page(
        request,
        "new_tariffs.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        rows=rows,
        values=values,
        errors=errors or {},
        currency=currency,
        first=first,
        most=PRESETS_MAX,
    )


def _result(
    request: HTMXRequest, scope: CloudScope, title: str, outcomes: Sequence[Outcome]
) -> Response[str]:
    """What came of each row."""
    rows = []
    for one in outcomes:
        if one.new.organization is not None:
            name = _("Organization %(number)s") % {"number": one.new.organization}
            href = scope.at("subscribers", one.target) if one.target else ""
        else:
            name = _("Preset %(number)s") % {"number": one.new.preset}
            href = scope.at("tariffs", one.target) if one.target else ""
        rows.append(Done(name, href, one.target, one.problem))
    return page(
        request,
        "shared/watcher/mapped.html",
        scope=scope,
        zone=scope.zone,
        title=title,
        rows=rows,
        done=sum(not one.problem for one in rows),
    )
