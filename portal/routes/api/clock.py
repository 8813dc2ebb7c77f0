"""The test clock: there only where an installation was started with one."""

from datetime import datetime
from typing import Final

from portal.access import Permission
from portal.errors import NotFound
from portal.kit.actions.clock import move
from portal.kit.queries.clock import TestClock
from portal.overview.queries import settled
from portal.routes.api import watched
from portal.routes.api.kit.endpoint import Call, Register
from portal.values.clock import ClockMove

clock_register: Final = Register("Clock")


@clock_register(
    "GET",
    "/clock",
    Permission.CLOUDS_READ,
    summary="Read the test clock",
    answer=watched.Clock,
    # Whether all is settled is asked of every cloud: as nobody whom a key stands for.
    own_transactions=True,
)
async def read_clock(call: Call) -> watched.Clock:
    """Only where Camledger was started with `--test-clock`; anywhere else there is nothing here."""
    clock = _clock_of(call)
    return await _as_it_stands(clock())


@clock_register(
    "PUT",
    "/clock",
    Permission.CLOCK_MOVE,
    summary="Move the test clock",
    answer=watched.Clock,
    form=ClockMove,
    conflicts="that time has been",
)
async def move_clock(call: Call, form: ClockMove) -> watched.Clock:
    """Forwards. Readings, closes and documents that become due are then done by the workers."""
    clock = _clock_of(call)
    await move(call.actor, form.now, queue=call.queue)
    await clock.refresh()
    return await _as_it_stands(clock())


def _clock_of(call: Call) -> TestClock:
    clock = call.context.clock
    if not isinstance(clock, TestClock):
        raise NotFound("This installation has no test clock.")
    return clock


async def _as_it_stands(now: datetime) -> watched.Clock:
    return watched.Clock(now, await settled.is_settled(now))
