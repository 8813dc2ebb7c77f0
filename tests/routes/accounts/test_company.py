"""Settings on the screen: what stands on documents, how months close, logo, mail, the system."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.accounts.actions import sessions
from portal.books.queries.sample import Seller, sample_document
from portal.values.look import logo_of
from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, SAM, SUE
from tests.routes.accounts.test_look import picture
from tests.routes.conftest import STARTED, Site

IBAN = "IBAN IT60 X054 2811 1010 0000 0123 456"
NORTH = {
    "name": "North Video",
    "address": "Via dell'Orologio 14\nMilano",
    "tax_number": "IT 04172930968",
    "email": "billing@north.test",
    "bank": IBAN,
    "invoice_prefix": "NV",
    "payment_days": "30",
    "locale": "it_IT",
}
PLATFORM = {
    "name": "Camera Cloud",
    "address": "12 Harbour Street",
    "tax_number": "",
    "email": "",
    "bank": IBAN,
    "invoice_prefix": "CC",
    "timezone": "Europe/Rome",
}


async def test_an_operator_changes_its_company_and_no_other_cloud(site: Site) -> None:
    nora = await site.as_(NORA)
    page = (await nora.get("/cloud/settings")).text
    assert 'name="bank"' in page
    done = await nora.post("/cloud/settings", NORTH)
    assert (done.status_code, done.headers["location"]) == (303, "/cloud/settings")
    rows = await site.rows("select name, bank, payment_days, locale from cloud order by slug")
    assert [row["bank"] for row in rows] == [[IBAN], []]
    assert (rows[0]["name"], rows[0]["payment_days"]) == ("North Video", 30)
    (told,) = await site.rows("select before, after from audit where action = 'cloud.change'")
    assert "payment_days" in str(told["after"])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", ""),
        ("email", "nobody"),
        ("bank", "IBAN IT60 X054 2811 1010 0000 0123 457"),
        ("invoice_prefix", "a b"),
        ("payment_days", "366"),
        ("locale", "xx_YY"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(
    site: Site, field: str, text: str
) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/settings")
    wrong = await nora.post("/cloud/settings", {**NORTH, field: text})
    assert wrong.status_code == 422
    assert f'href="#field-{field}"' in wrong.text
    assert "North Video" in wrong.text or field == "name", "what was typed is kept"
    assert not await site.rows("select 1 from cloud where name = 'North Video'")


async def test_the_sample_is_drawn_of_what_is_typed_and_nothing_is_stored(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/settings")
    typed = {**NORTH, "intent": "recalculate", "payment_days": "x"}
    drawn = await nora.post("/cloud/settings", typed, headers={"HX-Request": "true"})
    assert drawn.status_code == 200
    assert "NV-" in drawn.text
    assert "North Video" in drawn.text
    assert "<form" not in drawn.text
    assert not await site.rows("select 1 from cloud where name = 'North Video'")


async def test_who_sees_which_settings(site: Site) -> None:
    """An accountant the company only, a manager company and closing, an account manager none."""
    expected = {
        NORA: ("/cloud", 200, 200, 200),
        CARL: ("/cloud", 200, 403, 403),
        ANN: ("/cloud", 403, 403, 403),
        MAX: ("/system/clouds/north", 200, 200, 403),
        PAUL: ("/system/clouds/north", 200, 403, 403),
        ADA: ("/system/clouds/north", 200, 200, 200),
        SAM: ("/system/clouds/north", 403, 403, 403),
        SUE: ("/cloud", 403, 403, 403),
    }
    for who, (base, *wanted) in expected.items():
        visitor = await site.as_(who)
        pages = ("settings", "settings/closing", "settings/look")
        found = [(await visitor.get(f"{base}/{one}")).status_code for one in pages]
        assert found == wanted, who.name
    carl = await site.as_(CARL)
    assert (await carl.post("/cloud/settings", NORTH)).status_code == 303, "the books are his"
    refused = {"close_after_days": "5", "margin_target": "25", "close_mode": "look"}
    assert (await carl.post("/cloud/settings/closing", refused)).status_code == 403
    paul = await site.as_(PAUL)
    page = (await paul.get("/system/clouds/north/settings")).text
    assert 'value="save" data-running' not in page, "there is no button without effect"
    assert (await paul.post("/system/clouds/north/settings", NORTH)).status_code == 403
    max_ = await site.as_(MAX)
    assert (await max_.get("/system/settings")).status_code == 403
    assert (await max_.get("/system/clouds/south/settings")).status_code == 404


async def test_how_months_close_is_changed_by_operator_and_platform(site: Site) -> None:
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    await nora.get("/cloud/settings/closing")
    sent = {"close_after_days": "5", "margin_target": "25", "close_mode": "hand"}
    sent |= {"check_percent": "30", "check_amount": "12,50"}
    assert (await nora.post("/cloud/settings/closing", sent)).status_code == 303
    wrong = await nora.post("/cloud/settings/closing", {**sent, "margin_target": "101"})
    assert wrong.status_code == 422
    path = "/system/clouds/north/settings/closing"
    assert re.search(r'name="close_after_days"[^>]*value="5"', (await ada.get(path)).text)
    assert (await ada.get("/system/settings/closing")).status_code == 404
    rows = await site.rows(
        "select close_automatically, close_mode, close_after_days, check_percent::int,"
        " check_amount::text from cloud order by slug"
    )
    assert tuple(rows[0]) == (False, "hand", 5, 30, "12.500000")


async def test_the_platform_changes_its_company_and_keeps_its_series_apart(site: Site) -> None:
    ada = await site.as_(ADA)
    await ada.get("/system/settings")
    (north,) = await site.rows("select invoice_prefix as prefix from cloud where slug = 'north'")
    taken = await ada.post("/system/settings", {**PLATFORM, "invoice_prefix": north["prefix"]})
    assert taken.status_code == 422
    assert "is taken" in taken.text
    for _ in range(2):
        assert (await ada.post("/system/settings", PLATFORM)).status_code == 303
    told = await site.rows("select after from audit where action = 'platform.change'")
    assert len(told) == 1, "what was so before is no change"
    entries = html.unescape((await ada.get("/system/audit?object=platform")).text)
    assert "Company changed" in entries
    assert 'href="/system/settings"' in entries


async def test_a_session_ends_after_the_hours_that_are_set(site: Site) -> None:
    ada, nora = await site.as_(ADA), await site.as_(NORA)
    await ada.get("/system/settings/security")
    wrong = await ada.post("/system/settings/security", {"session_hours": "0"})
    assert wrong.status_code == 422
    assert (await ada.post("/system/settings/security", {"session_hours": "2"})).status_code == 303
    fresh = await site.visitor()
    await fresh.sign_in(SAM)
    (row,) = await site.rows("select expires_at - created_at as open from user_session where user_id"
                             f" = {SAM.user} order by id desc limit 1")  # fmt: skip
    assert row["open"] == timedelta(hours=2)
    assert (await nora.post("/cloud/settings/security", {"session_hours": "9"})).status_code == 403
    async with site.database.as_worker():
        assert await sessions.purge(STARTED + timedelta(hours=3)) >= 1


async def test_a_logo_is_put_up_and_taken_away(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/settings/look")
    files = {"logo": ("logo.png", picture(), "image/png")}
    done = await nora.post("/cloud/settings/look", {"colour": "#1f6feb"}, files=files)
    assert done.status_code == 303
    assert "/look/north/logo.png?v=" in (await nora.get("/cloud/settings/look")).text
    light = await nora.post("/cloud/settings/look", {"colour": "#ffffff"})
    assert light.status_code == 422
    assert "too light" in light.text
    await nora.post("/cloud/settings/look", {"colour": "", "remove": "on"})
    rows = await site.rows("select logo is null as bare, colour from cloud where slug = 'north'")
    assert tuple(rows[0]) == (True, None)


async def test_a_test_of_mail_says_what_is_missing(site: Site) -> None:
    nora = await site.as_(NORA)
    page = (await nora.get("/cloud/settings/mail")).text
    assert "Send me a test" not in page, "there is no mail server"
    refused = await nora.post("/cloud/settings/mail/test")
    assert refused.status_code == 303
    assert "CAMLEDGER_SMTP_URL" in (await nora.get("/cloud/settings/mail")).text


async def test_the_system_is_told_without_secrets(site: Site) -> None:
    ada = await site.as_(ADA)
    page = (await ada.get("/system/settings/system")).text
    assert "PostgreSQL" in page
    assert "Jobs that wait" in page
    assert "What camledger doctor finds" in page
    for found in ("Python", "Printing", "Fonts", "Front-end files", "Disk", "Mail", "Time zones"):
        assert found in page, found
    assert "GB free" in page
    assert "://" not in page.partition("<main")[2].replace("http://www.w3.org", "")
    assert (await (await site.as_(PAUL)).get("/system/settings/system")).status_code == 403


async def test_a_backup_that_is_missing_or_failed_needs_somebody(site: Site) -> None:
    """The platform's administrators, on their home and on the system's page."""
    ada, paul = await site.as_(ADA), await site.as_(PAUL)
    ended = (
        "insert into backup (due_at, began_at, ended_at, file, error) select at, at, at, $1, $2"
        " from (select now() - $3::interval as at) t"
    )
    for file, error, ago, told in (
        ("old.zip", "", timedelta(hours=40), "No backup has been made for more than a day."),
        ("", "There is no folder /b.", timedelta(), "The last backup failed: There is no folder"),
    ):
        await site.rows(ended, file, error, ago)
        assert told in (await ada.get("/system?needs=all")).text
        assert told not in (await paul.get("/system?needs=all")).text
    page = (await ada.get("/system/settings/system")).text
    assert "The last backup failed: There is no folder /b." in page
    assert "Old" in page
    await site.rows(
        "insert into verification (due_at, began_at, ended_at, differences, named) values"
        " (now(), now(), now(), 2, $1::text::jsonb)",
        '[{"law": "a law", "cloud": "", "subject": "a bill", "expected": "1", "found": "2"}]',
    )
    assert "The proof of the books found 2 differences." in (await ada.get("/system")).text
    assert "a bill" in (await ada.get("/system/settings/system")).text
    await site.rows("update verification set differences = 0")
    await site.rows(ended, "new.zip", "", timedelta())
    home = (await ada.get("/system?needs=all")).text
    assert "backup" not in home.partition('aria-label="Needs you"')[2].partition("</section>")[0]


async def test_settings_of_referrals_stand_among_the_others(site: Site) -> None:
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    tab = 'href="/cloud/referrals/levels"'
    assert tab in (await nora.get("/cloud/settings")).text
    assert 'href="/cloud/settings/closing"' in (await nora.get("/cloud/referrals/levels")).text
    south = (await ada.get("/system/clouds/south/settings")).text
    assert 'href="/system/clouds/south/referrals/levels"' in south
    assert tab not in (await (await site.as_(CARL)).get("/cloud/settings")).text


async def test_a_sample_is_printed_as_documents_are_and_uses_up_no_number(site: Site) -> None:
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    before = await site.rows("select * from series")
    for visitor, path, prefix in (
        (nora, "/cloud/settings/sample.pdf", "NORTH"),
        (ada, "/system/clouds/south/settings/sample.pdf", "SOUTH"),
        (ada, "/system/settings/sample.pdf", "PLAT"),
    ):
        answer = await visitor.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/pdf"
        assert f"{prefix}-2026-SAMPLE" in answer.headers["content-disposition"]
        assert answer.content.startswith(b"%PDF-")
        assert not PdfReader(BytesIO(answer.content)).pages[0].images
    logo = logo_of(picture())
    await site.rows("update cloud set colour = '#b3261e', logo = $1 where slug = 'north'", logo)
    shown = PdfReader(BytesIO((await nora.get("/cloud/settings/sample.pdf")).content)).pages[0]
    assert len(shown.images) == 1
    content = shown.get_contents()
    assert content is not None
    assert b"0.701961 0.14902 0.117647" in content.get_data(), "#b3261e"
    assert await site.rows("select * from series") == before
    assert not await site.rows("select from invoice")
    assert (await (await site.as_(ANN)).get("/cloud/settings/sample.pdf")).status_code == 403
    assert (await (await site.as_(PAUL)).get("/system/settings/sample.pdf")).status_code == 403


def test_a_sample_says_that_it_is_one_and_adds_up() -> None:
    """In the language of its documents; yen have no digits, dinars three."""
    for currency, total in (("EUR", 2965), ("JPY", 29), ("KWD", 29646)):
        seller = Seller(
            name="North Video",
            address=["Via Roma 1"],
            tax_number="",
            email="",
            bank=[],
            invoice_prefix="NV",
            currency=currency,
            locale="it_IT",
            tax_percent=Decimal(22),
            payment_days=14,
        )
        found = sample_document(seller, "retail", date(2026, 11, 5))
        assert found.number == "NV-2026-SAMPLE"
        assert found.note is not None
        assert "Esempio" in found.note
        assert found.period == "2026-10"
        assert found.subtotal == sum(line.amount for line in found.lines)
        assert found.total == total, currency
