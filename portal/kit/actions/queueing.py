"""Asking workers for what a transaction has made necessary: once it is committed, never before."""

from portal.db import after_commit
from portal.ports import Queue


def enqueue_after_commit(queue: Queue, job: str, *ids: int, times: int = 1) -> None:
    """Enqueue `job` (a name of `portal.jobs`) with row ids when the transaction has committed.

    `times` asks so many workers to take part. Raises `RuntimeError` outside `atomic`.
    """

    async def enqueue() -> None:
        for _ in range(times):
            await queue.enqueue(job, *ids)

    after_commit(enqueue)
