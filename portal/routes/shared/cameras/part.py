"""A part of the page of a camera's month: what its template is given, and its lists as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.routes.listing import Column


@dataclass(frozen=True, slots=True)
class PartFile:
    """A list of the page as a file, called `name`."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class CameraPart:
    """`files` are by what "?list=" says, "" being the days."""

    context: Mapping[str, Any]
    files: Mapping[str, PartFile]
