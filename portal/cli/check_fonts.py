"""Which documents wait for a font: for `camledger doctor`."""

from __future__ import annotations

from typing import Final

COMMANDS_NAMED: Final = 3


async def documents_waiting(database_url: str) -> tuple[bool, str]:
    """Whether no document waits for a font, and what to do about those that do."""
    from portal.roles import connect

    owner = await connect(database_url)
    try:
        rows = await owner.fetch(
            "select command, count(*) as documents from invoice_wait"
            " group by command order by count(*) desc, command"
        )
    finally:
        await owner.close()
    if not rows:
        return True, "none waits for a font"
    count = sum(row["documents"] for row in rows)
    verb = "document waits" if count == 1 else "documents wait"
    commands = "; ".join(row["command"] for row in rows[:COMMANDS_NAMED])
    return False, f"{count} {verb} for a font. Run as root, where workers run: {commands}"
