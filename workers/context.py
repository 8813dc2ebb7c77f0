"""What a worker holds for its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from portal.gateways import DocumentRenderer
    from portal.gateways.queue import Queue


class Context(TypedDict):
    """Filled when the worker starts."""

    clock: Callable[[], datetime]
    queue: Queue
    renderer: DocumentRenderer
