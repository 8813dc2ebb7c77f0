"""What a new machine is told: the targets of make, the packages of the system, no registry's name."""

from __future__ import annotations

import re
import subprocess

import pytest

from portal.gateways.documents.fonts import SYSTEM_LIBRARIES
from tests.house.sources import ROOT


def test_make_explains_every_target():
    shown = subprocess.run(["make", "help"], cwd=ROOT, text=True, capture_output=True, check=True)
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^  make {target} +\S", shown.stdout, re.MULTILINE), target


def test_system_packages_are_the_same_wherever_they_are_named():
    script = (ROOT / "scripts" / "system-packages").read_text()
    assert f'packages="{" ".join(SYSTEM_LIBRARIES)}"' in script


@pytest.mark.parametrize(
    "name", ["package-lock.json", "requirements.txt", "requirements-dev.txt", ".npmrc", "Makefile"]
)
def test_nothing_names_a_package_registry(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"registry\.|pypi\.org|pythonhosted|://[^\s\"]*npm", text)
    assert "index-url" not in text
