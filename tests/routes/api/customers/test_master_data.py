"""Master data: each number is checked at its field, an address has two forms, tax has one meaning."""

from __future__ import annotations

import pytest

from tests.routes.api.conftest import House

NORTH = "/clouds/north"
SUE = f"{NORTH}/subscribers/1"
ROME = {"line1": "Via Roma 1", "line2": "", "postcode": "00184", "city": "Roma", "country": "IT"}
WHOLE = {
    "legal_name": "Sue S.r.l.", "vat_id": "IT00743110157", "registration": "RM-1234567",
    "contact": {"name": "Sue", "telephone": "+39 06 555 0100", "email": "sue@example.org"},
    "endpoint": "0201:ABC1234", "iban": "AT611904300234573201", "bic": "BKAUATWW",
    "creditor_id": "DE98ZZZ09999999999", "buyer_reference": "04011000-12345-03",
    "e_invoice": "peppol", "address": ROME,
}  # fmt: skip
WRONG = [
    ("vat_id", "IT00743110158"), ("vat_id", "00743110157"), ("vat_id", "GR094259216"),
    ("vat_id", "IT\u0660\u0660743110157"), ("endpoint", "9999:1"), ("endpoint", "EM:"),
    ("endpoint", "sue@example.org"), ("iban", "AT611904300234573202"), ("bic", "X"),
    ("creditor_id", "DE99ZZZ09999999999"), ("tax_category", "free"), ("e_invoice", "pdf"),
    ("exemption_reason", "VATEX-EU-999"), ("buyer_reference", "a\x00b"), ("address.country", "Italy"),
    ("address.city", ""), ("address.street", "x"), ("contact.email", "nobody"), ("contact", "Sue"),
]  # fmt: skip


async def test_each_number_is_checked_at_its_field_and_nothing_is_stored(house: House) -> None:
    before = await house.get("nora", SUE)
    for at, value in WRONG:
        name, _, part = at.partition(".")
        whole = {"address": ROME, "contact": WHOLE["contact"]}.get(name)
        sent = {name: {**whole, part: value}} if part and isinstance(whole, dict) else {name: value}
        answer = await house.ask("nora", "PATCH", SUE, {**sent, "name": "Not stored"})
        assert answer.status_code == 422, at
        assert [one["field"] for one in answer.json()["errors"]] == [at], at
    assert await house.get("nora", SUE) == before


async def test_what_is_sent_comes_back_of_customers_clouds_and_the_platform(house: House) -> None:
    """An address is answered in the form in which it was given, and printed line by line."""
    for who, path in (("nora", SUE), ("nora", NORTH), ("ada", "/platform/company")):
        known = await house.get(who, path)
        sent = {name: value for name, value in WHOLE.items() if name in known}
        assert len(sent) >= 9, path
        spaced = {**sent, "iban": "at61 1904 3002 3457 3201", "vat_id": "it 00743110157"}
        changed = await house.ask(who, "PATCH", path, spaced)
        assert (changed.status_code, changed.json()) == (200, {**known, **sent}), path
        assert await house.get(who, path) == {**known, **sent}
    printed = await house.sql("select address from subscriber where cloud = 1 and number = 1")
    assert printed == ["Via Roma 1", "00184 Roma", "ITALY"]
    lines = {"address": ["Via Nuova 2", "Roma"]}
    assert (await house.ask("nora", "PATCH", SUE, lines)).json()["address"] == lines["address"]
    assert await house.sql("select postal from subscriber where cloud = 1 and number = 1") == "{}"


@pytest.mark.parametrize("page", ["cloud", "platform"])
async def test_a_category_says_whether_tax_is_due_and_the_other_way_round(
    house: House, page: str
) -> None:
    if page == "platform":
        wrong = await house.ask("nora", "PATCH", NORTH, {"tax_category": "export"})
        assert wrong.status_code == 403, "how a cloud is taxed is the platform's to say"
        right = await house.ask("ada", "PATCH", NORTH, {"tax_category": "export"})
        assert right.json()["tax_category"] == "export"
        return
    for sent, category, exempt in (
        ({"tax_exempt": True}, "exempt", True),
        ({"tax_category": "reverse_charge"}, "reverse_charge", True),
        ({"tax_exempt": True}, "reverse_charge", True),
        ({"tax_category": "standard", "tax_exempt": False}, "standard", False),
        ({"tax_category": "outside_scope"}, "outside_scope", True),
        ({"tax_exempt": False}, "standard", False),
    ):
        changed = (await house.ask("nora", "PATCH", SUE, sent)).json()
        assert (changed["tax_category"], changed["tax_exempt"]) == (category, exempt), sent
    both = {"tax_category": "export", "tax_exempt": True}
    made = await house.post("nora", f"{NORTH}/subscribers", {"name": "Abroad", **both})
    assert (made["tax_category"], made["tax_exempt"]) == ("export", True)
