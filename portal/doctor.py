"""What can be found out about an installation from within: for `camledger doctor` and its page."""

from __future__ import annotations

import base64
import hashlib
import importlib
import importlib.metadata
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from portal.gateways.documents.fonts import (
    BASE,
    LARGE,
    SAMPLES,
    FontPackage,
    InstalledFonts,
    install_command,
    printing_command,
)
from portal.ports import MailNotSent
from portal.values.mail.server import MailServer
from portal.words import _, joined

if TYPE_CHECKING:
    from portal.kit.queries.zones import Comparison

PYTHON_MIN: Final = (3, 11)
DISK_BYTES_MIN: Final = 1_000_000_000
NAMED_MAX: Final = 5
"""Connections, or zones, that are named in one finding."""
_NEEDED: Final = ("Latin", "Greek", "Cyrillic")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `ok` is None where something is missing that not everybody needs."""

    name: str
    ok: bool | None
    message: str


def of_program() -> Iterator[Finding]:
    """What the program itself stands on: Python, printing, fonts, the files of its pages."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        "Python",
        ok=sys.version_info >= PYTHON_MIN,
        message=_("%(version)s, from 3.11 on") % {"version": version},
    )
    yield _pango()
    for ok, message in scripts():
        yield Finding(_("Fonts"), ok=ok, message=message)
    yield _assets()


def _pango() -> Finding:
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        reason = str(error).split("\n", 1)[0]
        message = _("no PDFs can be made (%(reason)s). Run as root: %(command)s") % {
            "reason": reason,
            "command": printing_command(),
        }
        return Finding(_("Printing"), ok=False, message=message)
    found = _("WeasyPrint %(version)s and Pango") % {"version": weasyprint.__version__}
    return Finding(_("Printing"), ok=True, message=found)


def scripts() -> Iterator[tuple[bool | None, str]]:
    """Whether all is well with the fonts that installing brings, then with the large ones.

    None is for scripts that not everybody needs: a document that has them waits for the font.
    """
    try:
        installed = InstalledFonts()
    except OSError as error:
        yield False, _("fonts cannot be looked for: %(reason)s") % {"reason": str(error)}
        return
    for packages in ((BASE,), LARGE):
        wanted = [(script, text) for script, text, package in SAMPLES if package in packages]
        missing = [script for script, text in wanted if installed.undrawn(text)]
        yield _verdict([script for script, _ in wanted], missing, packages)


def _verdict(
    wanted: list[str], missing: list[str], packages: tuple[FontPackage, ...]
) -> tuple[bool | None, str]:
    if not missing:
        return True, _("draw %(scripts)s") % {"scripts": ", ".join(wanted)}
    message = _(
        "none draws %(scripts)s; documents with these letters wait. Run as root: %(command)s"
    ) % {"scripts": ", ".join(missing), "command": install_command(packages)}
    return False if any(script in _NEEDED for script in missing) else None, message


def _assets() -> Finding:
    from portal.routes.assets import STATIC_DIR, AssetsMissing, load

    try:
        missing = [
            asset.url
            for asset in load(STATIC_DIR).values()
            if not _matches(STATIC_DIR, asset.url, asset.integrity)
        ]
    except (AssetsMissing, OSError) as error:
        return Finding(_("Front-end files"), ok=False, message=str(error))
    if missing:
        message = _("%(files)s is missing or has changed. Run: make install") % {
            "files": ", ".join(missing)
        }
        return Finding(_("Front-end files"), ok=False, message=message)
    return Finding(_("Front-end files"), ok=True, message=str(STATIC_DIR))


def _matches(directory: Path, url: str, integrity: str) -> bool:
    path = directory / url.removeprefix("/static/").partition("?")[0]
    if not path.is_file():
        return False
    digest = hashlib.sha384(path.read_bytes()).digest()
    return integrity == "sha384-" + base64.b64encode(digest).decode()


def disk(data_dir: Path) -> Finding:
    """How much room is left where the data is."""
    free = shutil.disk_usage(data_dir).free
    enough = free >= DISK_BYTES_MIN
    facts = {"free": f"{free / 10**9:.1f}", "least": DISK_BYTES_MIN // 10**9}
    message = (
        _("%(free)s GB free")
        if enough
        else _("%(free)s GB free; make room: below %(least)s GB a close may stop")
    ) % facts
    return Finding(_("Disk"), ok=enough, message=message)


def time_zones(zones: Comparison) -> Finding:
    """Whether every zone in use is known, and PostgreSQL would read it likewise."""
    version = f"tzdata {importlib.metadata.version('tzdata')}"
    told = {"version": version, "zones": some(zones.unknown), "count": len(zones.in_use)}
    if zones.unknown:
        said = _("%(version)s does not know %(zones)s: give their clouds another zone")
        return Finding(_("Time zones"), ok=False, message=said % told)
    others = [
        *(
            _("%(name)s (from %(day)s)") % {"name": name, "day": day}
            for name, day in zones.others.items()
        ),
        *(_("%(name)s (not at all)") % {"name": name} for name in zones.missing),
    ]
    if others:
        said = _(
            "%(version)s decides; PostgreSQL would read otherwise %(zones)s, but is not asked:"
            " it is handed instants"
        )
        return Finding(_("Time zones"), ok=None, message=said % {**told, "zones": some(others)})
    said = _("%(version)s decides, and PostgreSQL reads the %(count)s in use likewise")
    return Finding(_("Time zones"), ok=True, message=said % told)


async def mail(server: MailServer | None) -> Finding:
    """Whether the mail server lets us in. Nothing is sent."""
    if server is None:
        message = _("not set up: invitations are links to pass on. Set CAMLEDGER_SMTP_URL")
        return Finding(_("Mail"), ok=None, message=message)
    from portal.gateways.mail.smtp import look_at

    try:
        await look_at(server)
    except MailNotSent as refused:
        message = _("%(server)s: %(reason)s; see CAMLEDGER_SMTP_URL") % {
            "server": str(server),
            "reason": refused.reason,
        }
        return Finding(_("Mail"), ok=False, message=message)
    message = _("%(server)s lets us in; mail comes from %(sender)s") % {
        "server": str(server),
        "sender": server.sender,
    }
    return Finding(_("Mail"), ok=True, message=message)


def some(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    named = joined(names[:NAMED_MAX], "; ")
    if len(names) <= NAMED_MAX:
        return named
    return _("%(named)s; %(count)s more") % {"named": named, "count": len(names) - NAMED_MAX}
