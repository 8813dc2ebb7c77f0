"""Documents are sent and handed over by systems of an operator: each its own, nobody else's."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.access import SYSTEM
from portal.accounts.actions import api_keys
from portal.db import atomic
from portal.kit.actions.mail import Post
from portal.kit.queries import tenancy
from tests.routes.api.conftest import KEYS
from tests.routes.conftest import ORIGIN, Site
from tests.routes.story import two_closed_months
from tests.services import TestServices

SUES, BOBS, DEEPS = "NORTH-2026-000004", "NORTH-2026-000005", "NORTH-2026-000006"
OCTOBER = "/clouds/north/periods/2026-10"


@dataclass
class Systems:
    """Systems with keys of the platform's and the operators' people."""

    site: Site
    client: httpx.AsyncClient
    keys: dict[str, str]

    async def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def json(self, who: str, method: str, path: str, status: int = 200, **more: Any) -> Any:
        answer = await self.ask(who, method, path, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def handed(self, who: str, **wanted: Any) -> Any:
        return await self.json(who, "POST", "/clouds/north/hand-overs", 201, json=wanted)

    async def file(self, who: str, hand_over: int) -> httpx.Response:
        answer = await self.ask(who, "GET", f"/clouds/north/hand-overs/{hand_over}/file")
        assert answer.status_code == 200, answer.text
        return answer


@pytest.fixture(scope="module")
async def systems(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Systems]:
    folder: Path = tmp_path_factory.mktemp("data")
    name = f"{template}_{worker_id}_sent"
    async with two_closed_months(services, template, name, folder) as site:
        site.app.state.post = Post(is_set_up=True)
        keys = {}
        async with site.database.as_worker():
            for who, (key_name, role, cloud) in KEYS.items():
                of = await tenancy.get_if_named(SYSTEM, cloud)
                keys[who] = await api_keys.create(SYSTEM, name=key_name, role=role, cloud=of)
            async with atomic(SYSTEM) as tx:
                await tx.execute(
                    "update subscriber set email = 'sue@home.test',"
                    " name = '=HYPERLINK(0)' where id = 1"
                )
                await tx.execute("update subscriber set email = 'bob@shop.test' where id = 2")
        transport = httpx.ASGITransport(site.app)  # type: ignore[arg-type] # it is an ASGI app
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield Systems(site, client, keys)


async def test_a_month_is_sent_by_a_key_once_and_its_mails_are_listed(systems: Systems) -> None:
    before = await systems.json("carl", "GET", f"{OCTOBER}/sending")
    assert before == {
        "documents": 3, "sent": 0, "waiting": 0, "failed": 0, "unsent": 3, "to_send": 2,
        "without_address": 1, "refused_before": 0,
    }  # fmt: skip
    for _ in range(2):
        sent = await systems.json("carl", "POST", f"{OCTOBER}/send", 202)
        assert (sent["waiting"], sent["unsent"], sent["to_send"]) == (2, 1, 0)
    mails = (await systems.json("carl", "GET", "/clouds/north/document-deliveries"))["items"]
    assert [(one["number"], one["state"], one["recipients"]) for one in mails] == [
        (SUES, "waiting", ["sue@home.test"]),
        (BOBS, "waiting", ["bob@shop.test"]),
    ]
    path = "/clouds/north/document-deliveries?period=2026-09"
    assert (await systems.json("carl", "GET", path))["items"] == []
    (trouble,) = (await systems.json("carl", "GET", f"{OCTOBER}/sending/troubles"))["items"]
    assert (trouble["number"], trouble["recipients"], trouble["error"]) == (DEEPS, [], "")
    on_its_way = await systems.ask(
        "carl", "POST", f"/clouds/north/invoices/{SUES}/send", json={"copy": True}
    )
    assert on_its_way.status_code == 409
    none = await systems.ask("carl", "POST", f"/clouds/north/invoices/{DEEPS}/send")
    assert none.status_code == 409
    open_month = await systems.ask("carl", "POST", "/clouds/north/periods/2026-11/send")
    assert (open_month.status_code, "not closed" in open_month.text) == (409, True)


async def test_what_failed_is_tried_again_and_listed_page_by_page(systems: Systems) -> None:
    async with systems.site.database.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into delivery (cloud, key, kind, document, recipient, recipients, subject,"
            " facts, due_at, state, error) select cloud, 'document ' || id, 'invoice', id, 'x@y.z',"
            " '{x@y.z}', '', '{}', now(), 'failed', '550 no' from invoice"
            " where month = '2026-09-01' and side = 'retail' and cloud = 1"
        )
    september = "/clouds/north/periods/2026-09"
    found, path = [], f"{september}/sending/troubles?limit=2"
    while path:
        page = await systems.json("carl", "GET", path)
        found += [one["number"] for one in page["items"]]
        following = page["next"]
        path = f"{september}/sending/troubles?limit=2&cursor={following}" if following else ""
    assert found == [f"NORTH-2026-00000{n}" for n in (1, 2, 3)]
    again = await systems.json("carl", "POST", f"{september}/send/try-again", 202)
    assert (again["waiting"], again["failed"]) == (2, 1), "Deep has no address yet"


async def test_a_csv_has_a_row_a_document_and_runs_nothing(systems: Systems) -> None:
    made = await systems.handed("carl", kind="csv", period="2026-10")
    assert (made["documents"], made["made_by"], made["period"]) == (3, "carl@north.test", "2026-10")
    answer = await systems.file("carl", made["id"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    named = answer.headers["content-disposition"]
    assert named == 'attachment; filename="north-documents-2026-10.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == [
        "number", "type", "credits", "customer_number", "name", "email", "tax_number", "month",
        "issued_on", "due_on", "currency", "net", "tax_percent", "tax", "total", "open",
    ]  # fmt: skip
    for row in rows:
        said = await systems.json("carl", "GET", f"/clouds/north/invoices/{row['number']}")
        assert (row["net"], row["tax"], row["total"]) == (
            said["taxable"], said["tax"], said["total"],
        )  # fmt: skip
        assert (row["issued_on"], row["due_on"]) == (said["issued_on"], said["due_on"])
        assert (row["open"], row["currency"], row["month"]) == (row["total"], "EUR", "2026-10")
    assert [row["email"] for row in rows] == ["sue@home.test", "bob@shop.test", ""]
    assert sum(int(row["total"].replace(".", "")) for row in rows) == int(
        made["total"].replace(".", "")
    )
    async with systems.site.database.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute("update subscriber set email = '+1@home.test' where id = 1")
    (sues, *_rest) = csv.DictReader(io.StringIO((await systems.file("carl", made["id"])).text))
    assert sues["email"] == "'+1@home.test"


async def test_json_is_what_the_api_answers_and_a_zip_has_every_pdf(systems: Systems) -> None:
    asked = {"kind": "json", "numbers": [BOBS, SUES, BOBS], "again": True}
    made = await systems.handed("carl", **asked)
    assert (made["documents"], made["period"]) == (2, None)
    answer = await systems.file("carl", made["id"])
    assert answer.json()["items"] == [
        await systems.json("carl", "GET", f"/clouds/north/invoices/{number}")
        for number in (SUES, BOBS)
    ]
    made = await systems.handed("carl", kind="zip", period="2026-10", again=True)
    archive = zipfile.ZipFile(io.BytesIO((await systems.file("carl", made["id"])).content))
    assert archive.testzip() is None
    assert archive.namelist() == [f"{number}.pdf" for number in (SUES, BOBS, DEEPS)]
    assert archive.read(f"{SUES}.pdf") == f"%PDF-1.7 {SUES}".encode()


async def test_what_was_handed_over_before_is_handed_over_again_when_that_is_said(
    systems: Systems,
) -> None:
    september = {"kind": "json", "period": "2026-09"}
    first = await systems.handed("nora", **september)
    refused = await systems.ask("nora", "POST", "/clouds/north/hand-overs", json=september)
    assert refused.status_code == 409
    assert [error["field"] for error in refused.json()["errors"]] == ["again"]
    assert "NORTH-2026-000001" in refused.json()["detail"]
    again = await systems.handed("nora", **september, again=True)
    path = "/clouds/north/hand-overs?period=2026-09"
    listed = (await systems.json("carl", "GET", path))["items"]
    assert [one["id"] for one in listed] == [again["id"], first["id"]]
    assert await systems.json("carl", "GET", f"/clouds/north/hand-overs/{first['id']}") == first


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"kind": "pdf", "period": "2026-10"}, "kind"),
        ({"kind": "csv"}, "period"),
        ({"kind": "csv", "period": "2026-10", "numbers": [SUES]}, "period"),
        ({"kind": "csv", "numbers": [SUES, "SOUTH-2026-000001"]}, "numbers[1]"),
        ({"kind": "csv", "period": "october"}, "period"),
    ],
)
async def test_a_hand_over_that_says_too_little_or_too_much_is_refused(
    systems: Systems, wanted: dict[str, Any], field: str
) -> None:
    answer = await systems.ask("carl", "POST", "/clouds/north/hand-overs", json=wanted)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_nobody_sends_or_takes_what_is_not_theirs(systems: Systems) -> None:
    made = await systems.handed("carl", kind="csv", numbers=[SUES], again=True)
    own = f"/clouds/north/hand-overs/{made['id']}"
    south = [
        ("POST", f"{OCTOBER}/send"),
        ("GET", f"{OCTOBER}/sending"),
        ("GET", own),
        ("GET", f"{own}/file"),
        ("POST", f"/clouds/north/invoices/{SUES}/send"),
        ("GET", f"/clouds/north/invoices/{SUES}/deliveries"),
    ]
    for method, path in south:
        assert (await systems.ask("sam", method, path)).status_code == 404, path
        as_south = path.replace("/north/", "/south/")
        if "hand-overs" in path or SUES in path:
            assert (await systems.ask("sam", method, as_south)).status_code == 404, as_south
    assert (await systems.ask("max", "POST", f"{OCTOBER}/send")).status_code == 403
    assert (await systems.json("max", "GET", f"{OCTOBER}/sending"))["documents"] == 3
    anns = await systems.ask("ann", "GET", own)
    assert anns.status_code == 404, "an account manager knows what they handed over themselves"
    hers = await systems.json(
        "ann", "POST", "/clouds/north/hand-overs", 201, json={"kind": "json", "period": "2026-10"}
    )
    assert hers["documents"] == 1, "Sue's alone"
    items = (await systems.file("ann", hers["id"])).json()["items"]
    assert [one["number"] for one in items] == [SUES]
    bobs = {"kind": "csv", "numbers": [BOBS]}
    answer = await systems.ask("ann", "POST", "/clouds/north/hand-overs", json=bobs)
    assert answer.status_code == 422


async def test_the_text_of_the_mail_is_a_field_of_the_cloud(systems: Systems) -> None:
    wrong = {"invoice_text": ["Hello {customer}", "{iban}"], "reply_to": "nobody"}
    answer = await systems.ask("carl", "PATCH", "/clouds/north", json=wrong)
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"invoice_text[1]", "reply_to"}
    right = {"invoice_text": ["Hello {customer}"], "reply_to": "b@n.test", "send_after_close": True}
    said = await systems.json("carl", "PATCH", "/clouds/north", json=right)
    assert {name: said[name] for name in right} == right
    assert (await systems.ask("ann", "PATCH", "/clouds/north", json=right)).status_code == 403
