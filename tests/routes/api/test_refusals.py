"""What is refused: the status, and the field that the message names. Nothing of it is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.routes.api.conftest import House

PRICING = {"model": "per_unit", "unit_price": "0.50"}
RATE = {"service": "storage", "valid_from": "2026-11-01", "pricing": PRICING}
VERSION: dict[str, Any] = {"valid_from": "2026-11-01", "monthly_price": "9.90"}
TARIFF: dict[str, Any] = {"code": "new", "name": "New", **VERSION}
ITEM = {"service": "plates", "quantity": 1}
CLOUD = {"slug": "east", "name": "East", "currency": "JPY", "timezone": "Asia/Tokyo"}
SERVICE = {
    "code": "s", "name": "S", "meter": "archive.stored", "unit": "GB", "unit_size": 10**9,
    "measure": "peak",
}  # fmt: skip
SUBSCRIBER = {"name": "New"}
CAMERA = {"external_id": "new"}
SUBSCRIPTION = {"tariff": "home-7", "starts_on": "2026-11-01"}
REFERRAL = {"code": "new", "name": "New", "percent": "5"}
NORTH = "/clouds/north"
ATTIC = f"{NORTH}/cameras/attic/subscriptions"


def tiers(*bounds: Any) -> dict[str, Any]:
    """A graduated pricing with these bounds."""
    return {"model": "graduated", "tiers": [{"up_to": b, "unit_price": "1"} for b in bounds]}


BAD_AMOUNTS: tuple[Any, ...] = (
    9.9, 9, True, None, "", " 1", "1 ", "+1", "-1", "-0.5", "1e3", "1E-2", "NaN", "Infinity", "inf",
    "1,5", "1_000", ".5", "5.", "0x1", "1.2345678", "١", "1" * 60, "9999999999999", [], {},
)  # fmt: skip
BAD_NAMES: tuple[Any, ...] = (
    "",
    " ",
    "\t",
    "a\0b",
    "a\x07b",
    "\ud800",
    "a\nb",
    "Sue\u202eeuS",
    "\u2067Sue\u2069",
    "Su\u200be",
    "\ufeffSue",
    "S\u200due",
    "\u3164",
    "x" * 301,
    1,
    None,
    [],
    True,
)
BAD_DAYS = (
    "2026-02-30", "2026-13-01", "2026-1-1", "20261101", "2026-11-01T00:00:00Z", "16.10.2026", "", 1,
    None, "1999-12-31", "9999-01-01", "٢٠٢٦-11-01", " 2026-11-01", "2026-11-01\n", "0000-00-00",
)  # fmt: skip

REFUSED: list[tuple[str, str, str, Any, int, str]] = [
    *(("ada", "POST", f"{NORTH}/rates", {**RATE, "pricing": {"model": "per_unit", "unit_price": bad}},
       422, "pricing.unit_price") for bad in BAD_AMOUNTS),
    *(("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "monthly_price": bad}, 422, "monthly_price")
      for bad in BAD_AMOUNTS),
    *(("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "setup_fee": bad}, 422, "setup_fee")
      for bad in (1, 1.5, "-1", "x")),
    *(("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "discount_percent": bad}, 422,
       "discount_percent") for bad in (*BAD_AMOUNTS, "100.000001", "101")),
    *(("nora", "POST", f"{NORTH}/referrals", {**REFERRAL, "percent": bad}, 422, "percent")
      for bad in (5, 5.5, "-5", "101", "5%")),
    *(("ada", "POST", "/clouds", {**CLOUD, "tax_percent": bad}, 422, "tax_percent")
      for bad in (22, 22.0, "-1", "100.1", None)),
    *(("nora", "POST", f"{NORTH}/subscribers", {"name": bad}, 422, "name") for bad in BAD_NAMES),
    *(("nora", "POST", f"{NORTH}/cameras", {"external_id": bad}, 422, "external_id")
      for bad in ("", " ", "a\0b", "x" * 256, 7, None, "\udfff", "a\u2028b")),
    *(("nora", "POST", ATTIC, {**SUBSCRIPTION, "starts_on": bad}, 422, "starts_on")
      for bad in BAD_DAYS),
    *(("ada", "POST", f"{NORTH}/rates", {**RATE, "valid_from": bad}, 422, "valid_from")
      for bad in BAD_DAYS),
    *(("ada", "POST", "/clouds", {**CLOUD, "timezone": bad}, 422, "timezone")
      for bad in ("Mars/Olympus", "localtime", "../etc/passwd", "/etc/localtime", "europe/rome", "", 1,
                  "posixrules", None)),
    *(("ada", "PATCH", NORTH, {"locale": bad}, 422, "locale")
      for bad in ("jp", "dk", "no_NO", "../x", "", "en_XX", 1, None)),
    *(("ada", "PATCH", NORTH, {"bank": [bad]}, 422, "bank[0]")
      for bad in ("IBAN AT61 1904 3002 3457 3202", "IBAN", "a\u202eb")),
    *(("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "number": bad}, 422, "number")
      for bad in (0, -1, 10**9, 10**15, 2**63, 10**40, "1", 1.0, True)),
    *(("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, field: bad}, 422, shown)
      for field, bad, shown in (("address", ["a\u202eb"], "address[0]"), ("tax_number", "\u200b1", "tax_number"))),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "name": "a\u202eb"}, 422, "name"),
    ("nora", "POST", f"{NORTH}/referrals", {**REFERRAL, "name": "a\u200bb"}, 422, "name"),
    ("ada", "POST", "/services", {**SERVICE, "name": "a\u2066b"}, 422, "name"),
    ("ada", "POST", "/services", {**SERVICE, "unit": "a\u200fb"}, 422, "unit"),
    *(("ada", "POST", "/clouds", {**CLOUD, "currency": bad}, 422, "currency")
      for bad in ("EURO", "eur", "XXX", "XAU", "", 978, None, "BTC")),
    *(("ada", "POST", "/clouds", {**CLOUD, "slug": bad}, 422, "slug")
      for bad in ("East", "", "-east", "e/st", "e" * 65, 1, "e st", "ëast")),
    *(("ada", "POST", "/clouds", {**CLOUD, "invoice_prefix": bad}, 422, "invoice_prefix")
      for bad in ("east", "", "E" * 17, "E_1", 1)),
    *(("ada", "POST", "/clouds", {**CLOUD, "manager": bad}, 422, "manager")
      for bad in ("nobody@platform.test", "paul@platform.test", "nora@north.test", "max", 1)),
    ("ada", "POST", "/clouds", {**CLOUD, "level_percents": ["2", 1]}, 422, "level_percents[1]"),
    ("ada", "POST", "/clouds", {**CLOUD, "level_percents": "2"}, 422, "level_percents"),
    ("ada", "POST", "/clouds", {**CLOUD, "payment_days": -1}, 422, "payment_days"),
    ("ada", "POST", "/clouds", {**CLOUD, "slug": "north"}, 409, "slug"),
    ("ada", "POST", "/clouds", {**CLOUD, "invoice_prefix": "PLAT"}, 409, "invoice_prefix"),
    ("ada", "PATCH", NORTH, {"currency": "USD"}, 409, "currency"),
    ("ada", "PATCH", NORTH, {"timezone": "Europe/Paris"}, 409, "timezone"),
    ("ada", "PATCH", NORTH, {"slug": "nord"}, 422, "slug"),
    ("ada", "PATCH", NORTH, {"name": None}, 422, "name"),
    ("ada", "PATCH", NORTH, [], 422, "body"),
    *(("ada", "POST", "/meters", {"key": bad, "base_unit": "x", "kind": "gauge"}, 422, "key")
      for bad in ("Camera", "a..b", ".a", "a b", "", 1, "a" * 65)),
    ("ada", "POST", "/meters", {"key": "a.b", "base_unit": "", "kind": "gauge"}, 422, "base_unit"),
    ("ada", "POST", "/meters", {"key": "a.b", "base_unit": "x", "kind": "sum"}, 422, "kind"),
    ("ada", "POST", "/meters", {"key": "camera.enabled", "base_unit": "flag", "kind": "gauge"}, 409,
     "key"),
    *(("ada", "POST", "/services", {**SERVICE, "unit_size": bad}, 422, "unit_size")
      for bad in (0, -1, 1.5, True, "1.5", "", 2**63, "9" * 30)),
    ("ada", "POST", "/services", {**SERVICE, "meter": "no.such"}, 422, "meter"),
    ("ada", "POST", "/services", {**SERVICE, "measure": "sum"}, 422, "measure"),
    ("ada", "POST", "/services", {**SERVICE, "code": "plates"}, 409, "code"),
    ("ada", "POST", "/services", {**SERVICE, "code": "a b"}, 422, "code"),
    ("ada", "POST", f"{NORTH}/rates", {**RATE, "service": "no-such"}, 422, "service"),
    ("ada", "POST", f"{NORTH}/rates", {"service": "plates", "valid_from": "2026-01-01",
                                       "pricing": PRICING}, 409, "valid_from"),
    *(("ada", "POST", f"{NORTH}/rates", {**RATE, "pricing": bad}, 422, field) for bad, field in (
        (None, "pricing"), ([], "pricing"), ({}, "pricing.model"), ({"model": "flat"}, "pricing.model"),
        ({"model": "per_unit"}, "pricing.unit_price"),
        ({**PRICING, "tiers": []}, "pricing.tiers"),
        ({"model": "volume", "tiers": []}, "pricing.tiers"),
        (tiers(10, 5, None), "pricing.tiers[1].up_to"),
        (tiers(10, 10, None), "pricing.tiers[1].up_to"),
        (tiers(0, None), "pricing.tiers[0].up_to"),
        (tiers(-1, None), "pricing.tiers[0].up_to"),
        (tiers(10, 20), "pricing.tiers[1].up_to"),
        (tiers(None, None), "pricing.tiers[0].up_to"),
        (tiers(1.5, None), "pricing.tiers[0].up_to"),
        (tiers("1e1", None), "pricing.tiers[0].up_to"),
        ({"model": "volume", "tiers": [{"up_to": None, "unit_price": 1}]}, "pricing.tiers[0].unit_price"),
        ({"model": "volume", "tiers": [{"up_to": None, "unit_price": "1", "flat_fee": "-1"}]},
         "pricing.tiers[0].flat_fee"),
        ({"model": "package", "package_size": 0, "package_price": "1"}, "pricing.package_size"),
        ({"model": "package", "package_size": 1, "package_price": 1}, "pricing.package_price"),
        ({"model": "package", "package_size": 1, "package_price": "1", "free_units": -1},
         "pricing.free_units"),
    )),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "code": "home-7"}, 409, "code"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "code": "a/b"}, 422, "code"),
    ("nora", "POST", f"{NORTH}/tariffs", {"code": "new", "name": "New"}, 422, "monthly_price"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "trial_days": -1}, 422, "trial_days"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "trial_days": 1.5}, 422, "trial_days"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "trial_days": True}, 422, "trial_days"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "trial_days": 10**20}, 422, "trial_days"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "bill_when_disabled": 1}, 422,
     "bill_when_disabled"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "items": {}}, 422, "items"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "items": [1]}, 422, "items[0]"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "items": [{**ITEM, "quantity": -1}]}, 422,
     "items[0].quantity"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "items": [{**ITEM, "quantity": 1.5}]}, 422,
     "items[0].quantity"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "items": [{**ITEM, "service": "no-such"}]}, 422,
     "items[0].service"),
    ("nora", "POST", f"{NORTH}/tariffs", {**TARIFF, "items": [ITEM, ITEM]}, 422, "items[1].service"),
    ("nora", "POST", f"{NORTH}/tariffs",
     {**TARIFF, "items": [ITEM, {"service": "storage", "quantity": 5, "overage": tiers(3, 2, None)}]},
     422, "items[1].overage.tiers[1].up_to"),
    ("nora", "POST", f"{NORTH}/tariffs/home-7/versions", {**VERSION, "valid_from": "2026-01-01"}, 409,
     "valid_from"),
    ("nora", "POST", f"{NORTH}/tariffs/home-7/versions", {**VERSION, "code": "x"}, 422, "code"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "number": 1}, 409, "number"),
    *(("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "number": bad}, 422, "number")
      for bad in (0, -1, 1.0, "1", True, 10**30)),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "email": "sue"}, 422, "email"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "email": "a@" + "b" * 255}, 422, "email"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "tax_exempt": "no"}, 422, "tax_exempt"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "referral": "nobody"}, 422, "referral"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "referral": "liz"}, 422, "referral"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "account_manager": "sam@south.test"}, 422,
     "account_manager"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "account_manager": "carl@north.test"}, 422,
     "account_manager"),
    ("nora", "POST", f"{NORTH}/subscribers", {**SUBSCRIBER, "colour": "red"}, 422, "colour"),
    ("nora", "PATCH", f"{NORTH}/subscribers/1", {"number": 5}, 422, "number"),
    ("nora", "PATCH", f"{NORTH}/subscribers/1", {"referral": "liz"}, 422, "referral"),
    ("nora", "PATCH", f"{NORTH}/subscribers/1", {"discount_percent": 10}, 422, "discount_percent"),
    ("nora", "POST", f"{NORTH}/cameras", {"external_id": "gate"}, 409, "external_id"),
    ("nora", "POST", f"{NORTH}/cameras", {**CAMERA, "subscriber": 99}, 422, "subscriber"),
    ("nora", "POST", f"{NORTH}/cameras", {**CAMERA, "subscriber": "1"}, 422, "subscriber"),
    ("nora", "POST", f"{NORTH}/cameras", {**CAMERA, "name": "x" * 1_000_000}, 422, "name"),
    ("nora", "PATCH", f"{NORTH}/cameras/gate", {"subscriber": 2}, 409, "subscriber"),
    ("nora", "PATCH", f"{NORTH}/cameras/gate", {"subscriber": None}, 409, "subscriber"),
    ("nora", "PATCH", f"{NORTH}/cameras/gate", {"external_id": "x"}, 422, "external_id"),
    ("nora", "POST", ATTIC, {**SUBSCRIPTION, "tariff": "no-such"}, 422, "tariff"),
    ("nora", "POST", ATTIC, {**SUBSCRIPTION, "tariff": "south-7"}, 422, "tariff"),
    ("nora", "POST", ATTIC, {**SUBSCRIPTION, "starts_on": "2025-12-31"}, 422, "starts_on"),
    ("nora", "POST", ATTIC, {**SUBSCRIPTION, "ends_on": "2026-11-01"}, 422, "ends_on"),
    ("nora", "POST", ATTIC, {**SUBSCRIPTION, "ends_on": "2026-10-31"}, 422, "ends_on"),
    ("nora", "POST", f"{NORTH}/cameras/gate/subscriptions", SUBSCRIPTION, 409, "starts_on"),
    ("nora", "POST", f"{NORTH}/cameras/gate/subscriptions",
     {**SUBSCRIPTION, "starts_on": "2026-08-01", "ends_on": "2026-09-02"}, 409, "starts_on"),
    ("nora", "POST", f"{NORTH}/cameras/spare/subscriptions", SUBSCRIPTION, 409, "camera"),
    ("nora", "PATCH", f"{NORTH}/cameras/gate/subscriptions/1", {"ends_on": "2026-09-01"}, 422,
     "ends_on"),
    ("nora", "PATCH", f"{NORTH}/cameras/gate/subscriptions/1", {}, 422, "ends_on"),
    ("nora", "PATCH", f"{NORTH}/cameras/gate/subscriptions/1", {"starts_on": "2026-09-02"}, 422,
     "starts_on"),
    ("nora", "POST", f"{NORTH}/referrals", {**REFERRAL, "code": "rex"}, 409, "code"),
    ("nora", "POST", f"{NORTH}/referrals", {**REFERRAL, "sponsor": "new"}, 422, "sponsor"),
    ("nora", "POST", f"{NORTH}/referrals", {**REFERRAL, "sponsor": "liz"}, 422, "sponsor"),
    ("nora", "POST", f"{NORTH}/referrals", {**REFERRAL, "basis": "hoped"}, 422, "basis"),
    ("nora", "PATCH", f"{NORTH}/referrals/rex", {"sponsor": "rex"}, 422, "sponsor"),
    ("nora", "POST", f"{NORTH}/usage/corrections", {"camera": "gate", "day": "2026-10-01"}, 422,
     "reason"),
    ("nora", "POST", f"{NORTH}/usage/corrections",
     {"camera": "porch", "day": "2026-10-01", "meter": "analytics.plates", "quantity": 1,
      "reason": "x"}, 422, "camera"),
    ("nora", "POST", f"{NORTH}/usage/corrections",
     {"camera": "gate", "day": "2026-10-01", "meter": "analytics.plates", "quantity": 2,
      "reason": "x"}, 422, "quantity"),
    ("nora", "POST", f"{NORTH}/periods/2026-10/close", {"accept_gaps": "yes"}, 422, "accept_gaps"),
    ("nora", "POST", f"{NORTH}/periods/2026-13/close", {}, 422, "period"),
    ("nora", "POST", f"{NORTH}/periods/2026-11/close", {"accept_gaps": True}, 409, ""),
    ("nora", "POST", f"{NORTH}/periods/2026-10/close", {}, 409, "2026-10-01"),
    ("nora", "GET", f"{NORTH}/charges?period=2026-00", None, 422, "period"),
    ("nora", "GET", f"{NORTH}/charges", None, 422, "period"),
    ("nora", "GET", f"{NORTH}/charges?period=2026-10&side=both", None, 422, "side"),
    ("nora", "GET", f"{NORTH}/invoices?subscriber=x", None, 422, "subscriber"),
    ("nora", "GET", f"{NORTH}/invoices?period=%00", None, 422, "period"),
    ("nora", "GET", f"{NORTH}/cameras?limit=0", None, 422, "limit"),
    ("nora", "GET", f"{NORTH}/cameras?limit=1001", None, 422, "limit"),
    ("nora", "GET", f"{NORTH}/cameras?limit=ten", None, 422, "limit"),
    ("nora", "GET", f"{NORTH}/cameras?cursor=%21", None, 422, "cursor"),
    ("nora", "GET", f"{NORTH}/cameras?cursor=e30", None, 422, "cursor"),
    ("nora", "GET", f"{NORTH}/cameras?cursor=IlwwIg", None, 422, "cursor"),
    ("nora", "POST", f"{NORTH}/usage?partial=perhaps", [], 422, "partial"),
    ("nora", "POST", f"{NORTH}/usage", {}, 422, "body"),
]  # fmt: skip

TABLES = (
    "meter", "service", "cloud", "rate", "tariff", "tariff_version", "tariff_item", "subscriber",
    "camera", "subscription", "referral", "usage", "usage_correction", "period", "audit",
    "idempotent_answer",
)  # fmt: skip


def _id(case: object) -> str:
    text = ascii(json.dumps(case)) if isinstance(case, dict | list) else ascii(case)
    return text[:60].replace("\\", "").replace("::", ":")


async def _count(house: House) -> str:
    counts = "||'|'||".join(f"(select count(*) from {table})" for table in TABLES)
    return str(await house.sql(f"select {counts}"))


async def test_each_refusal_names_its_field_and_stores_nothing(house: House):
    before, wrong = await _count(house), []
    for who, method, path, body, status, field in REFUSED:
        answer = await house.ask(who, method, path, body)
        problem = answer.json()
        fields = [error.get("field") for error in problem["errors"]]
        good = (
            answer.status_code == status == problem["status"]
            and answer.headers["content-type"] == "application/problem+json"
            and (field in fields if field else fields == [])
        )
        if not good:
            wrong.append((method, path, _id(body), status, field, answer.text[:300]))
    assert wrong == []
    assert await _count(house) == before


async def test_all_wrong_fields_are_told_at_once(house: House):
    body = {
        "code": "a b", "name": "", "monthly_price": 9.9, "colour": "red",
        "items": [ITEM, {"service": "plates", "quantity": "1e3", "overage": tiers(2, 1, None)}],
    }  # fmt: skip
    answer = await house.ask("nora", "POST", f"{NORTH}/tariffs", body)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {
        "code", "name", "valid_from", "monthly_price", "colour", "items[1].quantity",
        "items[1].overage.tiers[1].up_to",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"name": ', "application/json", 400),
        (b"", "application/json", 400),
        (b"   ", "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"\xef\xbb\xbf{}", "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b"{'name': 1}", "application/json", 400),
        (b'{"name": "a"} x', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": "a\x00b"}', "application/json", 400),
        (b'{"name": 1e999}', "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (b'{"\\ud800": 1}', "application/json", 422),
        (b'"text"', "application/json", 422),
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"name=a", "application/x-www-form-urlencoded", 415),
        (b"<a/>", "text/xml", 415),
        (b"{}", "multipart/form-data; boundary=x", 415),
    ],
)
async def test_bodies_that_cannot_be_read(house: House, body, content_type, status):
    answer = await house.ask(
        "nora", "POST", f"{NORTH}/subscribers", body, headers={"Content-Type": content_type}
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_json_with_a_name_of_its_own_is_read(house: House):
    answer = await house.ask(
        "nora",
        "POST",
        f"{NORTH}/subscribers",
        b'{"name": "Zo\xc3\xab", "number": 700}',
        headers={"Content-Type": "application/vnd.crm+json; charset=utf-8"},
    )
    assert (answer.status_code, answer.json()["name"]) == (201, "Zoë")


async def test_a_body_beyond_the_limit_is_413(house: House):
    answer = await house.ask("nora", "POST", f"{NORTH}/usage", b" " * (32 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["status"] == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v2/meters", 404),
        ("GET", "/clouds/nowhere", 404),
        ("GET", "/clouds/%00", 404),
        ("GET", "/clouds/%FF", 404),
        ("GET", f"{NORTH}/tariffs/nothing", 404),
        ("GET", f"{NORTH}/subscribers/99", 404),
        ("GET", f"{NORTH}/subscribers/one", 404),
        ("GET", f"{NORTH}/subscribers/-1", 404),
        ("GET", f"{NORTH}/subscribers/{10**18}", 404),
        ("GET", f"{NORTH}/subscribers/{10**40}", 404),
        ("GET", f"{NORTH}/cameras/nothing", 404),
        ("GET", f"{NORTH}/cameras/porch", 404),
        ("GET", f"{NORTH}/cameras/nothing/subscriptions", 404),
        ("GET", f"{NORTH}/referrals/liz", 404),
        ("GET", f"{NORTH}/invoices/NORTH-2026-000001", 404),
        ("GET", f"{NORTH}/invoices/NORTH-2026-000001.pdf", 404),
        ("GET", f"{NORTH}/usage?period=2026-10&camera=porch", 404),
        ("PATCH", f"{NORTH}/cameras/gate/subscriptions/3", 404),
        ("PATCH", f"{NORTH}/cameras/gate/subscriptions/x", 404),
        ("DELETE", "/meters", 405),
        ("PUT", NORTH, 405),
        ("POST", f"{NORTH}/periods/2026-10", 405),
    ],
)
async def test_what_is_not_there(house: House, method, path, status):
    body = {"ends_on": None} if method == "PATCH" else None
    answer = await house.ask("nora", method, path, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail", "errors"}
