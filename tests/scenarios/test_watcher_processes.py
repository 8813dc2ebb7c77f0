"""The whole installation beside a simulated Watcher, as separate processes, moved by its API alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
import pytest

from portal.demo.simulator.seed import (
    Scripted,
    Seed,
    SeedCamera,
    SeedOrganization,
    SeedPreset,
    SeedUser,
)
from tests.patience import PATIENCE_SECONDS, eventually

ROOT = Path(__file__).resolve().parent.parent.parent
CAMLEDGER = [sys.executable, "-m", "portal.cli"]
BEGINS = datetime(2026, 3, 25, 9, tzinfo=UTC)

SEED = Seed(
    now=BEGINS,
    system_key="the-key",
    organizations=[SeedOrganization(6, "Sue's house"), SeedOrganization(9, "Tim's dock")],
    presets=[SeedPreset(2, "7 days", dvr_depth=7), SeedPreset(3, "Motion", dvr_lock_days=7)],
    users=[SeedUser("nora", "nora-password", is_admin=True)],
    cameras=[
        *(SeedCamera(f"cam{number:03d}", 6, 2 + number % 2) for number in range(20)),
        SeedCamera("dock", 9, 2),
    ],
    script=[
        Scripted(BEGINS + timedelta(days=2), "change", "cam000", fields={"preset_id": 3}),
        Scripted(BEGINS + timedelta(days=4), "delete", "cam001"),
    ],
)


def environment() -> dict[str, str]:
    """Ours, without this machine's settings of Camledger; its own network may be called."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAMLEDGER_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "CAMLEDGER_ALLOW_PRIVATE_ADDRESSES": "1",
    }


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CAMLEDGER, *arguments],
        text=True,
        capture_output=True,
        check=False,
        env=environment(),
        timeout=PATIENCE_SECONDS,
    )


@contextmanager
def started(log: Path, ready: str, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A command that goes on: its process, and the address that it says when it is ready."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [*CAMLEDGER, *words], stdout=output, stderr=output, env=environment()
        )
        try:
            found = eventually(
                lambda: (
                    re.search(rf"{ready} (http://\S+)", log.read_text())
                    or process.poll() is not None
                ),
                log.read_text(),
            )
            assert process.poll() is None, log.read_text()
            yield process, found[1]
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE_SECONDS)


