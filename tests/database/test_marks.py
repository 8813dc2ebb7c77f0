"""What leaves a mark on drafts, and from which month on: nothing that a draft is made of is forgotten."""

from __future__ import annotations

from datetime import date

from portal import tables
from portal.access import SYSTEM
from portal.db import atomic
from portal.tables.policy import columns_of
from tests.cast import NORTH
from tests.conftest import Database
from tests.factories import worked_example

OTHERWISE = {
    # The database's own, or of no figure, name or look of a draft.
    *("id", "cloud", "phone", "wanted", "wanted_tariff", "served_until", "owes_from"),
    *("document_emails", "apply_credit", "unreachable", "form_key", "brought_at", "brought_key"),
    *("brought_note", "brought_doubts", "checked_at", "checked_by", "created_at"),
}
CHANGED: dict[str, str] = {
    "number": "number + 500",
    "name": "name || '.'",
    "email": "'new@north.test'",
    "discount_percent": "99",
    "tax_exempt": "not tax_exempt",
    "referral": "null",
    "account_manager": "(select min(id) from portal_user where cloud = 1)",
    "address": "'{Elsewhere}'",
    "tax_number": "'IT 999'",
    "legal_name": "'Sue S.r.l.'",
    "postal": """'{"city": "Roma"}'""",
    "vat_id": "'IT00743110157'",
    "registration": "'MI-1'",
    "contact": """'{"name": "Sue"}'""",
    "endpoint": "'EM:sue@example.org'",
    "iban": "'AT611904300234573201'",
    "bic": "'BKAUATWW'",
    "creditor_id": "'DE98ZZZ09999999999'",
    "buyer_reference": "'04011000-12345-03'",
    "tax_category": "'export'",
    "exemption_reason": "'VATEX-EU-G'",
    "e_invoice": "'peppol'",
    "language": "'it'",
    "suspended": "not suspended",
}
OF_CAMERA = {
    "external_id": "'other'",
    "name": "name || '.'",
    "subscriber": "null",
    "suspended": "not suspended",
    "watcher_name": "'as there'",
}
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
DATED = {
    "update subscription set ends_on = '2026-12-20' where id = (select min(id) from subscription"
    " where cloud = 1)": [DECEMBER],
    "update subscription set ends_on = '2026-11-15' where id = (select min(id) from subscription"
    " where cloud = 1)": [NOVEMBER],
    "update subscription set ends_on = ends_on where cloud = 1": [],
    "insert into rate (cloud, service, valid_from, pricing) select cloud, service, '2026-11-09', pricing"
    " from rate where cloud = 1 limit 1": [NOVEMBER],
    "delete from rate where cloud = 1 and valid_from = '2026-11-09'": [NOVEMBER],
    "update tariff_version set monthly_price = monthly_price + 1, valid_from = '2026-10-01'"
    " where cloud = 1 and id = (select min(id) from tariff_version where cloud = 1)": None,
    "update subscriber set owes_from = '2026-11-30', phone = '1' where cloud = 1": [],
    "update referral set percent = 9 where cloud = 1": [None],
}


async def test_a_mark_names_the_months_that_a_change_concerns(worker: Database) -> None:
    await worked_example()
    async with atomic(SYSTEM) as tx:
        for change, expected in DATED.items():
            await tx.execute("delete from draft_mark")
            await tx.execute(change)
            rows = await tx.fetch("select cloud, month from draft_mark")
            assert {row["cloud"] for row in rows} <= {NORTH}, "South's drafts are as they were"
            months = [row["month"] for row in rows]
            if expected is not None:
                assert months == expected, change
            else:
                assert months[0] <= OCTOBER, change


async def test_every_column_marks_or_is_known_not_to(worker: Database) -> None:
    """A column that is added later, and that documents are made of, must be named to the trigger."""
    await worked_example()
    assert set(CHANGED) | OTHERWISE == set(columns_of(tables.Subscriber))
    own = {"id", "cloud", "created_at", "served_until", "watcher"}  # which changes with its name
    assert set(OF_CAMERA) | own == set(columns_of(tables.Camera))
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update subscriber set language = 'en', tax_exempt = false where cloud = 1"
        )
        for table, changed in (("subscriber", CHANGED), ("camera", OF_CAMERA)):
            one = await tx.fetchval(f"select min(id) from {table} where cloud = 1")
            for column, value in changed.items():
                await tx.execute("delete from draft_mark")
                await tx.execute(f"update {table} set {column} = {value} where id = $1", one)
                assert await tx.fetchval("select count(*) from draft_mark") == 1, column
