"""The register of things: what is made comes back as it was sent, page by page, change by change."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.routes.api.conftest import House

NORTH = "/clouds/north"
NO_MASTER_DATA: dict[str, Any] = {
    **dict.fromkeys(
        [
            "legal_name",
            "vat_id",
            "registration",
            "endpoint",
            "iban",
            "bic",
            "creditor_id",
            "buyer_reference",
            "exemption_reason",
        ],
        "",
    ),
    "contact": {},
    "e_invoice": None,
}


async def test_a_meter_and_a_service_of_it(house: House):
    meter = {"key": "people.counted", "base_unit": "people", "kind": "counter"}
    assert await house.post("ada", "/meters", meter) == meter
    assert meter in (await house.get("sam", "/meters"))["items"]
    service = {
        "code": "people", "name": "1000 people counted", "meter": "people.counted", "unit": "kpeople",
        "unit_size": 1000, "measure": "total",
    }  # fmt: skip
    made = await house.post("ada", "/services", {**service, "unit_size": "1000"})
    assert made == {**service, "short": "", "unit_plural": "", "list_pricing": None}
    told = {name: value for name, value in made.items() if name != "list_pricing"}
    assert told in (await house.get("ann", "/services"))["items"]


async def test_a_cloud_is_made_and_changed(house: House):
    sent = {
        "slug": "far-east", "name": "Far East", "currency": "KWD", "timezone": "Pacific/Kiritimati",
        "tax_percent": "7.25", "wholesale_discount_percent": "0.5", "wholesale_tax_percent": "100",
        "manager": "MAX@platform.test", "level_percents": ["2", "1.000000"],
    }  # fmt: skip
    made = await house.post("ada", "/clouds", sent)
    assert made["invoice_prefix"] == "FAR-EAST"
    assert (made["manager"], made["level_percents"]) == ("max@platform.test", ["2", "1"])
    assert {name: made[name] for name in sent if name not in {"manager", "level_percents"}} == {
        name: sent[name] for name in sent if name not in {"manager", "level_percents"}
    }
    assert made == await house.get("max", "/clouds/far-east")
    changed = await house.ask(
        "max",
        "PATCH",
        "/clouds/far-east",
        {"currency": "JPY", "timezone": "Pacific/Niue", "name": "W"},
    )
    assert changed.json() == {**made, "currency": "JPY", "timezone": "Pacific/Niue", "name": "W"}
    gone = await house.ask("ada", "PATCH", "/clouds/far-east", {"manager": None})
    assert gone.json()["manager"] is None
    assert (await house.ask("max", "GET", "/clouds/far-east")).status_code == 404


async def test_how_a_new_clouds_months_close(house: House):
    """Unless something needs a look, where nothing is said; the older field says the two ends."""
    new = {"name": "M", "currency": "EUR", "timezone": "UTC"}
    modes: list[tuple[dict[str, object], str]] = [
        ({}, "look"),
        ({"close_automatically": True}, "automatic"),
        ({"close_automatically": False}, "hand"),
        ({"close_mode": "look", "close_automatically": True}, "look"),
    ]
    for number, (sent, mode) in enumerate(modes):
        made = await house.post("ada", "/clouds", {**new, "slug": f"mode-{number}", **sent})
        assert (made["close_mode"], made["close_automatically"]) == (mode, mode != "hand"), sent
        assert (made["check_percent"], made["check_amount"]) == ("25", "20")
    for change, mode in (
        ({"close_mode": "hand"}, "hand"),
        ({"close_automatically": True}, "automatic"),
        ({"close_mode": "look", "check_percent": "10", "check_amount": "2.5"}, "look"),
        ({"close_automatically": False}, "hand"),
    ):
        answer = (await house.ask("ada", "PATCH", "/clouds/mode-0", change)).json()
        assert (answer["close_mode"], answer["close_automatically"]) == (mode, mode != "hand")
    kept = await house.get("ada", "/clouds/mode-0")
    assert (kept["check_percent"], kept["check_amount"]) == ("10", "2.5")
    for wrong in ({"close_mode": "never"}, {"check_percent": "101"}, {"check_amount": "-1"}):
        assert (await house.ask("ada", "PATCH", "/clouds/mode-0", wrong)).status_code == 422


async def test_prefixes_made_of_long_slugs_differ(house: House):
    first = {"slug": "a-very-long-name-1", "name": "A", "currency": "EUR", "timezone": "UTC"}
    second = {**first, "slug": "a-very-long-name-2"}
    assert (await house.post("ada", "/clouds", first))["invoice_prefix"] == "A-VERY-LONG-NAME"
    assert (await house.post("ada", "/clouds", second))["invoice_prefix"] == "A-VERY-LONG-NA-2"


async def test_a_clouds_administrator_changes_levels_and_address(house: House):
    wish = {"level_percents": ["2", "1"], "address": ["Via Roma 1", "Roma"], "payment_days": 30}
    answer = await house.ask("nora", "PATCH", NORTH, wish)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in wish} == wish


@pytest.mark.parametrize(
    "pricing",
    [
        {"model": "per_unit", "unit_price": "0.000001"},
        {"model": "graduated", "tiers": [
            {"up_to": 5, "unit_price": "7", "flat_fee": "0"},
            {"up_to": "10.5", "unit_price": "6.50", "flat_fee": "1.25"},
            {"up_to": None, "unit_price": "6", "flat_fee": "0"}]},
        {"model": "volume", "tiers": [{"up_to": None, "unit_price": "6", "flat_fee": "2"}]},
        {"model": "package", "package_size": 10, "package_price": "100", "free_units": "2"},
    ],
)  # fmt: skip
async def test_each_pricing_comes_back(house: House, pricing):
    rows = (await house.get("ada", f"{NORTH}/rates"))["items"]
    day = f"2026-11-{len(rows):02d}"
    sent = {"service": "storage", "valid_from": day, "pricing": pricing}
    made = await house.post("max", f"{NORTH}/rates", sent)
    assert (made["service"], made["valid_from"]) == ("storage", day)
    assert _numbers(made["pricing"]) == _numbers(pricing)
    assert made in (await house.get("carl", f"{NORTH}/rates"))["items"]


def _numbers(value: Any) -> Any:
    """The same with every number exact, however it was written; prices must be strings."""
    if isinstance(value, dict):
        return {name: _numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_numbers(member) for member in value]
    return (
        value if value is None or str(value).isalpha() or "_" in str(value) else Decimal(str(value))
    )


async def test_a_tariff_with_versions(house: House):
    sent: dict[str, Any] = {
        "code": "shop-30", "name": "Shop ✓", "valid_from": "2026-10-01", "monthly_price": "19.9",
        "items": [
            {"service": "motion-day", "quantity": 30, "overage": None},
            {"service": "plates", "quantity": "0.5",
             "overage": {"model": "per_unit", "unit_price": "4.005"}},
        ],
    }  # fmt: skip
    made = await house.post("nora", f"{NORTH}/tariffs", sent)
    assert made == {
        "code": "shop-30",
        "name": "Shop ✓", "note": "", "offered": True, "is_default": False,
        "versions": [
            {
                "valid_from": "2026-10-01", "monthly_price": "19.90", "setup_fee": "0.00",
                "trial_days": 0, "bill_when_disabled": True, "below_cost_reason": "",
                "below_cost": False,
                "items": [
                    {"service": "motion-day", "quantity": "30", "overage": None},
                    {"service": "plates", "quantity": "0.5",
                     "overage": {"model": "per_unit", "unit_price": "4.005"}},
                ],
            }
        ],
    }  # fmt: skip
    version = {
        "valid_from": "2026-11-01", "monthly_price": "21", "setup_fee": "5.00", "trial_days": 14,
        "bill_when_disabled": False, "items": [],
    }  # fmt: skip
    added = await house.post("nora", f"{NORTH}/tariffs/shop-30/versions", version)
    told = {"below_cost_reason": "", "below_cost": False}
    assert added == {**version, "monthly_price": "21.00", **told}
    both = {**made, "versions": [*made["versions"], added]}
    assert await house.get("carl", f"{NORTH}/tariffs/shop-30") == both
    without_cost = [
        {name: value for name, value in one.items() if name not in told} for one in both["versions"]
    ]
    both = {**both, "versions": without_cost}
    assert both in (await house.get("ann", f"{NORTH}/tariffs"))["items"]


async def test_a_price_has_at_least_its_currencys_digits(house: House):
    for slug, currency, price in (("jp", "JPY", "990"), ("kw", "KWD", "990.000")):
        cloud = {"slug": slug, "name": slug, "currency": currency, "timezone": "UTC"}
        await house.post("ada", "/clouds", cloud)
        tariff = {"code": "t", "name": "T", "valid_from": "2026-01-01", "monthly_price": "990.0"}
        made = await house.post("ada", f"/clouds/{slug}/tariffs", tariff)
        assert made["versions"][0]["monthly_price"] == price


async def test_a_subscriber_is_taken_on_and_changed(house: House):
    sent = {
        "number": 4711, "name": "Señor Ñandú 李", "email": "n@example.test",
        "discount_percent": "12.5", "tax_exempt": True, "referral": "rex",
        "account_manager": "ann@north.test",
    }  # fmt: skip
    made = await house.post("nora", f"{NORTH}/subscribers", sent)
    assert made == {
        **sent,
        **NO_MASTER_DATA,
        "tax_category": "exempt",
        "address": [],
        "tax_number": "",
        "language": None,
        "document_emails": [],
        "apply_credit": True,
        "phone": "",
        "wanted": None,
        "wanted_tariff": None,
        "brought_at": None,
        "brought_doubts": [],
        "brought_note": "",
        "checked_at": None,
        "suspended": False,
    }
    following = await house.post("nora", f"{NORTH}/subscribers", {"name": "Next"})
    assert (following["number"], following["discount_percent"]) == (4712, "0")
    wish = {
        "discount_percent": "100",
        "referral": None,
        "account_manager": None,
        "name": "N",
        "language": "it",
    }
    changed = await house.ask("nora", "PATCH", f"{NORTH}/subscribers/4711", wish)
    assert changed.json() == {**made, **wish}
    assert await house.get("paul", f"{NORTH}/subscribers/4711") == {**made, **wish}
    assert (await house.ask("ann", "GET", f"{NORTH}/subscribers/4711")).status_code == 404


async def test_numbers_of_two_clouds_have_nothing_to_do_with_each_other(house: House):
    await house.post("sam", "/clouds/south/subscribers", {"name": "S", "number": 90001})
    await house.post("nora", f"{NORTH}/subscribers", {"name": "N", "number": 90001})


async def test_the_highest_number_does_not_end_a_clouds_numbering(house: House):
    """After the last one the lowest that is free is given, and the database knows the bounds too."""
    path = "/clouds/south/subscribers"
    taken = await house.sql("select array_agg(number) from subscriber where cloud = 2")
    await house.post("sam", path, {"name": "Last", "number": 999_999_999})
    for _ in range(2):
        free = min(set(range(1, 100)) - set(taken))
        made = await house.post("sam", path, {"name": "After the last"})
        assert made["number"] == free
        taken.append(free)
    for number in (0, 10**9, 10**15):
        with pytest.raises(asyncpg.CheckViolationError):
            await house.sql("update subscriber set number = $1 where number = 999999999", number)
    for text in ("0", "1000000000", "9" * 19, "9" * 20, "9" * 5000, "-1", "1e3", "٣"):
        answer = await house.ask("sam", "GET", f"{path}/{text}")
        assert answer.status_code == 404, text
        for listed in ("cameras", "invoices"):
            answer = await house.ask(
                "sam", "GET", f"/clouds/south/{listed}", params={"subscriber": text}
            )
            assert answer.status_code == 422, (listed, text)


async def test_a_camera_goes_from_hand_to_hand(house: House):
    made = await house.post("nora", f"{NORTH}/cameras", {"external_id": "van/7", "subscriber": 1})
    assert made == {"external_id": "van/7", "name": "van/7", "subscriber": 1, "suspended": False}
    one = f"{NORTH}/cameras/van%2F7"
    assert await house.get("nora", one) == made
    first = {"tariff": "home-7", "starts_on": "2026-10-01", "ends_on": "2026-11-07"}
    subscription = await house.post("nora", f"{one}/subscriptions", first)
    assert subscription == {"id": subscription["id"], **first, "subscriber": 1}

    # Today is 5 November: a subscription until the 7th, or without end, runs beyond it.
    refused = await house.ask("nora", "PATCH", one, {"subscriber": 2})
    assert refused.status_code == 409
    own = f"{one}/subscriptions/{subscription['id']}"
    endless = await house.ask("nora", "PATCH", own, {"ends_on": None})
    assert endless.json() == {**subscription, "ends_on": None}
    assert (await house.ask("nora", "PATCH", one, {"subscriber": None})).status_code == 409
    ended = await house.ask("nora", "PATCH", own, {"ends_on": "2026-11-06"})
    assert ended.json()["ends_on"] == "2026-11-06"
    moved = await house.ask("nora", "PATCH", one, {"subscriber": 2, "name": "Van"})
    assert moved.json() == {
        "external_id": "van/7",
        "name": "Van",
        "subscriber": 2,
        "suspended": False,
    }

    # What was Sue's stays Sue's, and is not served for her again.
    again = await house.ask("nora", "PATCH", own, {"ends_on": None})
    assert again.status_code == 409
    second = {"tariff": "home-7", "starts_on": "2026-11-06"}
    bobs = await house.post("nora", f"{one}/subscriptions", second)
    assert bobs["subscriber"] == 2
    listed = await house.get("nora", f"{one}/subscriptions")
    assert [(row["starts_on"], row["subscriber"]) for row in listed["items"]] == [
        ("2026-10-01", 1), ("2026-11-06", 2),
    ]  # fmt: skip
    beyond = await house.ask("nora", "PATCH", own, {"ends_on": "2026-11-07"})
    assert beyond.status_code == 409, "Bob's begins on the 6th"
    # Ann still sees the camera that was Sue's, with Sue's days alone, and may not touch it.
    seen = await house.get("ann", one)
    assert seen["subscriber"] is None
    assert [row["id"] for row in (await house.get("ann", f"{one}/subscriptions"))["items"]] == [
        subscription["id"]
    ]
    assert (await house.ask("ann", "PATCH", one, {"name": "Mine"})).status_code == 403
    assert (await house.ask("ann", "POST", f"{one}/subscriptions", second)).status_code == 403


async def test_cameras_of_one_subscriber(house: House):
    await house.post("nora", f"{NORTH}/cameras", {"external_id": "of-bob", "subscriber": 2})
    rows = (await house.get("nora", f"{NORTH}/cameras", subscriber=2))["items"]
    assert "of-bob" in {row["external_id"] for row in rows}
    assert {row["subscriber"] for row in rows} == {2}


async def test_referrals_and_their_sponsors_make_no_circle(house: House):
    base = {"name": "R", "email": "r@agents.test", "percent": "10", "basis": "collected"}
    for code, sponsor in (("a", None), ("b", "a"), ("c", "b")):
        sent = {**base, "code": code, "sponsor": sponsor}
        quiet: dict[str, Any] = {
            "address": [],
            "invited_at": None,
            "checked_at": None,
            "hold_days": 30,
        }
        unpaid = dict.fromkeys(("tax_number", "payee", "iban", "bic"), "")
        made = await house.post("nora", f"{NORTH}/referrals", sent)
        assert made == {**sent, **quiet, **unpaid}
    for sponsor in ("a", "b", "c"):
        answer = await house.ask("nora", "PATCH", f"{NORTH}/referrals/a", {"sponsor": sponsor})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "sponsor")
    freed = await house.ask(
        "nora", "PATCH", f"{NORTH}/referrals/b", {"sponsor": None, "percent": "0"}
    )
    assert (freed.json()["sponsor"], freed.json()["percent"]) == (None, "0")
    turned = await house.ask("nora", "PATCH", f"{NORTH}/referrals/a", {"sponsor": "c"})
    assert turned.json()["sponsor"] == "c"


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_pages_together_are_the_list(house: House, limit):
    for path in ("/meters", "/services", "/clouds", f"{NORTH}/subscribers", f"{NORTH}/cameras",
                 f"{NORTH}/rates", f"{NORTH}/tariffs", f"{NORTH}/referrals"):  # fmt: skip
        whole = (await house.get("ada", path, limit=1000))["items"]
        found: list[Any] = []
        cursor = ""
        for _ in range(len(whole) + 1):
            page = await house.get("ada", path, limit=limit, cursor=cursor)
            assert 1 <= len(page["items"]) <= limit
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        assert found == whole


async def test_every_change_is_in_the_audit_log(house: House):
    await house.post("nora", f"{NORTH}/subscribers", {"name": "Watched", "number": 555})
    await house.ask("nora", "PATCH", f"{NORTH}/subscribers/555", {"name": "Seen"})
    await house.ask("nora", "PATCH", f"{NORTH}/subscribers/555", {"name": "Seen"})
    rows = await house.sql(
        "select json_agg(json_build_array(actor, action, before, after) order by seq) from audit"
        " where cloud = 1 and object = 'subscriber 555'"
    )
    (_, made, *_), (actor, changed, before, after) = json.loads(rows)
    assert (made, changed, actor) == ("subscriber.create", "subscriber.change", "nora@north.test")
    assert (before, after) == ({"name": "Watched"}, {"name": "Seen"})


async def test_many_at_once(house: House):
    """Numbers are given once each; of overlapping subscriptions, rates and cameras one is made."""
    made = await asyncio.gather(
        *(house.post("nora", f"{NORTH}/subscribers", {"name": "Rush"}) for _ in range(5))
    )
    assert len({row["number"] for row in made}) == 5
    camera = {"external_id": "rush", "subscriber": made[0]["number"]}
    plan = {"tariff": "home-7", "starts_on": "2026-11-01"}
    rate: dict[str, Any] = {"service": "plates", "valid_from": "2027-01-01"}
    rate["pricing"] = {"model": "per_unit", "unit_price": "1"}
    for who, path, body in (
        ("nora", "cameras", camera),
        ("nora", "cameras/rush/subscriptions", plan),
        ("ada", "rates", rate),
    ):
        answers = await asyncio.gather(
            *(house.ask(who, "POST", f"{NORTH}/{path}", body) for _ in range(4))
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201, 409, 409, 409], path