@dataclass
class Desk:
    """The API with an administrator's key, and Watcher's control routes."""

    api: httpx.Client
    watcher: httpx.Client
    up: subprocess.Popen[bytes]

    def get(self, path: str, **params: Any) -> Any:
        answer = self.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        answer = self.api.post(path, json=body) if body is not None else self.api.post(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def move(self, to: datetime) -> None:
        """Watcher's time, then ours."""
        assert self.watcher.post("/_sim/clock", json={"now": to.isoformat()}).status_code == 200
        answer = self.api.put("/clock", json={"now": to.isoformat()})
        assert answer.status_code == 200, answer.text

    def settle(self) -> None:
        """Wait until all is done."""
        eventually(lambda: self.get("/clock")["settled"], "all is done in the end", every=0.2)

    def fault(self, **fields: Any) -> None:
        assert self.watcher.post("/_sim/fault", json=fields).status_code == 200

    def workers(self) -> list[psutil.Process]:
        return [
            child
            for child in psutil.Process(self.up.pid).children(recursive=True)
            if "worker" in child.cmdline() and "portal.cli" in child.cmdline()
        ]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Everything running, both clouds made and mapped, their connections not read yet."""
    place = tmp_path_factory.mktemp("watched")
    seed, data_dir = place / "seed.json", place / "data"
    seed.write_bytes(msgspec.json.encode(SEED))
    clock = BEGINS.isoformat()
    where = ("--data-dir", str(data_dir))
    with (
        started(
            place / "watcher.log", "is at", "simulator", "--port", "0", "--seed", str(seed)
        ) as (_, watcher),
        started(
            place / "up.log",
            "ready at",
            *("up", *where, "--port", "0", "--workers", "2", "--test-clock", clock),
        ) as (up, url),
    ):
        key = run("api-key", "create", "--role", "administrator", "--name", "test", *where)
        assert key.returncode == 0, key.stderr
        headers = {"Authorization": f"Bearer {key.stdout.strip()}"}
        with (
            httpx.Client(
                base_url=f"{url}/api/v1", headers=headers, timeout=PATIENCE_SECONDS
            ) as api,
            httpx.Client(base_url=watcher, timeout=PATIENCE_SECONDS) as control,
        ):
            found = Desk(api, control, up)
            set_up(found, watcher)
            yield found


def set_up(desk: Desk, watcher: str) -> None:
    desk.post(
        "/services",
        {
            "code": "hours",
            "name": "Hours",
            "meter": "recording.time",
            "unit": "hour",
            "unit_size": 3600,
            "measure": "total",
        },
    )
    for slug, currency, zone, organization in (
        ("north", "EUR", "Europe/Rome", 6),
        ("south", "USD", "America/New_York", 9),
    ):
        cloud = f"/clouds/{slug}"
        desk.post(
            "/clouds",
            {
                "slug": slug,
                "name": slug,
                "currency": currency,
                "timezone": zone,
                "tax_percent": "0",
                "wholesale_discount_percent": "0",
                "wholesale_tax_percent": "0",
                "invoice_prefix": slug.upper(),
                "manager": None,
                "close_mode": "automatic",
            },
        )
        price = {"model": "per_unit", "unit_price": "0.01"}
        desk.post(
            f"{cloud}/rates", {"service": "hours", "valid_from": "2026-01-01", "pricing": price}
        )
        for code, monthly in (("week", "7.00"), ("motion", "3.10")):
            version = {"valid_from": "2026-01-01", "monthly_price": monthly}
            desk.post(f"{cloud}/tariffs", {"code": code, "name": code, **version})
        desk.post(f"{cloud}/subscribers", {"number": 1, "name": "One", "email": ""})
        desk.post(f"{cloud}/mappings", {"organization": organization, "subscriber": 1})
        for preset, code in ((2, "week"), (3, "motion")):
            desk.post(f"{cloud}/mappings", {"preset": preset, "tariff": code})
        made = desk.post(
            f"{cloud}/connections",
            {
                "kind": "watcher",
                "api": "v3" if slug == "north" else "v2",
                "url": watcher,
                "login": "nora",
                "password": "nora-password",
                "organizations": [organization],
                "read_every_minutes": 60,
                "follow_presets": True,
            },
        )
        assert "password" not in made
        checks = desk.post(f"{cloud}/connections/{made['id']}/test", status=200)
        assert checks["ok"], checks


def connection(desk: Desk, slug: str) -> str:
    (only,) = desk.get(f"/clouds/{slug}/connections")["items"]
    return f"/clouds/{slug}/connections/{only['id']}"


def kill_workers_in_the_middle(desk: Desk) -> None:
    """End every worker without a word while North's cameras are read."""
    readings = f"{connection(desk, 'north')}/readings"

    def runs() -> bool:
        last = desk.get(readings)["items"][0]
        return bool(last["state"] == "running" and last["started_at"].startswith("2026-03-31"))

    def is_read() -> bool:
        return bool(desk.watcher.get("/_sim/fault").json()[0]["met"]) and runs()

    eventually(is_read, "the reading of that day asks for footage")
    workers = desk.workers()
    assert len(workers) >= 2
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    assert runs()
    assert desk.watcher.delete("/_sim/fault").status_code == 200


@pytest.mark.slow
def test_a_month_is_read_billed_and_printed_while_a_worker_is_killed(desk: Desk) -> None:
    desk.settle()
    for number in range(1, 11):
        at = BEGINS + timedelta(days=number)
        if number == 6:
            # In the middle of this run the workers end without a word; others go on.
            desk.fault(match="/dvr/ranges", delay_ms=60_000, times=None)
        desk.move(at)
        if number == 6:
            kill_workers_in_the_middle(desk)
        desk.settle()
    months = [desk.get(f"/clouds/{slug}/periods/2026-03") for slug in ("north", "south")]
    assert [(one["state"], one["gaps"]) for one in months] == [("closed", [])] * 2
    readings = desk.get(f"{connection(desk, 'north')}/readings", limit=1000)["items"]
    assert {one["state"] for one in readings} == {"complete"}
    days = [one["started_at"][:10] for one in readings]
    assert len(days) == len(set(days)), "one jump, one reading"

    # cam000 changed its preset on the 27th, cam001 was deleted on the 29th: seen a day later at most.
    assert subscriptions_of(desk, "cam000") == [
        ("week", "2026-03-25", "2026-03-27"),
        ("motion", "2026-03-27", None),
    ]
    assert subscriptions_of(desk, "cam001") == [("motion", "2026-03-25", "2026-03-29")]
    charges = desk.get("/clouds/north/charges", period="2026-03", limit=1000)["items"]
    retail = {
        one["camera"]: one["amount"]
        for one in charges
        if one["side"] == "retail" and one["tariff"] == "week"
    }
    assert retail["cam002"] == "1.58"  # 7 of 31 days
    assert retail["cam000"] == "0.45"  # 2 of them
    # From 10 on the 25th to the end in Rome, where one day has 23 hours: 157 hours.
    hours = {one["camera"]: one["quantity"] for one in charges if one["side"] == "wholesale"}
    assert hours["cam002"] == "157"
    invoice = desk.get("/clouds/north/invoices", period="2026-03", side="retail")["items"][0]
    pdf = desk.api.get(f"/clouds/north/invoices/{invoice['number']}.pdf")
    assert pdf.content[:5] == b"%PDF-"
    assert desk.get("/clouds/north/reconciliation", period="2026-03")["items"] == []


def subscriptions_of(desk: Desk, camera: str) -> list[tuple[str, str, str | None]]:
    items = desk.get(f"/clouds/north/cameras/{camera}/subscriptions")["items"]
    return [(one["tariff"], one["starts_on"], one["ends_on"]) for one in items]


def test_time_only_goes_on(desk: Desk) -> None:
    now = desk.get("/clock")["now"]
    back = desk.api.put("/clock", json={"now": "2026-01-01T00:00:00Z"})
    assert (back.status_code, back.headers["content-type"]) == (409, "application/problem+json")
    assert desk.get("/clock")["now"] == now
    assert desk.api.put("/clock", json={"now": "tomorrow"}).status_code == 422
