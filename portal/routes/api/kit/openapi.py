"""The OpenAPI document, made from the operations and the types they name."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from portal.kit.forms.form import Member, members, nested_forms, schema_of
from portal.routes.api import answers
from portal.routes.api.kit import fields
from portal.routes.api.kit.endpoint import IDEMPOTENCY_KEY, JSON, PREFIX, Operation
from portal.routes.api.kit.paging import CURSOR_MAX, LIMIT, LIMIT_MAX
from portal.routes.problems import MEDIA_TYPE
from portal.values.kinds import CODE_MAX, Price, Quantity
from portal.values.numbers import NUMBER_MAX

TITLE: Final = "Camledger API"
VERSION: Final = "1"
INTRODUCTION: Final = (
    "Meters, services, clouds, prices, subscribers, cameras, usage, the close of a month and what"
    " it made. Amounts and prices are strings in major units; days are 2026-10-16, months 2026-10,"
    " times RFC 3339 in UTC. Lists come in pages: follow `next` as `cursor`. Send an API key as"
    " `Authorization: Bearer clk_…`; cookies count for nothing. The same Idempotency-Key again"
    " answers the same and does nothing."
)
SCHEMA: Final = "#/components/schemas/"
_PRICE: Final = Price().schema()
_QUANTITY: Final = Quantity().schema()
_REASONS: Final = {
    400: "The body is not JSON.",
    401: "No key, or one that is not known.",
    403: "The key may not do this.",
    404: "Not there, or not the key's to see.",
    409: "The state of the books forbids it.",
    413: "The body, or its rows, are more than one request may carry.",
    415: "The body is in a format that is not read here.",
    422: "Fields or rows are wrong; `errors` names each.",
    429: "Too many requests; see Retry-After.",
}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document (OpenAPI 3.1), ready for JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = paths.setdefault(PREFIX + operation.path, {})
        path[operation.method.lower()] = operation_of(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in operations)],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "responses": {f"Problem{status}": _problem(status) for status in _REASONS},
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "clk_<id>_<secret>",
                    "description": "A key of `camledger api-key create`; it is shown once.",
                }
            },
        },
        "security": [{"apiKey": []}],
    }


def operation_of(operation: Operation) -> dict[str, Any]:
    """One operation."""
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": description_of(operation),
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": [{"apiKey": []}],
        "x-permissions": list(operation.permissions),
    }
    if operation.has_body:
        described["requestBody"] = _body(operation)
    return described


def description_of(operation: Operation) -> str:
    """What its coroutine says of itself."""
    lines = (operation.run.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": part.split("}")[0], "in": "path", "required": True, "schema": {"type": "string"}}
        for part in operation.path.split("{")[1:]
    ]
    if operation.query is not None:
        found += [_query(member) for member in members(operation.query)]
    if operation.paged:
        limit = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT}
        cursor = {"type": "string", "maxLength": CURSOR_MAX}
        found.append({"name": "limit", "in": "query", "schema": limit})
        found.append({"name": "cursor", "in": "query", "schema": cursor})
    if operation.method == "POST":
        key = {"type": "string", "minLength": 1, "maxLength": 255}
        found.append({"name": IDEMPOTENCY_KEY, "in": "header", "schema": key})
    return found


def _query(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "in": "query",
        "required": member.required,
        "schema": member.kind.schema(),
    }


def _body(operation: Operation) -> dict[str, Any]:
    if operation.form is not None:
        content: dict[str, Any] = {
            JSON: {"schema": {"$ref": SCHEMA + operation.form.__name__}},
        }
    else:
        rows = {"type": "array", "items": {"$ref": SCHEMA + "UsageRow"}, "maxItems": 50_000}
        lines = {"type": "string", "maxLength": operation.body_max}
        content = {
            media_type: {"schema": rows if media_type == JSON else lines}
            for media_type in operation.types
        }
    return {"required": True, "content": content}


def _responses(operation: Operation) -> dict[str, Any]:
    schema: dict[str, Any]
    ok: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is bytes:
        schema = {"type": "string", "contentMediaType": operation.media_type}
        ok["content"] = {operation.media_type: {"schema": schema}}
    elif operation.answer is not None:
        (schema,), _ = msgspec.json.schema_components([operation.answer], ref_template=_TEMPLATE)
        ok["content"] = {operation.media_type: {"schema": schema}}
    if operation.method == "POST":
        replayed = {"schema": {"type": "string", "const": "true"}}
        ok["headers"] = {"Idempotent-Replayed": replayed}
    answered: dict[str, Any] = {str(int(operation.status)): ok}
    if operation.answer is bytes:
        answered[str(int(HTTPStatus.NOT_MODIFIED))] = {
            "description": "It is the file whose `ETag` the request names in `If-None-Match`."
        }
    for status in errors_of(operation):
        answered[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
        if status == HTTPStatus.CONFLICT and operation.conflicts:
            problem = _problem(status)
            answered[str(status)] = {**problem, "description": f"When {operation.conflicts}."}
    return answered


def errors_of(operation: Operation) -> list[int]:
    """The statuses that an operation may answer beside its own."""
    statuses = {401, 403, 422, 429}
    if "{" in operation.path:
        statuses.add(404)
    if operation.has_body:
        statuses |= {400, 413, 415}
    if operation.method == "POST" or operation.conflicts:
        statuses.add(409)
    return sorted(statuses)


_TEMPLATE: Final = SCHEMA + "{name}"


def _problem(status: int) -> dict[str, Any]:
    problem = {
        "description": _REASONS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMA + "Problem"}}},
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        problem["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    if status == HTTPStatus.UNAUTHORIZED:
        problem["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return problem


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    types = [one.answer for one in operations if one.answer not in {bytes, None}]
    _, found = msgspec.json.schema_components([*types, answers.Problem], ref_template=_TEMPLATE)
    for operation in operations:
        if operation.form is not None:
            for form in nested_forms(operation.form):
                found[form.__name__] = schema_of(form)
    fields.describe(found)
    found["UsageRow"] = _USAGE_ROW
    found.update(_PRICINGS)
    return found


_USAGE_ROW: Final = {
    "type": "object",
    "properties": {
        "camera": {"type": "string", "maxLength": 255, "examples": ["site-1/gate"]},
        "day": {"type": "string", "format": "date", "examples": ["2026-10-16"]},
        "meter": {"type": "string", "maxLength": CODE_MAX, "examples": ["recording.motion.depth"]},
        "quantity": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        "connection": {"type": ["integer", "null"], "minimum": 1, "maximum": NUMBER_MAX},
    },
    "required": ["camera", "day", "meter", "quantity"],
    "additionalProperties": False,
}
_TIERS: Final = {
    "type": "array",
    "minItems": 1,
    "maxItems": 100,
    "description": "`up_to` rises and is inclusive; null in the last tier, and only there.",
    "items": {
        "type": "object",
        "properties": {
            "up_to": {"anyOf": [_QUANTITY, {"type": "null"}]},
            "unit_price": _PRICE,
            "flat_fee": {**_PRICE, "default": "0"},
        },
        "required": ["up_to", "unit_price"],
        "additionalProperties": False,
    },
}


def _model(model: str, required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"model": {"const": model}, **properties},
        "required": ["model", *required],
        "additionalProperties": False,
    }


_PRICINGS: Final = {
    "PerUnit": _model("per_unit", ["unit_price"], unit_price=_PRICE),
    "Graduated": _model("graduated", ["tiers"], tiers=_TIERS),
    "Volume": _model("volume", ["tiers"], tiers=_TIERS),
    "Package": _model(
        "package",
        ["package_size", "package_price"],
        package_size=_QUANTITY,
        package_price=_PRICE,
        free_units={**_QUANTITY, "default": "0"},
    ),
    "Pricing": {
        "oneOf": [
            {"$ref": SCHEMA + name} for name in ("PerUnit", "Graduated", "Volume", "Package")
        ],
        "discriminator": {
            "propertyName": "model",
            "mapping": {
                "per_unit": SCHEMA + "PerUnit",
                "graduated": SCHEMA + "Graduated",
                "volume": SCHEMA + "Volume",
                "package": SCHEMA + "Package",
            },
        },
    },
}
