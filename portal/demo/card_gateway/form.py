"""Bodies and queries as Stripe's clients write them: `metadata[invoice]=7&expand[]=customer`."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from portal.demo.card_gateway.refusal import Refused

FIELDS_MAX: Final = 200
DEPTH_MAX: Final = 5
_PART: Final = re.compile(r"[^\[\]]+|(?<=\[)(?=\])")


def decode(text: str) -> dict[str, Any]:
    """The fields as nested objects; lists are objects whose keys are their places. Raises."""
    fields: dict[str, Any] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Refused("too many fields") from error
    for name, value in pairs:
        path = _PART.findall(name)
        if not path or len(path) > DEPTH_MAX:
            raise Refused("a name that cannot be read", param=name[:80])
        inner = fields
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
            if not isinstance(inner, dict):
                raise Refused("one name is a value and an object", param=name[:80])
        last = path[-1] or str(len(inner))
        inner[last] = value
    return fields


class Fields:
    """What was sent; whatever nobody asked for is refused, as Stripe refuses it."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.left = set(fields)

    def text(self, name: str, default: str = "") -> str:
        """A text. Raises `Refused` for an object."""
        self.left.discard(name)
        value = self.fields.get(name, default)
        if not isinstance(value, str):
            raise Refused(f"Invalid string: {name}", param=name)
        return value

    def needed(self, name: str) -> str:
        """A text that has to be there. Raises `Refused`."""
        value = self.text(name)
        if not value:
            raise Refused(f"Missing required param: {name}.", param=name, code="parameter_missing")
        return value

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A whole number, 0 or more. Raises `Refused`."""
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= 12):
            raise Refused(f"Invalid integer: {value[:40]}", param=name)
        return int(value)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not there. Raises `Refused`."""
        value = self.text(name, "false")
        if value not in {"true", "false"}:
            raise Refused(f"Invalid boolean: {value[:40]}", param=name)
        return value == "true"

    def inner(self, name: str) -> dict[str, Any]:
        """An object; an empty one where it is not there. Raises `Refused`."""
        self.left.discard(name)
        value = self.fields.get(name) or {}
        if not isinstance(value, dict):
            raise Refused(f"Invalid object: {name}", param=name)
        return value

    def metadata(self) -> dict[str, str]:
        """The texts that a client keeps with an object. Raises `Refused` for too many or long."""
        found = self.inner("metadata")
        for key, value in found.items():
            if not isinstance(value, str) or len(key) > 40 or len(value) > 500:
                raise Refused("Metadata are short texts.", param=f"metadata[{key[:40]}]")
        if len(found) > 50:
            raise Refused("Metadata have at most 50 keys.", param="metadata")
        return dict(found)

    def end(self) -> None:
        """Raise `Refused` for a name that means nothing here."""
        unknown = sorted(self.left - {"expand"})
        if unknown:
            raise Refused(
                f"Received unknown parameter: {unknown[0][:80]}",
                param=unknown[0][:80],
                code="parameter_unknown",
            )
