"""Which fields each role is answered: what a page hides, the API hides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from portal.access import FIELDS, MATRIX, SYSTEM, Permission
from portal.accounts.actions import api_keys
from portal.billing.money import format_minor
from portal.kit.queries import tenancy
from portal.routes.api import OPERATIONS
from portal.routes.api.kit.endpoint import Operation
from portal.routes.api.kit.fields import NOUNS
from tests.routes.api.conftest import KEYS
from tests.routes.conftest import Site
from tests.routes.story import two_closed_months
from tests.services import TestServices

TERMS = {
    "margin_target",
    "wholesale_discount_percent",
    "wholesale_tax_percent",
    "level_percents",
    "agents_invite",
    "agent_percent",
}
BOOKS = {"totals", "unrated", "late_usage", "trouble"}
LIST = {"list_pricing"}
REPORTS = {"ReportLine": {"cost", "commission", "margin"}, "ServiceLine": {"bought", "cost"}}
# Who is not shown a field of an answer. Whoever is not listed is shown them all.
HIDDEN: dict[str, dict[str, set[str]]] = {
    "ann": {"Cloud": TERMS, "Period": BOOKS, "Service": LIST, **REPORTS},
    "olaf": {"Cloud": TERMS, "Period": BOOKS, "Service": LIST, **REPORTS},
    "narrow": {"Cloud": TERMS, "Period": BOOKS, "Service": LIST},
}
PLACES = {
    "{cloud}": "north", "{number}": "1", "{period}": "2026-10", "{id}": "1",
    "{external_id}": "canary-north-gate",
}  # fmt: skip
CODES = {"tariffs": "home-7", "referrals": "rex", "services": "motion-day"}
ONCE = {"ApiKey": {"key"}, "User": {"link", "link_expires_at"}}
"""Given in the answer that makes it, and in no list."""
QUERY = {"period": "2026-10"}
READS = [
    one for one in OPERATIONS if one.method == "GET" and one.routed and one.answer is not bytes
]


@dataclass
class Office:
    """Two clouds with closed months, and everybody's key."""

    client: httpx.AsyncClient
    site: Site
    keys: dict[str, str]

    async def get(self, who: str, operation: Operation) -> httpx.Response:
        path = operation.path
        for noun, code in CODES.items():
            path = path.replace(f"{noun}/{{code}}", f"{noun}/{code}")
        for place, value in PLACES.items():
            path = path.replace(place, value)
        if who == "olaf":
            path = path.replace("/north", "/south")
        query = operation.query and operation.query.__dataclass_fields__
        asked = {name: value for name, value in QUERY.items() if name in (query or ())}
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        return await self.client.get(f"/api/v1{path}", params=asked, headers=headers)


@pytest.fixture(scope="module")
async def office(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    directory = tmp_path_factory.mktemp("fields")
    async with two_closed_months(
        services, template, f"{template}_{worker_id}_fields", directory
    ) as site:
        keys = {}
        async with site.database.as_worker():
            for who, (name, role, cloud) in KEYS.items():
                keys[who] = await api_keys.create(
                    SYSTEM, name=name, role=role, cloud=await tenancy.get_if_named(SYSTEM, cloud)
                )
            keys["narrow"] = await api_keys.create(
                SYSTEM,
                name="narrow",
                role="administrator",
                cloud=await tenancy.get(SYSTEM, "north"),
                scopes=[Permission.CLOUDS_READ, Permission.PERIODS_READ],
            )
        application: Any = site.app
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="https://portal.test") as client:
            yield Office(client, site, keys)


def _answers(operation: Operation, body: Any) -> tuple[str, list[dict[str, Any]]]:
    """The name of what is answered, and each of it: a page's items, or the answer itself."""
    kind = operation.answer
    inner = getattr(kind, "__args__", ())
    if inner:
        return inner[0].__name__, body["items"]
    return kind.__name__, [body]


