"""The media server's own API: the ranges of footage that a camera has in store."""

from typing import Any

from litestar import get
from litestar.params import FromPath

from portal.demo.simulator.collection import collection
from portal.demo.simulator.failures import Failure
from portal.demo.simulator.simulation import AnyRequest, simulation_of
from portal.demo.simulator.v3_access import by_password

_RANGES = "/dvr/ranges"


@get("/streamer/api/v3/streams/{path:path}")
async def ranges(request: AnyRequest, path: FromPath[str]) -> Any:
    """`{"ranges": [{"opened_at", "closed_at"}]}` in ms; one still recording is open until now."""
    if by_password(request) is None:
        raise Failure(401, "wrong login or password")
    name, found, after = path.removeprefix("/").rpartition(_RANGES)
    if not found or after:
        raise Failure(404, "there is no such path")
    simulation = simulation_of(request)
    world = simulation.present()
    kept = world.camera(name).history.ranges(world.now_ms)
    return collection(
        request,
        simulation,
        "ranges",
        kept,
        lambda span: {
            "opened_at": span[0],
            "closed_at": span[1],
            "from": span[0] // 1000,
            "duration": (span[1] - span[0]) // 1000,
        },
        is_ordered=False,
    )
