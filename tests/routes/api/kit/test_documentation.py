"""The documentation says what the routes do: every operation, schema and error of it."""

from __future__ import annotations

import re
from typing import Any

from portal.errors import Invalid
from portal.kit.forms.form import parse
from portal.routes.api import OPERATIONS, api_app
from portal.routes.api.kit.examples import EXAMPLES, NONE
from portal.routes.api.kit.openapi import document
from tests.routes.api.conftest import House

DOCUMENT = document(OPERATIONS)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for member in value.values() for found in _references(member)]
    if isinstance(value, list):
        return [found for member in value for found in _references(member)]
    return []


async def test_both_are_served_without_a_foreign_host_or_an_inline_script(house: House):
    served = await house.client.get("/api/v1/openapi.json")
    assert served.json() == DOCUMENT
    page = await house.client.get("/api/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    own = r"watcher\.example\.net|billing\.example\.org|erp\.example\.net|checkout\.stripe\.com"
    assert not re.search(rf"https?://(?!(?:{own}))", page.text)
    assert not re.search(r"<script(?![^>]* src=)|<style|\son[a-z]+=|\sstyle=", page.text)
    for operation in OPERATIONS:
        assert f"{operation.method} /api/v1{operation.path}" in page.text


def test_every_route_is_documented_and_nothing_else():
    routed = {
        (method, re.sub(r":\w+}", "}", route.path))
        for route in api_app.routes
        for method in route.methods
        if method not in {"OPTIONS", "HEAD"}
    } - {
        ("GET", "/api/v1/docs"),
        ("GET", "/api/v1/openapi.json"),
        ("POST", "/api/v1/clouds/{cloud}/gateways/stripe/events"),  # the gateway's, without a key
    }
    documented = {
        (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
    }
    assert documented - routed == {
        ("GET", f"/api/v1/clouds/{{cloud}}/invoices/{{number}}.{suffix}")
        for suffix in ("pdf", "csv")
    }
    assert routed <= documented


def test_every_reference_leads_somewhere():
    for reference in set(_references(DOCUMENT)):
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_operation_is_described():
    for operation in OPERATIONS:
        described = DOCUMENT["paths"][f"/api/v1{operation.path}"][operation.method.lower()]
        assert described["summary"], operation.name
        assert described["description"], operation.name
        assert described["security"] == [{"apiKey": []}], operation.name
        assert {"401", "403", "422", "429"} <= described["responses"].keys(), operation.name
        assert operation.name in EXAMPLES or operation.answer in {bytes, None}, operation.name


def test_every_example_of_a_request_is_accepted_by_its_form():
    refused = {}
    for operation in OPERATIONS:
        try:
            if operation.form:
                parse(operation.form, EXAMPLES.get(operation.name, NONE).request)
        except Invalid as complaint:
            refused[operation.name] = complaint.fields
    assert refused == {}


def test_every_example_of_an_answer_has_only_fields_of_its_schema():
    for operation in OPERATIONS:
        if operation.answer in {bytes, None}:
            continue
        answer = EXAMPLES[operation.name].answer
        arguments = getattr(operation.answer, "__args__", ())
        name = (arguments[0] if arguments else operation.answer).__name__
        row = answer["items"][0] if arguments else answer
        known = DOCUMENT["components"]["schemas"][name]["properties"].keys()
        assert row.keys() <= known, operation.name
