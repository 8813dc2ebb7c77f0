"""The control routes, `/_sim`: time, seed, cameras as they are in the field, faults, truth."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath
from litestar.response import Stream

from portal.demo.simulator import clock, truth
from portal.demo.simulator.body import Body
from portal.demo.simulator.entities import RefusedError
from portal.demo.simulator.faults import Fault
from portal.demo.simulator.seed import Seed, plant, scripted_fields
from portal.demo.simulator.simulation import AnyRequest, Habits, Simulation, simulation_of


def _time(simulation: Simulation) -> dict[str, Any]:
    return {
        "now": clock.text(simulation.present().now_ms),
        "running": simulation.clock.running,
    }


@get("/clock")
async def read_clock(request: AnyRequest) -> Any:
    """GET /clock."""
    return _time(simulation_of(request))


@post("/clock", status_code=200)
async def move_clock(request: AnyRequest) -> Any:
    """`{"advance_seconds": n}` or `{"now": time}`, forwards only; also `{"running": bool}`."""
    simulation, body = simulation_of(request), await Body.of(request)
    try:
        if (seconds := body.number("advance_seconds")) is not None:
            simulation.clock.move(simulation.clock.now_ms() + round(seconds * 1000))
        elif body.fields.get("now") is not None:
            simulation.clock.move(clock.parse(body.fields["now"]))
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if (running := body.flag("running")) is not None:
        simulation.clock.run(running=running)
    return _time(simulation)


@post("/seed", status_code=200)
async def seed(request: AnyRequest) -> Any:
    """A whole new Watcher, or with `?add=true` more for the one that is there."""
    simulation = simulation_of(request)
    try:
        wanted = msgspec.json.decode(await request.body(), type=Seed)
    except msgspec.DecodeError as error:
        raise RefusedError(str(error)) from error
    if request.query_params.get("add") == "true":
        plant(simulation.present(), wanted)
    else:
        now = wanted.now
        if now is None and not simulation.clock.running:
            now = clock.from_ms(simulation.clock.now_ms())
        simulation.restart(wanted, now)
    return {**_time(simulation), "cameras": len(simulation.world.cameras)}


@post("/cameras/{path:path}", status_code=200)
async def camera_state(request: AnyRequest, path: FromPath[str]) -> Any:
    """`/_sim/cameras/{name}/state`: `alive`, `bitrate_kbps`, `motion`…: as in the field."""
    name, found, after = path.removeprefix("/").rpartition("/state")
    if not found or after:
        raise RefusedError("the path is /_sim/cameras/{name}/state")
    world = simulation_of(request).present()
    body = await Body.of(request)
    try:
        fields = scripted_fields(body.fields)
    except (ValueError, TypeError) as error:
        raise RefusedError(str(error)) from error
    state = world.edit_camera(name, fields).now
    return {
        "name": name,
        "enabled": state.enabled,
        "alive": state.alive,
        "bitrate_kbps": state.kbps,
        "organization_id": state.organization_id,
        "preset_id": state.preset_id,
    }


@post("/fault", status_code=200)
async def add_fault(request: AnyRequest) -> Any:
    """POST /fault."""
    try:
        fault = msgspec.json.decode(await request.body(), type=Fault)
    except msgspec.DecodeError as error:
        raise RefusedError(str(error)) from error
    simulation_of(request).faults.arm(fault)
    return {"armed": len(simulation_of(request).faults.armed)}


@get("/fault")
async def list_faults(request: AnyRequest) -> Any:
    """GET /fault."""
    return [
        {**msgspec.structs.asdict(one.fault), "met": one.met}
        for one in simulation_of(request).faults.armed
    ]


@delete("/fault", status_code=200)
async def clear_faults(request: AnyRequest) -> Any:
    """DELETE /fault."""
    simulation_of(request).faults.clear()
    return {"armed": 0}


@post("/expire", status_code=200)
async def expire(request: AnyRequest) -> Any:
    """End every access token; also `{"refresh": true}` tokens and `{"sessions": true}`."""
    simulation, body = simulation_of(request), await Body.of(request)
    ended = simulation.tokens.revoke("access")
    if body.flag("refresh"):
        ended += simulation.tokens.revoke("refresh")
    if body.flag("sessions"):
        ended += len(simulation.sessions)
        simulation.sessions.clear()
    return {"ended": ended}


@post("/shuffle", status_code=200)
async def shuffle(request: AnyRequest) -> Any:
    """`{"on": bool}`: every page is cut from the list in another order."""
    simulation = simulation_of(request)
    on = (await Body.of(request)).flag("on")
    simulation.habits.shuffle = True if on is None else on
    return {"on": simulation.habits.shuffle}


@get("/habits")
async def read_habits(request: AnyRequest) -> Any:
    """GET /habits."""
    return simulation_of(request).habits


@post("/habits", status_code=200)
async def change_habits(request: AnyRequest) -> Any:
    """Change what is given of the habits."""
    simulation, body = simulation_of(request), await Body.of(request)
    merged = {**msgspec.structs.asdict(simulation.habits), **body.fields}
    try:
        simulation.habits = msgspec.convert(merged, Habits)
    except msgspec.ValidationError as error:
        raise RefusedError(str(error)) from error
    return simulation.habits


@get("/truth")
async def read_truth(request: AnyRequest) -> Stream:
    """`?from&to[&zone][&name][&bytes=false]`: what really happened, sent as it is worked out."""
    world, query = simulation_of(request).present(), request.query_params
    try:
        start = clock.parse(query.get("from", 0))
        end = clock.parse(query.get("to", clock.text(world.now_ms)))
        zone = ZoneInfo(query.get("zone", "UTC"))
    except (ValueError, OSError, KeyError) as error:
        raise RefusedError(f"from, to or zone: {error}") from error
    if not 0 <= start <= end:
        raise RefusedError("from is after to")
    born = [one.created_ms for cameras in world.past.values() for one in cameras]
    born += [camera.created_ms for camera in world.cameras.values()]
    start = max(start, min(born, default=start))
    names = [query["name"]] if "name" in query else None
    cameras = truth.report(
        world, start, end, zone, names=names, with_bytes=query.get("bytes") != "false"
    )

    def lines() -> Any:
        opening = {"from": clock.text(start), "to": clock.text(min(end, world.now_ms))}
        yield msgspec.json.encode(opening)[:-1] + b',"cameras":['
        for number, camera in enumerate(cameras):
            yield (b"," if number else b"") + msgspec.json.encode(camera)
        yield b"]}"

    return Stream(lines(), media_type="application/json")


router = Router(
    "/_sim",
    route_handlers=[
        *(read_clock, move_clock, seed, camera_state),
        *(add_fault, list_faults, clear_faults, expire, shuffle),
        *(read_habits, change_habits, read_truth),
    ],
)