@pytest.mark.parametrize("who", [*KEYS, "narrow"])
async def test_each_role_is_answered_its_fields_and_no_others(office: Office, who: str) -> None:
    answered = set()
    for operation in READS:
        answer = await office.get(who, operation)
        if answer.status_code != 200:
            assert answer.status_code in {403, 404}, (operation.path, answer.text)
            continue
        kind, found = _answers(operation, answer.json())
        fields = set(
            (getattr(operation.answer, "__args__", None) or (operation.answer,))[
                0
            ].__struct_encode_fields__
        )
        for one in found:
            assert set(one) == fields - ONCE.get(kind, set()) - HIDDEN.get(who, {}).get(
                kind, set()
            ), operation.path
            answered.add(kind)
    assert {"Cloud", "Period"} <= answered or who in {"sam", "tina"}


async def test_what_the_cloud_took_paid_and_gave_is_in_no_answer_of_an_account_manager(
    office: Office,
) -> None:
    (row,) = await office.site.rows(
        "select retail, wholesale, commission from period where cloud = 1 and starts_on = '2026-10-01'"
    )
    sums = [format_minor(amount, "EUR") for amount in row]
    assert all(amount != "0.00" for amount in sums)
    everything = ""
    for operation in READS:
        everything += (await office.get("ann", operation)).text
    for amount in (*sums, "-".join(sums)):
        assert f'"{amount}"' not in everything
    for operation in READS:
        if operation.name == "read_period":
            body = (await office.get("nora", operation)).json()
            assert list(body["totals"].values()) == sums


async def test_a_filter_finds_an_account_manager_nothing_of_the_hidden_side(office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.keys['ann']}"}
    for noun in ("charges", "invoices"):
        answer = await office.client.get(
            f"/api/v1/clouds/north/{noun}?period=2026-10&side=wholesale", headers=headers
        )
        assert answer.json() == {"items": [], "next": None}
    for noun in ("margins", "commissions", "rates", "referrals", "connections", "reconciliation"):
        answer = await office.client.get(
            f"/api/v1/clouds/north/{noun}?period=2026-10", headers=headers
        )
        assert answer.status_code == 403, noun


async def test_an_account_managers_reports_have_no_cost(office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.keys['ann']}"}
    path = "/api/v1/clouds/north/reports"
    for query in ("by=subscriber", "by=camera", "by=tariff"):
        answer = await office.client.get(f"{path}?period=2026-10&{query}", headers=headers)
        assert answer.status_code == 200, query
        for row in answer.json()["items"]:
            assert not {"cost", "commission", "margin"} & set(row), query
    services = await office.client.get(f"{path}/services?period=2026-10", headers=headers)
    assert all("bought" not in row and "cost" not in row for row in services.json()["items"])
    refused = await office.client.get(f"{path}?period=2026-10&by=referral", headers=headers)
    assert refused.status_code == 403


async def test_an_answer_that_is_replayed_hides_what_it_hid(office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.keys['ann']}", "Idempotency-Key": "again"}
    body = {"name": "A"}
    first, second = [
        await office.client.post("/api/v1/clouds/north/subscribers", json=body, headers=headers)
        for _ in range(2)
    ]
    assert first.status_code == second.status_code == 201
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()


def test_the_list_names_fields_that_there_are() -> None:
    for answer, noun in NOUNS.items():
        assert set(FIELDS[noun]) <= set(answer.__struct_fields__)
    assert all(
        any(permission in held for held in MATRIX.values())
        for fields in FIELDS.values()
        for permission in fields.values()
    )


async def test_the_document_says_which_fields_may_be_absent(office: Office) -> None:
    schemas = (await office.client.get("/api/v1/openapi.json")).json()["components"]["schemas"]
    for answer, noun in NOUNS.items():
        schema = schemas[answer.__name__]
        assert not set(FIELDS[noun]) & set(schema["required"])
        for field, permission in FIELDS[noun].items():
            assert permission in schema["properties"][field]["description"]
