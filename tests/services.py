"""One PostgreSQL and one Redis for a whole test run, shared by all of pytest's processes.

The process that was started by hand (xdist's controller, or the only one) starts them when pytest is
configured and stops them at the end; workers find the addresses in the environment. With
CAMLEDGER_DATABASE_URL (a role that may create databases and roles) or CAMLEDGER_REDIS_URL set, those
servers are used instead.
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

DATABASE_VARIABLE: Final = "CAMLEDGER_TEST_SESSION_DATABASE_URL"
REDIS_VARIABLE: Final = "CAMLEDGER_TEST_SESSION_REDIS_URL"
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
        """The address of a numbered Redis database, so that workers do not hear each other's bells."""
        return urlsplit(self.redis_url)._replace(path=f"/{number % REDIS_DATABASES}").geturl()


@dataclass(slots=True)
class _Running:
    services: Services | None = None
    directory: Path | None = None
    failure: str = ""


_running = _Running()


def start(config: pytest.Config) -> None:
    """For pytest_configure: start the services, in the controller only.

    A failure is kept for `acquire`, so that tests which need no services run without them.
    """
    if hasattr(config, "workerinput") or _running.services is not None:
        return
    _running.directory = Path(tempfile.mkdtemp(prefix="camledger-tests-"))
    try:
        _running.services = Services(
            _running.directory,
            database_url=os.environ.get("CAMLEDGER_DATABASE_URL", ""),
            redis_url=os.environ.get("CAMLEDGER_REDIS_URL", ""),
            durable=False,
        )
        _running.services.start()
    except ServiceError as error:
        _running.failure = error.message
        release(config)
        return
    os.environ[DATABASE_VARIABLE] = _running.services.database_url
    os.environ[REDIS_VARIABLE] = _running.services.redis_url


def acquire(config: pytest.Config) -> TestServices:
    """The run's services, in any of its processes; the test fails with the reason if there are none."""
    start(config)
    if DATABASE_VARIABLE not in os.environ:
        pytest.fail(
            _running.failure or "The services of this test run did not start.", pytrace=False
        )
    return TestServices(os.environ[DATABASE_VARIABLE], os.environ[REDIS_VARIABLE])


def release(config: pytest.Config) -> None:
    """For pytest_unconfigure: stop what was started and remove its files, in the controller only."""
    if hasattr(config, "workerinput"):
        return
    if _running.services is not None:
        _running.services.stop()
        _running.services = None
        os.environ.pop(DATABASE_VARIABLE, None)
        os.environ.pop(REDIS_VARIABLE, None)
    if _running.directory is not None:
        shutil.rmtree(_running.directory, ignore_errors=True)
        _running.directory = None
