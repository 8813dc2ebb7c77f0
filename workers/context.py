"""What a worker holds for its jobs."""

from __future__ import annotations

from typing import TypedDict

from portal.gateways import DocumentRenderer
from portal.gateways.vault import Vault
from portal.gateways.watcher import Connect
from portal.ports import Clock, Queue


class Context(TypedDict):
    """Filled when the worker starts."""

    clock: Clock
    queue: Queue
    renderer: DocumentRenderer
    connect: Connect
    vault: Vault
