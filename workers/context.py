"""What a worker holds for its jobs."""

from __future__ import annotations

from typing import TypedDict

from portal.books.actions.bank.uploads import Reader
from portal.ports import (
    Backups,
    Cards,
    Clock,
    Connect,
    DocumentRenderer,
    Mail,
    Queue,
    SendWebhook,
    Vault,
)


class Context(TypedDict):
    """Filled when the worker starts."""

    clock: Clock
    queue: Queue
    renderer: DocumentRenderer
    connect: Connect
    vault: Vault
    bank: Reader
    cards: Cards
    send_webhook: SendWebhook
    mail: Mail | None
    public_url: str
    audit_key: bytes
    backups: Backups | None
