"""Where the browser's files are: logical name → URL that changes with the content, and its hash.

`static/vendor` is fetched by `make install` and has a manifest; `app.css`, `app.js` and the icon
of the house lie beside it and are hashed here, once per process.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import portal

STATIC_DIR: Final = Path(portal.__file__).resolve().parent.parent / "static"
STATIC_URL: Final = "/static"
OWN_FILES: Final = ("app.css", "app.js", "favicon.svg")


class AssetsMissing(RuntimeError):
    """The browser's files were not fetched, or a page names one that is not there."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: `url` may be cached for ever, `integrity` is its SHA-384 for the browser."""

    url: str
    integrity: str


def load(directory: Path) -> dict[str, Asset]:
    """Every file below `directory` by logical name ("app.css", "htmx.min.js").

    Raises AssetsMissing, saying what to run, when the vendor's manifest is not there.
    """
    manifest = directory / "vendor" / "manifest.json"
    try:
        vendor = json.loads(manifest.read_text())
    except FileNotFoundError as error:
        raise AssetsMissing(f"{manifest} is missing. Run: make install") from error
    found = {
        name: Asset(f"{STATIC_URL}/vendor/{entry['path']}", entry["integrity"])
        for name, entry in vendor.items()
    }
    for name in OWN_FILES:
        digest = hashlib.sha384((directory / name).read_bytes()).digest()
        found[name] = Asset(
            f"{STATIC_URL}/{name}?v={digest.hex()[:12]}",
            "sha384-" + base64.b64encode(digest).decode(),
        )
    return found


@lru_cache(maxsize=1)
def _assets() -> dict[str, Asset]:
    return load(STATIC_DIR)


def _named(name: str) -> Asset:
    try:
        return _assets()[name]
    except KeyError:
        raise AssetsMissing(
            f"There is no front-end file {name!r}. After a change of package.json run: make install"
        ) from None


def asset(name: str) -> str:
    """The URL of a file by logical name; it changes with the content."""
    return _named(name).url


def integrity(name: str) -> str:
    """The `integrity` attribute of that file."""
    return _named(name).integrity
