"""Making a cloud on one page: proposals, prices, example, refusals at their fields, one result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, MAX, NORA
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, words, worked
from tests.services import TestServices

NEW = "/system/clouds/new"
FORM = {
    "cloud-name": "Ost Video",
    "cloud-slug": "",
    "country": "DE",
    "cloud-currency": "EUR",
    "cloud-timezone": "Europe/Berlin",
    "cloud-locale": "de_DE",
    "cloud-tax_percent": "19",
    "start_from": "list",
    "copy_of": "",
    "prices-0-service": "motion-day",
    "prices-0-pricing-model": "per_unit",
    "prices-0-pricing-unit_price": "0,50",
    "prices-1-service": "plates",
    "prices-1-pricing-model": "per_unit",
    "prices-1-pricing-unit_price": "4.00",
    "valid_from": "2026-11-01",
    "cloud-wholesale_discount_percent": "5",
    "cloud-wholesale_tax_percent": "0",
    "cloud-manager": "max@platform.test",
    "cloud-invoice_prefix": "",
    "cloud-payment_days": "14",
    "cloud-close_after_days": "3",
    "cloud-close_mode": "automatic",
    "administrator_name": "Olga Ost",
    "administrator_email": "olga@ost.test",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: each story makes a cloud of its own."""
    directory: Path = tmp_path_factory.mktemp("new")
    async with worked(services, template, f"{template}_{worker_id}_new", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def ada(site: Site) -> Visitor:
    visitor = await site.as_(ADA)
    await visitor.get(NEW)
    return visitor


async def _slugs(site: Site) -> list[str]:
    return [row["slug"] for row in await site.rows("select slug from cloud order by slug")]


async def test_a_country_proposes_what_goes_with_it(ada: Visitor) -> None:
    for country, expected in (
        ("IT", ("EUR", "Europe/Rome", "it_IT", "22")),
        ("US", ("USD", "America/New_York", "en_US", "0")),
        ("JP", ("JPY", "Asia/Tokyo", "ja_JP", "0")),
    ):
        sent = {"cloud-name": "Städtische Süd", "country": country, "cloud-tax_percent": "0"}
        answer = await ada.post(NEW, {**sent, "intent": "fill"})
        assert answer.status_code == 200
        currency, zone, locale, tax = expected
        for option in (currency, zone, locale):
            assert f'<option value="{option}" selected>' in answer.text, (country, option)
        assert f'name="cloud-tax_percent"\n             value="{tax}"' in answer.text
        assert 'value="stadtische-sud"' in answer.text
        assert 'value="STADTISCHE-SUD"' in answer.text


async def test_an_example_is_priced_while_one_types_and_a_taken_name_is_told(
    site: Site, ada: Visitor
) -> None:
    answer = await ada.post(NEW, {**FORM, "intent": "recalculate"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="computed"')
    assert "€7.13" in answer.text, "7 × 0.50 + 4.00, less 5 %"
    assert "ost-video: is free" in words(answer.text)
    assert "OST-VIDEO" in answer.text
    half = {**FORM, "cloud-slug": "north", "prices-1-pricing-unit_price": "4,"}
    answer = await ada.post(NEW, {**half, "intent": "recalculate"}, headers=HTMX)
    assert answer.status_code == 200
    assert "north: is taken" in words(answer.text)
    assert "new: is taken" in words(
        (await ada.post(NEW, {"cloud-slug": "new", "intent": "recalculate"}, headers=HTMX)).text
    )
    assert "ost-video" not in await _slugs(site), "nothing is stored"


async def test_prices_are_filled_from_a_cloud_and_tiers_are_opened(ada: Visitor) -> None:
    copied = {**FORM, "start_from": "copy", "copy_of": "north", "intent": "prices"}
    for index in (0, 1):
        copied[f"prices-{index}-pricing-unit_price"] = ""
    answer = await ada.post(NEW, copied)
    assert 'value="0.5"' in answer.text
    other = await ada.post(NEW, {**copied, "cloud-currency": "USD"})
    assert "north pays in EUR: its prices are none in USD" in other.text
    unknown = await ada.post(NEW, {**copied, "copy_of": "nowhere"})
    assert 'href="#field-copy_of"' in unknown.text
    opened = await ada.post(NEW, {**FORM, "intent": "tiers-1"})
    assert 'name="prices-1-pricing-tiers-0-up_to"' in opened.text
    assert 'name="prices-0-pricing-tiers-0-up_to"' not in opened.text
    tiers = {"prices-1-open": "on", "prices-1-pricing-model": "volume"}
    tiers |= {f"prices-1-pricing-tiers-{tier}-unit_price": "1" for tier in (0, 1)}
    more = await ada.post(NEW, {**FORM, **tiers, "intent": "add-prices-1-pricing-tiers"})
    assert 'name="prices-1-pricing-tiers-2-up_to"' in more.text


async def test_every_field_says_what_is_wrong_with_it_and_nothing_is_made(
    site: Site, ada: Visitor
) -> None:
    wrong = {
        "cloud-name": "",
        "cloud-slug": "North!",
        "cloud-currency": "XXX",
        "cloud-timezone": "Mars/Base",
        "cloud-tax_percent": "101",
        "prices-1-pricing-unit_price": "1.234",
        "valid_from": "2026-02-31",
        "cloud-wholesale_discount_percent": "-1",
        "cloud-payment_days": "x",
        "administrator_email": "olga",
    }
    answer = await ada.post(NEW, {**FORM, **wrong})
    assert answer.status_code == 422
    for box in wrong:
        assert f'href="#field-{box}"' in answer.text, box
    for box, value in (
        ("cloud-slug", "north"),
        ("cloud-slug", "new"),
        ("cloud-manager", "nora@north.test"),
        ("cloud-invoice_prefix", "PLAT"),
        ("administrator_email", "nora@north.test"),
    ):
        answer = await ada.post(NEW, {**FORM, box: value})
        assert answer.status_code == 422, box
        assert f'href="#field-{box}"' in answer.text, box
    assert await _slugs(site) == ["north", "south"]


async def test_a_cloud_is_made_whole_and_the_link_is_shown_once(site: Site, ada: Visitor) -> None:
    sent = {**FORM, "prices-1-pricing-unit_price": ""}
    sent |= {"prices-0-pricing-model": "graduated", "prices-0-open": "on"}
    sent |= {
        "prices-0-pricing-tiers-0-up_to": "10",
        "prices-0-pricing-tiers-0-unit_price": "0,5",
        "prices-0-pricing-tiers-1-up_to": "",
        "prices-0-pricing-tiers-1-unit_price": "0.4",
    }
    answer = await ada.post(NEW, sent)
    assert answer.status_code == 200
    assert "/invite/" in answer.text
    assert "olga@ost.test" in answer.text
    (cloud,) = await site.rows("select * from cloud where slug = 'ost-video'")
    assert (cloud["manager"], cloud["invoice_prefix"]) == (MAX.user, "OST-VIDEO")
    prices = await site.rows("select pricing from rate where cloud = $1", cloud["id"])
    assert len(prices) == 1, "an empty box is a service that is not sold"
    text = await read(ada, "/system/clouds/ost-video")
    assert "Olga Ost · invited" in text
    twice = await ada.post(NEW, sent)
    assert twice.status_code == 422, "the same again makes no second cloud"
    assert "is taken" in twice.text


async def test_without_administrator_and_prices_it_is_made_too(site: Site, ada: Visitor) -> None:
    sent = {**FORM, "cloud-name": "West", "administrator_email": "", "administrator_name": ""}
    sent |= {"prices-0-pricing-unit_price": "", "prices-1-pricing-unit_price": ""}
    sent["cloud-close_mode"] = "hand"
    answer = await ada.post(NEW, sent, headers=HTMX)
    assert answer.headers["hx-redirect"] == "/system/clouds/west"
    (row,) = await site.rows(
        "select close_automatically, close_mode from cloud where slug = 'west'"
    )
    assert tuple(row) == (False, "hand")


async def test_only_the_platforms_administrator_makes_clouds(site: Site) -> None:
    for who in (MAX, NORA):
        visitor = await site.as_(who)
        assert (await visitor.get(NEW)).status_code == 403
        assert (await visitor.post(NEW, FORM)).status_code == 403
