"""What the installed fonts draw, and which documents wait for one: for `camledger doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from portal.gateways.documents.fonts import (
    BASE,
    LARGE,
    SAMPLES,
    FontPackage,
    InstalledFonts,
    install_command,
)

COMMANDS_NAMED: Final = 3
_NEEDED: Final = ("Latin", "Greek", "Cyrillic")


def scripts() -> Iterator[tuple[bool | None, str]]:
    """Whether all is well with the fonts that installing brings, then with the large ones.

    None is for scripts that not everybody needs: a document that has them waits for the font.
    """
    try:
        installed = InstalledFonts()
    except OSError as error:
        yield False, f"fonts cannot be looked for: {error}"
        return
    for packages in ((BASE,), LARGE):
        wanted = [(script, text) for script, text, package in SAMPLES if package in packages]
        missing = [script for script, text in wanted if installed.undrawn(text)]
        yield _verdict([script for script, _ in wanted], missing, packages)


def _verdict(
    wanted: list[str], missing: list[str], packages: tuple[FontPackage, ...]
) -> tuple[bool | None, str]:
    if not missing:
        return True, f"draw {', '.join(wanted)}"
    message = (
        f"none draws {', '.join(missing)}; documents with these letters wait."
        f" Run as root: {install_command(packages)}"
    )
    return False if any(script in _NEEDED for script in missing) else None, message


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
