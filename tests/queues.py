"""The queue of tests: what was asked for is remembered, and done by the test itself."""

from portal.gateways.queue import NullQueue


class RecordingQueue(NullQueue):
    """Remembers every job that was asked for and not taken yet, in order."""

    def __init__(self) -> None:
        self.enqueued: list[tuple[str, tuple[int, ...]]] = []

    async def enqueue(self, job: str, *ids: int) -> None:
        self.enqueued.append((job, ids))

    def take(self) -> tuple[str, tuple[int, ...]]:
        """The job that has waited longest; whoever does it has done all that are like it."""
        first = self.enqueued[0]
        self.enqueued = [one for one in self.enqueued if one != first]
        return first

    def asked_for(self, job: str) -> list[tuple[int, ...]]:
        """The ids of everything of one kind that waits."""
        return [ids for name, ids in self.enqueued if name == job]
