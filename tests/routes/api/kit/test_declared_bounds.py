"""Whatever the API takes says how much of it may come: every text, list and number has a bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from portal.routes.api import OPERATIONS
from portal.routes.api.kit.openapi import document

DOCUMENT = document(OPERATIONS)
FORMATS = {"date", "date-time"}
"""Of a length of their own."""


def taken() -> Iterator[tuple[str, Any]]:
    """Where something is taken, and its schema: bodies and what is asked in queries and headers."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            at = f"{method} {path}"
            for parameter in operation["parameters"]:
                if parameter["in"] != "path":
                    yield f"{at} {parameter['name']}", parameter["schema"]
            for kind, body in operation.get("requestBody", {}).get("content", {}).items():
                yield f"{at} {kind}", body["schema"]


def unbounded(at: str, schema: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """What has no bound in a schema, by its path."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from unbounded(at, DOCUMENT["components"]["schemas"][name], seen | {name})
        return
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from unbounded(at, choice, seen)
    for name, inner in schema.get("properties", {}).items():
        yield from unbounded(f"{at}.{name}", inner, seen)
    if "items" in schema:
        yield from unbounded(f"{at}[]", schema["items"], seen)
    if not is_bounded(schema):
        yield at


def is_bounded(schema: Any) -> bool:
    if "const" in schema or "enum" in schema:
        return True
    match schema.get("type"):
        case "string":
            pattern = schema.get("pattern", "*")
            is_short = not re.search(r"(?<!\\)[*+]|\{\d+,\}", pattern)
            return "maxLength" in schema or schema.get("format") in FORMATS or is_short
        case "array":
            return "maxItems" in schema
        case "integer" | "number":
            return "minimum" in schema and "maximum" in schema
        case "object":
            return schema.get("additionalProperties") is False
    return True


def test_whatever_is_taken_has_a_bound() -> None:
    places = list(taken())
    assert len(places) > 60
    assert [found for at, schema in places for found in unbounded(at, schema)] == []


def test_what_has_no_bound_is_seen() -> None:
    for schema in (
        {"type": "string"},
        {"type": "string", "pattern": "^[0-9]+$"},
        {"type": "array", "items": {"type": "boolean"}},
        {"type": "array", "maxItems": 3, "items": {"type": "string"}},
        {"type": "integer", "minimum": 0},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"type": "object", "properties": {}},
        {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "string"}}},
    ):
        assert list(unbounded("here", schema))
