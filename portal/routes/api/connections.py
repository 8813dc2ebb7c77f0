"""Watchers that are read, what their organizations and presets mean, and histories of cameras."""

from collections.abc import Sequence
from typing import Final

from portal.access import Permission
from portal.customers.forms.filters import MappingFilter, ReconciliationFilter
from portal.routes.api import answers, watched
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer
from portal.values.watcher import Check
from portal.watcher.actions import connections as connection_actions
from portal.watcher.actions import mappings as mapping_actions
from portal.watcher.actions.sync.request import request
from portal.watcher.forms.connection import ConnectionChange, NewConnection, NewMapping
from portal.watcher.queries import connections, intervals, mappings, reconciliation

connection_register: Final = Register("Connections")
mapping_register: Final = Register("Mappings")
interval_register: Final = Register("Histories of cameras")
reconciliation_register: Final = Register("Reconciliation")

CONNECTIONS: Final = "/clouds/{cloud}/connections"
ONE: Final = CONNECTIONS + "/{id}"


@connection_register(
    "GET",
    CONNECTIONS,
    Permission.CONNECTIONS_READ,
    summary="List connections",
    answer=answers.Page[watched.Connection],
    paged=True,
)
async def list_connections(call: Call) -> answers.Page[watched.Connection]:
    """In the order in which they were made; those that were ended are left out."""
    rows = await connections.list_page(
        call.actor, call.cloud, after=call.after(int), limit=call.limit + 1
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return answers.Page([answer(watched.Connection, row) for row in page], following)


@connection_register(
    "POST",
    CONNECTIONS,
    Permission.CONNECTIONS_WRITE,
    summary="Connect a Watcher",
    answer=watched.Connection,
    form=NewConnection,
    status=201,
)
async def create_connection(call: Call, form: NewConnection) -> watched.Connection:
    """API v2 takes `api_key`, `login` with `password`, or all three; v3 takes a login.

    Footage is read with a login alone. What is secret goes in, is kept encrypted, and never comes
    out. An address of a private network is refused unless the installation allows it.
    """
    made = await connection_actions.create(
        call.actor, call.cloud, form, integrations=call.integrations
    )
    return answer(watched.Connection, made)


@connection_register(
    "PATCH",
    ONE,
    Permission.CONNECTIONS_WRITE,
    summary="Change a connection",
    answer=watched.Connection,
    form=ConnectionChange,
    conflicts="its credentials cannot be read with the installation's keys",
)
async def change_connection(call: Call, form: ConnectionChange) -> watched.Connection:
    """What is sent is changed, the rest stays: so do secrets that are not sent."""
    changed = await connection_actions.change(
        call.actor,
        call.cloud,
        call.number("id"),
        form,
        integrations=call.integrations,
        queue=call.queue,
    )
    return answer(watched.Connection, changed)


@connection_register(
    "DELETE",
    ONE,
    Permission.CONNECTIONS_WRITE,
    summary="End a connection",
    answer=None,
    status=204,
)
async def end_connection(call: Call) -> None:
    """It is read no more. What was read stays, and so do cameras and their subscriptions."""
    await connection_actions.end(call.actor, call.cloud, call.number("id"), now=call.now)


@connection_register(
    "POST",
    ONE + "/test",
    Permission.CONNECTIONS_WRITE,
    summary="Test a connection",
    answer=watched.Checks,
    waits_outside=True,
    conflicts="its credentials cannot be read with the installation's keys",
)
async def test_connection(call: Call) -> watched.Checks:
    """Tries everything that a reading needs and stores nothing. What fails says why."""
    found = await connection_actions.test(
        call.actor, call.cloud, call.number("id"), integrations=call.integrations
    )
    return _checks(found)


@connection_register(
    "POST",
    CONNECTIONS + "/test",
    Permission.CONNECTIONS_WRITE,
    summary="Test a connection before it is made",
    answer=watched.Checks,
    form=NewConnection,
    waits_outside=True,
    conflicts="as many tests of the cloud run as may at once",
)
async def test_new_connection(call: Call, form: NewConnection) -> watched.Checks:
    """Tries everything that a reading would need. Nothing is stored, no secret either."""
    return _checks(
        await connection_actions.test_new(
            call.actor, call.cloud, form, integrations=call.integrations
        )
    )


def _checks(found: Sequence[Check]) -> watched.Checks:
    return watched.Checks(
        all(check.ok for check in found), [answer(watched.Check, check) for check in found]
    )


@connection_register(
    "POST",
    ONE + "/read",
    Permission.CONNECTIONS_WRITE,
    summary="Read a connection now",
    answer=watched.Reading,
    status=202,
)
async def read_connection(call: Call) -> watched.Reading:
    """Workers fetch it; where a reading runs already, that one is answered."""
    asked = await request(call.actor, call.cloud, call.number("id"), now=call.now, queue=call.queue)
    return answer(watched.Reading, asked)


@connection_register(
    "GET",
    ONE + "/readings",
    Permission.CONNECTIONS_READ,
    summary="List readings",
    answer=answers.Page[watched.Reading],
    paged=True,
)
async def list_readings(call: Call) -> answers.Page[watched.Reading]:
    """The latest first. Only a complete one changes anything."""
    rows = await connections.list_readings(
        call.actor,
        call.cloud,
        call.number("id"),
        before=call.after(int),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return answers.Page([answer(watched.Reading, row) for row in page], following)


@mapping_register(
    "GET",
    "/clouds/{cloud}/mappings",
    Permission.CONNECTIONS_READ,
    summary="List mappings",
    answer=answers.Page[watched.Mapping],
    query=MappingFilter,
    paged=True,
)
async def list_mappings(call: Call, query: MappingFilter) -> answers.Page[watched.Mapping]:
    """Organizations, then presets. With `mapped=false`, the worklist: those that wait for one."""
    rows = await mappings.list_page(
        call.actor,
        call.cloud,
        mapped=query.mapped,
        after=call.after(tuple[str, int, int]),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: (row.what, row.id, row.watcher))
    return answers.Page([_mapping(row) for row in page], following)


@mapping_register(
    "POST",
    "/clouds/{cloud}/mappings",
    Permission.CONNECTIONS_WRITE,
    summary="Map an organization or a preset",
    answer=watched.Mapping,
    form=NewMapping,
    status=201,
)
async def create_mapping(call: Call, form: NewMapping) -> watched.Mapping:
    """Either `organization` and `subscriber`, or `preset` and `tariff`; again changes it.

    Where the cloud's connections lead to several Watchers, `connection` says whose it is.

    Workers then make the subscriptions that follow, also for days that are past and not closed.
    """
    made = await mapping_actions.create(call.actor, call.cloud, form, queue=call.queue)
    connection = made.connection
    if made.organization is not None:
        return watched.Mapping(
            connection=connection, organization=made.organization, subscriber=made.subscriber
        )
    assert made.preset is not None, "one of the two is mapped"
    return watched.Mapping(connection=connection, preset=made.preset, tariff=made.tariff)


def _mapping(row: mappings.Mapping) -> watched.Mapping:
    if row.what == "organization":
        return watched.Mapping(
            connection=row.connection or None,
            organization=row.id,
            subscriber=row.subscriber,
            title=row.title,
            cameras=row.cameras,
        )
    return watched.Mapping(
        connection=row.connection or None,
        preset=row.id,
        tariff=row.tariff,
        title=row.title,
        cameras=row.cameras,
    )


@interval_register(
    "GET",
    "/clouds/{cloud}/cameras/{external_id}/intervals",
    Permission.CAMERAS_READ,
    summary="Read a camera's history",
    answer=answers.Page[watched.Interval],
    paged=True,
)
async def list_intervals(call: Call) -> answers.Page[watched.Interval]:
    """As complete readings saw it, oldest first: each under one organization and one preset."""
    rows = await intervals.list_intervals(
        call.actor,
        call.cloud,
        call.path["external_id"],
        after=call.after(int),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return answers.Page([_interval(row) for row in page], following)


def _interval(row: intervals.Interval) -> watched.Interval:
    return answer(watched.Interval, row, state="enabled" if row.enabled else "disabled")


@reconciliation_register(
    "GET",
    "/clouds/{cloud}/reconciliation",
    Permission.CONNECTIONS_READ,
    summary="Compare Watcher with the books",
    answer=answers.Page[watched.Difference],
    query=ReconciliationFilter,
)
async def list_differences(
    call: Call, query: ReconciliationFilter
) -> answers.Page[watched.Difference]:
    """Where they disagree in a month's days so far, and what each is worth. All on one page."""
    found = await reconciliation.get(call.actor, call.cloud, query.period, now=call.now)
    rows = [answer(watched.Difference, one, currency=found.currency) for one in found.differences]
    return answers.Page(rows, None)
