"""How many large bodies a process has in its memory, and works on, at once.

Each may have 32 MB. Without a bound a hundred of them, sent together, would take the memory of
everybody else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final

from litestar import Request

from portal.errors import Unavailable

LARGE: Final = 1024 * 1024
"""Bytes above which a body needs one of the places."""


class Places:
    """`count` places. Who finds none waits up to `seconds`, and is 503 then."""

    def __init__(self, count: int, seconds: float) -> None:
        self.seconds = seconds
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one. Raises `Unavailable`."""
        try:
            await asyncio.wait_for(self._free.acquire(), self.seconds)
        except TimeoutError as error:
            raise Unavailable(
                "Other large requests are being worked on. Send this one again in a few seconds."
            ) from error
        try:
            yield
        finally:
            self._free.release()


BODIES_AT_ONCE: Final = 6
BODIES: Final = Places(BODIES_AT_ONCE, 10)
"""In memory at once: from when they are received until they are answered."""
DESKS: Final = Places(2, 20)
"""Read at once, in threads."""


def places_of(request: Request[Any, Any, Any], maximum: int) -> AbstractAsyncContextManager[None]:
    """A place for a body of up to `maximum` bytes, as far as it says; small ones need none."""
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() and len(length) < 20 else maximum
    return BODIES.place() if min(announced, maximum) > LARGE else nullcontext()
