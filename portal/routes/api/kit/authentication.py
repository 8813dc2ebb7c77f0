"""The API's door: which key, how often, and may it do this."""

import time
from typing import Final

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from portal.access import Actor, can
from portal.accounts.actions import api_keys
from portal.errors import Forbidden, Unauthorized
from portal.kit.queries import tenancy
from portal.kit.queries.clock import wall_clock
from portal.routes.api.kit.endpoint import ACTOR, Operation
from portal.routes.api.kit.handler import tell_refusal
from portal.routes.api.kit.path import path_of
from portal.routes.api.kit.request_context import RequestContext
from portal.routes.guards import WebConnection
from portal.routes.problems import RateLimited
from portal.values.roles import role_label

BURST: Final = 60_000
A_SECOND: Final = 1_000
"""Requests of one key, in one process: far beyond what a working system sends, short of a flood."""
KEYS_MAX: Final = 10_000


class Throttle:
    """A bucket for each key: `burst` requests at once, then `a_second`."""

    def __init__(self, burst: int = BURST, a_second: int = A_SECOND) -> None:
        self.burst = burst
        self.a_second = a_second
        self._buckets: dict[int, tuple[float, float]] = {}

    def take(self, key: int, now: float) -> None:
        """Count a request at `now` (seconds of a steady clock). Raises `RateLimited`."""
        left, at = self._buckets.get(key, (float(self.burst), now))
        left = min(float(self.burst), left + (now - at) * self.a_second)
        if left < 1:
            raise RateLimited(max(1, round((1 - left) / self.a_second)))
        if len(self._buckets) > KEYS_MAX:
            self._buckets.clear()
        self._buckets[key] = (left - 1, now)


throttle: Final = Throttle()


async def with_key(connection: WebConnection, handler: BaseRouteHandler) -> None:
    """Guard: a key that may do the handler's operation; cookies count for nothing here.

    A cloud that the key does not see is 404 before anything else is 403.
    """
    operation = handler.opt.get("operation")
    if not isinstance(operation, Operation):  # OPTIONS, and the documentation
        return
    client = connection.client
    address = client.host if client else ""
    actor = await api_keys.verify(
        _token(connection),
        now=RequestContext.of(connection.scope).clock(),
        tried_at=wall_clock(),
        address=address,
    )
    assert actor.key is not None, "a key's actor says which key"
    throttle.take(actor.key, time.monotonic())
    connection.scope["state"][ACTOR] = actor
    try:
        await _permit(actor, operation, connection)
    except Forbidden as error:
        await tell_refusal(connection, error)
        raise


def _token(connection: ASGIConnection) -> str:  # type: ignore[type-arg]
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Send an API key: Authorization: Bearer clk_….")
    return token.strip()


async def _permit(actor: Actor, operation: Operation, connection: WebConnection) -> None:
    if any(can(actor, permission) for permission in operation.permissions):
        return
    path = path_of(connection.path_params)
    if "cloud" in path:
        await tenancy.get(actor, path["cloud"])
    wanted = " or ".join(operation.permissions)
    raise Forbidden(f"This key ({role_label(actor.role).lower()}) does not hold {wanted}.", wanted)
