"""API v2, `/vsaas/api/v2`: bare arrays, offsets, keys and sessions. Here its cameras."""

import csv
import io
from typing import Any

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath

from portal.demo.simulator import v2_accounts
from portal.demo.simulator import v2_shapes as shapes
from portal.demo.simulator.body import Body
from portal.demo.simulator.entities import CameraFields, RefusedError
from portal.demo.simulator.failures import Failure
from portal.demo.simulator.simulation import AnyRequest
from portal.demo.simulator.v2_access import Caller, caller_of, found, page_of, writer_of


@get("/cameras")
async def cameras(request: AnyRequest) -> Any:
    """GET /cameras."""
    caller = caller_of(request)
    names = caller.simulation.order(visible_names(request, caller))
    return caller.simulation.with_unknown(
        [_shown(caller, name) for name in page_of(request, caller.simulation, names)]
    )


def visible_names(request: AnyRequest, caller: Caller) -> list[str]:
    """The names that the caller sees and asked for, in order."""
    world = caller.simulation.world
    wanted = request.query_params.get("organization_id")
    if wanted is not None and not wanted.isdecimal():
        raise RefusedError("organization_id must be a whole number")
    if wanted is not None:
        names = world.names_in(int(wanted)).sorted() if caller.sees(int(wanted)) else []
    elif caller.may_write:
        names = world.names.sorted()
    else:
        own = caller.user.organizations if caller.user is not None else []
        names = sorted(name for number in own for name in world.names_in(number))
    search = request.query_params.get("search")
    if not search:
        return names
    return [
        name
        for name in names
        if found(search, name, world.cameras[name].title, world.cameras[name].comment)
    ]


def _shown(caller: Caller, name: str) -> dict[str, Any]:
    world = caller.simulation.world
    return shapes.camera(world, world.cameras[name], reduced=caller.user is not None)


@post("/cameras", status_code=200)
async def add_camera(request: AnyRequest) -> Any:
    """POST /cameras."""
    caller = writer_of(request)
    body = await Body.of(request)
    made = caller.simulation.world.add_camera(shapes.camera_fields(body), body.text("name"))
    return caller.simulation.with_unknown(_shown(caller, made.name))


@post("/cameras/import", status_code=200)
async def import_cameras(request: AnyRequest) -> Any:
    """POST /cameras/import."""
    world = writer_of(request).simulation.world
    rows = await _import_rows(request)
    edits: list[tuple[str | None, CameraFields]] = [
        (row.text("name"), shapes.camera_fields(row)) for row in rows
    ]
    world.check(edits)
    answered = []
    for name, fields in edits:
        created = name is None or name not in world.cameras
        if name is None or created:
            camera = world.add_camera(fields, name)
        else:
            camera = world.edit_camera(name, fields)
        answered.append({"name": camera.name, "created": created})
    return {"success": True, "cameras": answered, "users": [], "zc": len(answered), "zu": 0}


async def _import_rows(request: AnyRequest) -> list[Body]:
    """Rows of a JSON array or of CSV, where every value is text."""
    content = await request.body()
    if "csv" not in request.headers.get("content-type", ""):
        try:
            rows = msgspec.json.decode(content, type=list[dict[str, Any]])
        except msgspec.DecodeError as error:
            raise RefusedError("the body is not a list of objects") from error
        return [Body(row) for row in rows]
    return [
        Body({name: _typed(name, text) for name, text in row.items() if text})
        for row in csv.DictReader(io.StringIO(content.decode()))
    ]


def _typed(name: str, text: str) -> Any:
    try:
        if name in {"organization_id", "preset_id", "dvr_lock_days"}:
            return int(text)
        if name in {"dvr_depth", "dvr_space"}:
            return float(text)
    except ValueError as error:
        raise RefusedError(f"{name} must be a number") from error
    if name in {"enabled", "static", "vision_enabled"}:
        return text.lower() in {"true", "1"}
    return text


@get("/cameras/{path:path}")
async def camera(request: AnyRequest, path: FromPath[str]) -> Any:
    """GET /cameras/{path:path}."""
    caller = caller_of(request)
    one = caller.simulation.world.camera(path.removeprefix("/"))
    if not caller.sees(one.now.organization_id):
        raise Failure(403, "not yours", "Forbidden")
    return caller.simulation.with_unknown(_shown(caller, one.name))


@put("/cameras/{path:path}")
async def edit_camera(request: AnyRequest, path: FromPath[str]) -> Any:
    """PUT /cameras/{path:path}."""
    caller = writer_of(request)
    fields = shapes.camera_fields(await Body.of(request))
    one = caller.simulation.world.edit_camera(path.removeprefix("/"), fields)
    return caller.simulation.with_unknown(_shown(caller, one.name))


@delete("/cameras/{path:path}", status_code=200)
async def delete_camera(request: AnyRequest, path: FromPath[str]) -> Any:
    """DELETE /cameras/{path:path}."""
    writer_of(request).simulation.world.delete_camera(path.removeprefix("/"))
    return {"success": True}


@get("/users/{number:int}/cameras")
async def user_cameras(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /users/{number:int}/cameras."""
    simulation = writer_of(request).simulation
    of_user = Caller(simulation, simulation.world.user(number))
    names = page_of(request, simulation, visible_names(request, of_user))
    return simulation.with_unknown([_shown(of_user, name) for name in names])


router = Router(
    "/vsaas/api/v2",
    route_handlers=[
        *v2_accounts.HANDLERS,
        *(cameras, add_camera, import_cameras, camera, edit_camera, delete_camera),
        user_cameras,
    ],
)
