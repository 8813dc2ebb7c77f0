"""What is logged comes out on standard error, as text or as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SAY = """
import logging, sys, structlog
from portal.logs import configure
log = structlog.get_logger()
configure(as_json=sys.argv[1] == "json")
configure(as_json=sys.argv[1] == "json")
log.info("Sue's camera is back", camera="gate")
log.debug("of no interest")
logging.getLogger("uvicorn.error").warning("a %s warning", "library's")
logging.getLogger("some.library").info("of no interest")
def fail():
    password = "hu" + "sh"
    return 1 / 0

try:
    fail()
except ZeroDivisionError:
    log.exception("it went wrong", number="NORTH-2026-000001")
    logging.getLogger("arq.worker").exception("a job failed")
"""


def say(form: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SAY, form], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr


def test_each_line_is_a_json_object() -> None:
    lines = [json.loads(line) for line in say("json").splitlines()]
    assert [line["event"] for line in lines] == [
        "Sue's camera is back",
        "a library's warning",
        "it went wrong",
        "a job failed",
    ]
    assert [line["level"] for line in lines] == ["info", "warning", "error", "error"]
    assert lines[0]["camera"] == "gate"
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert "ZeroDivisionError" in lines[3]["exception"]


@pytest.mark.parametrize(
    "said", ["Sue's camera is back", "camera=gate", "a library's warning", "ZeroDivisionError"]
)
def test_text_is_for_people(said: str) -> None:
    text = say("text")
    assert said in text
    assert "of no interest" not in text
    assert "\x1b" not in text, "no colours where there is no terminal"


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_in_variables_is_not_told(form: str) -> None:
    """A traceback of a failed sign-in would have the password in it."""
    said = say(form)
    assert "in fail" in said
    assert "hush" not in said
