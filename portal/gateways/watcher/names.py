"""Paths that hold a camera's name, which may hold slashes itself."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from portal.gateways.watcher.client import Authorizer, Client
from portal.gateways.watcher.shapes import Raw
from portal.values.watcher import Nonsense, NotThere
from portal.words import _

ONE_BYTES_MAX: Final = 500_000
"""Of an answer about one camera. Several of them are asked for at once."""


def paths(prefix: str, name: str, suffix: str = "") -> list[str]:
    """Ways to write the path of a name, the likelier one first.

    "yard/north" is asked for as it is and as "yard%2Fnorth": servers differ. A name with dots alone
    between slashes is never written as it is: it would climb out of its folder.
    """
    escaped = quote(name, safe="")
    if "/" not in name or any(part in {"", ".", ".."} for part in name.split("/")):
        written = [escaped.replace(".", "%2E") if set(name) <= {"."} else escaped]
    else:
        written = [quote(name, safe="/"), escaped]
    return [f"{prefix}/{one}{suffix}" for one in written]


async def get_by_name(
    client: Client, prefix: str, name: str, auth: Authorizer, suffix: str = "", **params: str | int
) -> Any:
    """What is at the path of a name. Raises `NotThere` when no way of writing it is known."""
    return (await _found(client, paths(prefix, name, suffix), auth, params))[1]


async def ask_by_name(client: Client, prefix: str, name: str, auth: Authorizer) -> Raw:
    """The object of a name. Raises `NotThere`."""
    return (await path_by_name(client, prefix, name, auth))[1]


async def path_by_name(client: Client, prefix: str, name: str, auth: Authorizer) -> tuple[str, Raw]:
    """The path under which a name is known, and the object there. Raises `NotThere`."""
    path, answer = await _found(client, paths(prefix, name), auth, {})
    if not isinstance(answer, dict):
        raise Nonsense(_("Watcher's answer is not an object"))
    return path, answer


async def _found(
    client: Client, written: list[str], auth: Authorizer, params: dict[str, str | int]
) -> tuple[str, Any]:
    *others, last = written
    for path in others:
        try:
            return path, await client.get(path, params, auth=auth, bytes_max=ONE_BYTES_MAX)
        except NotThere:
            continue
    return last, await client.get(last, params, auth=auth, bytes_max=ONE_BYTES_MAX)
