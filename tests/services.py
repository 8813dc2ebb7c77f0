"""PostgreSQL and Redis for a test run: started by the first test that asks, in each process of it.

A run of the pure core's tests starts none. With CAMLEDGER_DATABASE_URL (a role that may create
databases and roles) or CAMLEDGER_REDIS_URL set, those servers are used instead, by all processes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from portal.embedded import ServiceError, Services

REDIS_DATABASES: Final = 16


@dataclass(frozen=True, slots=True)
class TestServices:
    """`database_url` is a maintenance database: connect there to create others."""

    __test__ = False

    database_url: str
    redis_url: str

    def database(self, name: str) -> str:
        """The address of another database of the same server, for the same owner."""
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    def redis(self, number: int) -> str:
        """The address of a numbered Redis database: processes do not take each other's jobs."""
        return urlsplit(self.redis_url)._replace(path=f"/{number % REDIS_DATABASES}").geturl()


@dataclass(slots=True)
class _Running:
    services: Services | None = None
    directory: Path | None = None


_running = _Running()


def acquire(config: pytest.Config) -> TestServices:
    """This process's services; the test fails with the reason when there are none."""
    if _running.services is None:
        _running.directory = Path(tempfile.mkdtemp(prefix="camledger-tests-"))
        try:
            services = Services(
                _running.directory,
                database_url=os.environ.get("CAMLEDGER_DATABASE_URL", ""),
                redis_url=os.environ.get("CAMLEDGER_REDIS_URL", ""),
                durable=False,
            )
            services.start()
        except ServiceError as error:
            release(config)
            pytest.fail(error.message, pytrace=False)
        _running.services = services
    return TestServices(_running.services.database_url, _running.services.redis_url)


def release(config: pytest.Config) -> None:
    """For pytest_unconfigure, in every process: stop what was started and remove its files."""
    if _running.services is not None:
        _running.services.stop()
        _running.services = None
    if _running.directory is not None:
        shutil.rmtree(_running.directory, ignore_errors=True)
        _running.directory = None
