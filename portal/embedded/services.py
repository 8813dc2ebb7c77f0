"""The services of an installation: its own, or given servers, or one of each."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from portal.embedded.postgres import Postgres
from portal.embedded.redis import Redis


class Services:
    """PostgreSQL and Redis for as long as the context lasts.

    A url that is given is used as it is; the service of one that is empty is started below
    `data_dir` and stopped at the end. `with_redis=False` leaves Redis out.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        database_url: str = "",
        redis_url: str = "",
        durable: bool = True,
        with_redis: bool = True,
    ) -> None:
        logs = data_dir / "logs"
        self.postgres = (
            None
            if database_url
            else Postgres(data_dir / "postgres", log=logs / "postgres.log", durable=durable)
        )
        self.redis = (
            None
            if redis_url or not with_redis
            else Redis(data_dir / "redis", log=logs / "redis.log")
        )
        self._database_url = database_url
        self._redis_url = redis_url

    @property
    def embedded(self) -> list[Postgres | Redis]:
        """The services that run here, in the order in which they start."""
        return [service for service in (self.postgres, self.redis) if service is not None]

    @property
    def database_url(self) -> str:
        """The address of the installation's database, as its owner."""
        return self._database_url if self.postgres is None else self.postgres.url()

    @property
    def redis_url(self) -> str:
        """The address of Redis; empty when it was left out."""
        return self._redis_url if self.redis is None else self.redis.url()

    def start(self) -> None:
        """Return when all of them answer; when one does not, none is left running."""
        try:
            for service in self.embedded:
                service.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what was started here."""
        for service in reversed(self.embedded):
            service.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
