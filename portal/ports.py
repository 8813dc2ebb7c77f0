"""The outside world, as those who use it see it: what is behind is chosen where it is wired."""

from datetime import datetime
from typing import Protocol


class Queue(Protocol):
    """Asks workers for jobs. PostgreSQL knows what the work is: a job that is lost costs time."""

    async def enqueue(self, job: str, *ids: int) -> None:
        """Ask some worker to run `job(*ids)` soon: a name of `portal.jobs`, and row ids."""


class Clock(Protocol):
    """Tells the time in UTC. What happens at one time asks once and hands it on."""

    def __call__(self) -> datetime:
        """The time now."""
        ...

    async def refresh(self) -> None:
        """Look again, before a request or a job."""
