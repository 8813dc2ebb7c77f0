"""The simulated Watcher as a web application."""

from datetime import datetime

from litestar import Litestar
from litestar.types import ASGIApp

from portal.demo.simulator import control, streamer, v2, v3
from portal.demo.simulator.clock import to_ms
from portal.demo.simulator.failures import HANDLERS
from portal.demo.simulator.faults import with_faults
from portal.demo.simulator.seed import Seed
from portal.demo.simulator.simulation import AnyRequest, Simulation
from portal.ports import Clock

# A seed of 100 000 cameras is about 20 MB.
BODY_BYTES_MAX = 64_000_000


def create_simulator(
    seed: Seed | None = None, *, now: datetime | None = None, clock: Clock | None = None
) -> Litestar:
    """A Watcher that answers API v2, API v3 and the media server's ranges over one state.

    Its time stands at `now`, or at the seed's, until `/_sim/clock` moves it; with neither it runs
    with the real time. With a `clock` it is always that one's. `app.state["simulation"]` is the
    `Simulation`.
    """
    simulation = Simulation(seed, now)

    async def keep_time(_request: AnyRequest) -> None:
        if clock is not None:
            await clock.refresh()
            simulation.clock.move(max(to_ms(clock()), simulation.clock.now_ms()))

    def faulty(app: ASGIApp) -> ASGIApp:
        return with_faults(simulation.faults, app)

    app = Litestar(
        route_handlers=[v2.router, *v3.routers, streamer.ranges, control.router],
        middleware=[faulty],
        before_request=keep_time,
        exception_handlers=HANDLERS,
        logging_config=None,
        openapi_config=None,
        request_max_body_size=BODY_BYTES_MAX,
    )
    app.state["simulation"] = simulation
    return app
