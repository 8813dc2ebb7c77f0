"""The stand-in as a web application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from litestar import Litestar
from litestar.types import ASGIApp

from portal.demo.card_gateway import api, checkout, control
from portal.demo.card_gateway.delivery import Postman
from portal.demo.card_gateway.refusal import Refused
from portal.demo.card_gateway.state import State
from portal.demo.simulator.faults import with_faults

BODY_BYTES_MAX: Final = 1_000_000


def create_gateway(url: str, bank_url: str, *, file: Path | None = None) -> Litestar:
    """A gateway whose pages are at `url`, and whose banks ask at `bank_url`.

    With a `file` it goes on from there and keeps all in it; without one it forgets when it ends.
    `app.state["gateway"]` is the `State`.
    """
    state = State(url, bank_url, file)
    state.load()

    @asynccontextmanager
    async def sending(_app: Litestar) -> AsyncIterator[None]:
        state.postman = Postman.of(state.habits, state.accounts.values)
        state.postman.begin()
        try:
            yield
        finally:
            await state.postman.end()

    def faulty(app: ASGIApp) -> ASGIApp:
        return with_faults(state.faults, app)

    app = Litestar(
        route_handlers=[*api.HANDLERS, *checkout.HANDLERS, control.router],
        middleware=[faulty],
        lifespan=[sending],
        exception_handlers={Refused: control.refused},
        logging_config=None,
        openapi_config=None,
        request_max_body_size=BODY_BYTES_MAX,
    )
    app.state["gateway"] = state
    return app
