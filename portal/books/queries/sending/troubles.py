"""What stands in the way of a document: the same of one that failed, and of one that would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """A document that did not get to its subscriber; `error` is "" where there is no address."""

    number: str
    subscriber: int
    name: str
    recipients: Sequence[str]
    error: str
