"""What a benchmark found: a small table for people, one JSON object for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

Figure = int | float | str


@dataclass(frozen=True, slots=True)
class Report:
    """One part's figures, and on what they were measured.

    `rows` are the lines of the table: a name and a value for each of `columns`. `figures` is what
    `--json` prints, besides `part` and `measured_on`.
    """

    part: str
    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    figures: Mapping[str, Figure]
    measured_on: Mapping[str, Figure] = field(default_factory=dict)

    def table(self) -> str:
        """The title, the rows with their columns aligned, and what it was measured on."""
        width = max(len(name) for name, _ in self.rows)
        cells = [self.columns, *(values for _, values in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [f"{self.part}: {self.title}"]
        for name, values in [("", self.columns), *self.rows]:
            shown = "  ".join(
                f"{value:>{size}}" for value, size in zip(values, widths, strict=True)
            )
            lines.append(f"  {name:<{width}}  {shown}".rstrip())
        on = ", ".join(f"{name} {value}" for name, value in self.measured_on.items())
        return "\n".join([*lines, f"  on {on}"])

    def json(self) -> str:
        """The figures as one line."""
        return json.dumps(self.as_object())

    def as_object(self) -> dict[str, object]:
        """The figures as an object."""
        return {"part": self.part, **self.figures, "measured_on": dict(self.measured_on)}


def machine(**more: Figure) -> dict[str, Figure]:
    """This machine, and `more` of what matters to a measurement."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "GB": round(memory / 2**30),
        "Python": platform.python_version(),
        **more,
    }


def package_version(name: str) -> str:
    """The installed version of a package."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def whole(number: float) -> str:
    """A large number for people: 12 345."""
    return f"{number:,.0f}".replace(",", " ")


def significant(number: float) -> float:
    """Four digits of a measurement: more would be noise."""
    return float(f"{number:.4g}")
