"""Workers as real processes, started by the test and gone with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.services import TestServices
from tests.workers.processes import Start, redis_of

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def start_worker(
    database: Database, services: TestServices, worker_id: str, data_dir: Path
) -> Iterator[Start]:
    """Starts worker processes; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "CAMLEDGER_DATA_DIR": str(data_dir),
        "CAMLEDGER_DATABASE_URL": database.owner_url,
        "CAMLEDGER_REDIS_URL": redis_of(services, worker_id),
        "CAMLEDGER_ALLOW_PRIVATE_ADDRESSES": "1",
    }

    def start(**more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "arq", "workers.settings.WorkerSettings"]
        process = subprocess.Popen(
            command,
            env={**environment, **more},
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
