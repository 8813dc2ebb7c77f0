"""API v3, `/watcher/client-api/v3` and `/watcher/admin-api/v3`: here cameras, its streams."""

import csv
import io
from typing import Any

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath

from portal.demo.simulator import v3_accounts
from portal.demo.simulator import v3_shapes as shapes
from portal.demo.simulator.body import Body
from portal.demo.simulator.collection import collection
from portal.demo.simulator.entities import CameraFields, RefusedError
from portal.demo.simulator.failures import Failure
from portal.demo.simulator.simulation import AnyRequest
from portal.demo.simulator.v3_access import Bearer, bearer_of, writer_of


def _show(bearer: Bearer, name: str) -> dict[str, Any]:
    world = bearer.simulation.world
    return shapes.stream(world, world.cameras[name], admin=bearer.api == "admin")


@get("/streams")
async def streams(request: AnyRequest) -> Any:
    """GET /streams."""
    bearer = bearer_of(request)
    world = bearer.simulation.world
    wanted = request.query_params.get("organization_id")
    if wanted is not None:
        if not wanted.isdecimal():
            raise RefusedError("organization_id must be a whole number")
        number = int(wanted)
        names = world.names_in(number).sorted() if bearer.sees(number) else []
    elif bearer.user.is_admin:
        names = world.names.sorted()
    else:
        names = sorted(name for one in bearer.user.organizations for name in world.names_in(one))
    return collection(
        request,
        bearer.simulation,
        "streams",
        bearer.simulation.order(names),
        lambda name: _show(bearer, name),
        is_ordered=not bearer.simulation.habits.shuffle,
        skip=frozenset({"organization_id"}),
    )


@post("/streams/import", status_code=200)
async def import_streams(request: AnyRequest) -> Any:
    """CSV, made or changed by name: all or nothing."""
    world = writer_of(request).simulation.world
    edits: list[tuple[str | None, CameraFields]] = []
    for row in csv.DictReader(io.StringIO((await request.body()).decode())):
        if not row.get("name"):
            raise RefusedError("every row needs a name")
        edits.append((row["name"], _row_fields(row)))
    world.check(edits)
    created = 0
    for name, fields in edits:
        if name in world.cameras:
            world.edit_camera(name, fields)
        else:
            world.add_camera(fields, name)
            created += 1
    return {"created": created, "updated": len(edits) - created}


def _row_fields(row: dict[str, str]) -> CameraFields:
    try:
        fields: dict[str, Any] = {name: text for name, text in row.items() if text}
        for name in ("organization_id", "preset_id"):
            if name in fields:
                fields[name] = int(fields[name])
        if "dvr.expiration" in fields:
            fields["dvr"] = {"expiration": float(fields["dvr.expiration"])}
    except ValueError as error:
        raise RefusedError("a number of a row is not one") from error
    if "disabled" in fields:
        fields["disabled"] = fields["disabled"].lower() in {"true", "1"}
    if "url" in fields:
        fields["inputs"] = [{"url": fields["url"]}]
    return shapes.camera_fields(Body(fields))


@post("/streams/multiedit", status_code=200)
async def multiedit(request: AnyRequest) -> Any:
    """Changes of many streams: everything or nothing."""
    bearer = writer_of(request)
    world = bearer.simulation.world
    edits = [
        (one.text("name") or "", shapes.camera_fields(one))
        for one in (await Body.of(request)).items("streams")
    ]
    for name, _ in edits:
        world.camera(name)
    world.check(edits)
    for name, fields in edits:
        world.edit_camera(name, fields)
    return bearer.simulation.with_unknown({"streams": [_show(bearer, name) for name, _ in edits]})


@get("/streams/{path:path}")
async def stream(request: AnyRequest, path: FromPath[str]) -> Any:
    """GET /streams/{path:path}."""
    bearer = bearer_of(request)
    camera = bearer.simulation.world.camera(path.removeprefix("/"))
    if not bearer.sees(camera.now.organization_id):
        raise Failure(403, "not yours")
    return bearer.simulation.with_unknown(_show(bearer, camera.name))


@put("/streams/{path:path}")
async def put_stream(request: AnyRequest, path: FromPath[str]) -> Any:
    """Change what is given, or make it when it is not there."""
    bearer = writer_of(request)
    world, name = bearer.simulation.world, path.removeprefix("/")
    body = await Body.of(request)
    fields = shapes.camera_fields(body)
    if name in world.cameras:
        world.edit_camera(name, fields)
    else:
        fields.setdefault("organization_id", min(world.organizations, default=0))
        world.add_camera(fields, name)
    return bearer.simulation.with_unknown(_show(bearer, name))


@delete("/streams/{path:path}")
async def delete_stream(request: AnyRequest, path: FromPath[str]) -> None:
    """DELETE /streams/{path:path}."""
    writer_of(request).simulation.world.delete_camera(path.removeprefix("/"))


@get("/events")
async def events(request: AnyRequest) -> Response[Any]:
    """GET /events."""
    bearer_of(request)
    raise Failure(501, "this method is not implemented yet")


_STREAMS = [
    *(streams, import_streams, multiedit, stream, put_stream, delete_stream, events),
]
routers = [
    Router("/watcher/client-api/v3", route_handlers=[*v3_accounts.HANDLERS, *_STREAMS]),
    Router("/watcher/admin-api/v3", route_handlers=[*v3_accounts.HANDLERS, *_STREAMS]),
]
