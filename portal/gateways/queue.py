"""The queue in Redis: tells workers that there may be work. PostgreSQL knows what the work is.

A job that gets lost costs time only: the sweep looks for the same work by the clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import structlog
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError

from portal.ports import Queue
from portal.waiting import refuse_in_transaction

log = structlog.get_logger()
QUEUE_NAME: Final = "camledger"
HEALTH: Final = ":health-check"
"""What arq adds to the name of a queue, for the line that its workers write."""


@dataclass(frozen=True, slots=True)
class QueueReport:
    """Jobs that wait, and the line that workers write each half minute: "" where none does."""

    waiting: int
    workers: str


class NullQueue(Queue):
    """A queue without workers: the sweep finds the work, or whoever asks for it does it himself."""

    async def enqueue(self, job: str, *ids: int) -> None:
        """Nothing."""


def serialize(job: dict[str, Any]) -> bytes:
    """Jobs as JSON: what is on the wire can be read, and cannot be made to run code."""
    return json.dumps(job, default=str).encode()


def deserialize(data: bytes) -> dict[str, Any]:
    """The other way round."""
    job: dict[str, Any] = json.loads(data)
    return job


class ArqQueue(Queue):
    """The queue in Redis, which arq serves."""

    def __init__(self, redis: ArqRedis) -> None:
        self.redis = redis

    async def enqueue(self, job: str, *ids: int) -> None:
        """Enqueue `job`; when Redis is away, only say so: the sweep enqueues it again."""
        refuse_in_transaction("Redis")
        try:
            await self.redis.enqueue_job(job, *ids, _queue_name=QUEUE_NAME)
        except (RedisError, OSError) as error:
            log.warning("The queue cannot be reached", job=job, error=str(error))

    async def report(self) -> QueueReport | None:
        """How many jobs wait, and what the workers last said; None when Redis is away."""
        refuse_in_transaction("Redis")
        try:
            waiting = await self.redis.zcard(QUEUE_NAME)
            said = await self.redis.get(QUEUE_NAME + HEALTH)
        except (RedisError, OSError):
            return None
        return QueueReport(int(waiting), said.decode(errors="replace") if said else "")

    async def is_up(self) -> bool:
        """Whether Redis answers."""
        refuse_in_transaction("Redis")
        try:
            return bool(await self.redis.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        """Give the connections back."""
        await self.redis.aclose()


async def open_queue(url: str) -> ArqQueue:
    """Connect to the Redis at `url`."""
    return ArqQueue(
        await create_pool(
            redis_settings(url),
            job_serializer=serialize,
            job_deserializer=deserialize,
            default_queue_name=QUEUE_NAME,
        )
    )


def redis_settings(url: str) -> RedisSettings:
    """The settings of arq for the Redis at `url` (redis://, rediss:// or unix://)."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 3
    return settings
