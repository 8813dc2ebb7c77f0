"""Where things stand: every module in a layer, every file of a room on a floor, no folder too full."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from tests.house.sources import CODE, ROOT, TEMPLATES, TESTS, files, listed, name

FILES_MAX = 25
FLOORS = {"actions", "queries", "forms"}


def contracts(kind: str) -> list[dict[str, Any]]:
    """The contracts of one kind that import-linter checks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return [contract for contract in found if contract["type"] == kind]


def modules_in(folder: str) -> set[str]:
    """The modules and packages that stand directly in a folder of code, with their full names."""
    return {
        ".".join((*Path(folder).parts, path.stem))
        for path in (ROOT / folder).iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or any(path.glob("**/*.py"))
    }


def layers_of(contract: dict[str, Any]) -> set[str]:
    return {name for layer in contract["layers"] for name in re.findall(r"[\w.]+", layer)}


def test_every_module_stands_in_a_layer() -> None:
    """What stands in no layer today gets one: otherwise it may import anything, and be imported."""
    (house,) = (one for one in contracts("layers") if "containers" not in one)
    there = modules_in("portal") | {"workers"}
    assert there - layers_of(house) == set(), "name them in the layers of pyproject.toml"
    assert layers_of(house) - there == set(), "a layer of nothing"


def test_a_room_has_reads_verbs_and_forms_and_nothing_beside_them() -> None:
    (floors,) = (one for one in contracts("layers") if "containers" in one)
    assert layers_of(floors) == FLOORS
    rooms = {path.parent.parent for path in CODE if path.parent.name in FLOORS}
    rooms = {room for room in rooms if room.parent == ROOT / "portal"}
    assert {name(room).replace("/", ".") for room in rooms} == set(floors["containers"])
    beside = {module for room in rooms for module in modules_in(name(room))}
    assert {module for module in beside if module.rpartition(".")[2] not in FLOORS} == set()


def test_a_folder_is_looked_over_at_a_glance() -> None:
    """One that grows beyond it is divided by subjects, as the rooms are; migrations are numbered."""
    all_files = [*CODE, *TESTS, *TEMPLATES, *files("scripts")]
    sizes = Counter(
        name(path.parent) for path in all_files if path.parent.name != "piccolo_migrations"
    )
    offences = [f"{folder} has {size} files" for folder, size in sizes.items() if size > FILES_MAX]
    assert not offences, listed(offences)
