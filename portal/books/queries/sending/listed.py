"""Lists of documents by how far their mail is. `i` is the invoice of the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LAST_STATE: Final = """
select m.state as sent from delivery m where m.cloud = i.cloud and m.document = i.id
order by m.copy desc limit 1
"""
_MAIL: Final = (
    "exists (select from delivery m where m.cloud = i.cloud and m.document = i.id and m.copy = 0"
)
NOT_SENT: Final = "not_sent"
CONDITIONS: Final[Mapping[str | None, str]] = {
    None: "",
    NOT_SENT: f" and i.side = 'retail' and not {_MAIL})",
    "waiting": f" and {_MAIL} and m.state in ('waiting', 'sending'))",
    "sent": f" and {_MAIL} and m.state = 'sent')",
    "failed": f" and {_MAIL} and m.state in ('failed', 'dropped'))",
}
"""What a list may be narrowed to."""
