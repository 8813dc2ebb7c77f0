"""The API's documentation: /api/v1/openapi.json for programs, /api/v1/docs for people."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from portal.routes.api.kit import examples, openapi
from portal.routes.api.kit.endpoint import PREFIX, Operation
from portal.routes.format import ZONE
from portal.routes.templating import environment_of_pages, render
from portal.values.amounts import LOCALE

PUBLIC: Final = {"public": True}
TEMPLATE: Final = "api/docs.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: list[Markup]
    permissions: str
    parameters: list[dict[str, Any]]
    request: str
    request_schema: str
    status: int
    answer: str
    answer_schema: str
    errors: list[tuple[int, Markup]]


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a schema as the page shows it."""

    name: str
    type: str
    required: bool
    note: Markup


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema as the page shows it."""

    name: str
    description: Markup
    fields: list[Field]


def handlers(operations: Sequence[Operation]) -> list[HTTPRouteHandler]:
    """The two addresses. They are public: they say nothing about anybody."""

    @cache
    def described() -> bytes:
        return msgspec.json.encode(openapi.document(operations))

    @cache
    def page() -> str:
        return render(environment_of_pages(), TEMPLATE, _context(operations))

    @get(f"{PREFIX}/openapi.json", opt=PUBLIC, name="openapi")
    async def openapi_json() -> Response[bytes]:
        return Response(described(), media_type="application/json")

    @get(f"{PREFIX}/docs", opt=PUBLIC, name="docs")
    async def docs() -> Response[str]:
        return Response(page(), media_type=MediaType.HTML)

    return [openapi_json, docs]


def _context(operations: Sequence[Operation]) -> dict[str, Any]:
    document = openapi.document(operations)
    groups: dict[str, list[Shown]] = {}
    for operation in operations:
        groups.setdefault(operation.tag, []).append(_shown(operation, document))
    return {
        "title": openapi.TITLE,
        "openapi": f"{PREFIX}/openapi.json",
        "introduction": [marked(text) for text in re.split(r"(?<=\.) ", openapi.INTRODUCTION)],
        "groups": groups,
        "schemas": list(_schemas(document["components"]["schemas"])),
        "problem": _pretty(examples.PROBLEM),
        "locale": LOCALE,
        "zone": ZONE,
        "theme": "auto",
        "csrf": "",
        "toasts": [],
    }


def _shown(operation: Operation, document: dict[str, Any]) -> Shown:
    described = document["paths"][PREFIX + operation.path][operation.method.lower()]
    responses = document["components"]["responses"]
    example = examples.EXAMPLES.get(operation.name, examples.NONE)
    errors = []
    for status in openapi.errors_of(operation):
        answer = described["responses"][str(status)]
        text = answer.get("description") or responses[f"Problem{status}"]["description"]
        errors.append((status, marked(text)))
    return Shown(
        id=operation.name,
        method=operation.method,
        path=PREFIX + operation.path,
        summary=operation.summary,
        description=[marked(text) for text in openapi.description_of(operation).split("\n\n")],
        permissions=" or ".join(operation.permissions),
        parameters=[_parameter(one) for one in described["parameters"]],
        request="" if example.request is None else _pretty(example.request),
        request_schema="" if operation.form is None else operation.form.__name__,
        status=int(operation.status),
        answer="" if example.answer is None else _pretty(example.answer),
        answer_schema="" if operation.answer in {bytes, None} else _name_of(operation.answer),
        errors=errors,
    )


def _name_of(answer: Any) -> str:
    """The schema of an answer; of a page, that of its rows."""
    arguments = getattr(answer, "__args__", ())
    name: str = (arguments[0] if arguments else answer).__name__
    return name


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter.get("required", False),
        "type": _type(parameter["schema"]),
    }


def _schemas(schemas: dict[str, Any]) -> Iterable[Schema]:
    for name, schema in sorted(schemas.items()):
        if name.startswith("Page_"):
            continue
        required = schema.get("required", ())
        fields = [
            Field(field, _type(member), field in required, _note(member))
            for field, member in schema.get("properties", {}).items()
        ]
        description = schema.get("description", "")
        if "oneOf" in schema:
            description = f"One of {_type(schema)}."
        yield Schema(name, marked(description), fields)


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words: "string or null", "list of Item"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if union := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(one) for one in union))
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(word) for word in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return _FORMATS.get(schema.get("format", ""), str(schema.get("type", "any")))


_FORMATS: Final = {"date": "day", "date-time": "time"}


def marked(text: str) -> Markup:
    """A sentence as HTML: what stands between backticks is code."""
    code, plain = Markup("<code>{}</code>"), Markup("{}")
    parts = enumerate(text.split("`"))
    return Markup("").join((code if index % 2 else plain).format(part) for index, part in parts)


def _note(schema: dict[str, Any]) -> Markup:
    """Default and example of a field."""
    notes = [schema.get("description", "")]
    if "default" in schema:
        notes.append(f"Default {json.dumps(schema['default'])}.")
    if schema.get("examples"):
        notes.append(f"Like {json.dumps(schema['examples'][0])}.")
    return marked(" ".join(note for note in notes if note))


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
