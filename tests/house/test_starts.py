"""What few ask for is not in every process: it is imported when somebody asks."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from tests.house.sources import ROOT

STARTS: Final = "portal.app, portal.cli, workers.jobs, workers.sweep"
LATE: Final = frozenset(
    {
        *("fastapi", "piccolo_admin", "piccolo_api"),  # the table browser
        *("fontTools", "weasyprint"),  # printing, in processes of its own
        *("uvicorn", "pytest"),
    }
)


def test_a_start_imports_what_every_process_needs() -> None:
    """Half a second of each start, and 40 MB of each process, would be for the table browser."""
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys, {STARTS}; print(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(shown.stdout.split())
    assert {"portal.app", "litestar"} <= loaded
    assert loaded & LATE == set()
