"""The parts of an operation's path."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from portal.errors import NotFound
from portal.values.text import complaint_of_words


def path_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a path as they were meant: "a%2Fb" is "a/b". Raises `NotFound` for no text."""
    return {name: _part(str(value)) for name, value in raw.items()}


def _part(raw: str) -> str:
    if "%" not in raw and raw.isascii():
        return raw
    try:
        text = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise NotFound("There is nothing at this address.") from None
    if complaint_of_words(text, minimum=0, maximum=2000):
        raise NotFound("There is nothing at this address.")
    return text
