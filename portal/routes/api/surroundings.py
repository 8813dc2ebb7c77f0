"""What the API is given by the application around it: the clock and the workers' doorbell."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, cast

from litestar.types import Scope

_KEY: Final = "camledger_surroundings"


class Ring(Protocol):
    """Rings for a job of the workers."""

    async def ring(self, job: str, *ids: int) -> None:
        """Ask some worker to run `job(*ids)` soon."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`clock` says what time it is, in UTC."""

    clock: Callable[[], datetime]
    queue: Ring

    def put(self, scope: Scope) -> None:
        """Leave them with a request."""
        scope["state"][_KEY] = self

    @classmethod
    def of(cls, scope: Scope) -> "Surroundings":
        """Those of a request."""
        return cast("Surroundings", scope["state"][_KEY])
