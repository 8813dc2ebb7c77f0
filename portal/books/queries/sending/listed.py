"""Lists of documents by how far their mail is. `i` is the invoice of the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LAST_STATE: Final = """
select m.state as sent from delivery m where m.cloud = i.cloud and m.document = i.id
order by m.copy desc limit 1
"""
# Looked up for each by its key: how many rows a policy leaves PostgreSQL guesses far too low.
_STATE: Final = """(select m.state from delivery m
where m.cloud = i.cloud and m.document = i.id and m.copy = 0 limit 1)"""
NOT_SENT: Final = "not_sent"
CONDITIONS: Final[Mapping[str | None, str]] = {
    None: "",
    NOT_SENT: f" and i.side = 'retail' and {_STATE} is null",
    "waiting": f" and {_STATE} in ('waiting', 'sending')",
    "sent": f" and {_STATE} = 'sent'",
    "failed": f" and {_STATE} in ('failed', 'dropped')",
}
"""What a list may be narrowed to."""
