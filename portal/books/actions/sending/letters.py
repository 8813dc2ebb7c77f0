"""The mail that a document goes with: its PDF, the operator's text, one link to its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from asyncpg import Record

from portal import tables
from portal.accounts.actions.sending import Compose, name_of
from portal.books.queries.sending import letters
from portal.db import Transaction
from portal.kit.actions.rows import update
from portal.values.mail import Letter
from portal.values.mail.documents import CREDIT_NOTE, INVOICE, SAMPLE, TEXT
from portal.values.mail.wording import Attachment

HELD: Final = datetime.max.replace(tzinfo=UTC)
"""When a mail is due whose PDF is not made: infinity, as asyncpg writes it."""


async def compose(tx: Transaction, row: Record, public_url: str) -> Letter | None:
    """The letter of a document's delivery, to those who have not taken it yet.

    None while its PDF is not made: it then waits for that. In the document's language.
    """
    found = await letters.with_file(tx, row["cloud"], row["document"])
    if found.content is None:
        held = {"state": "waiting", "attempts": row["attempts"] - 1, "due_at": HELD}
        await update(tx, tables.Delivery, row["id"], held)
        return None
    left = [address for address in row["recipients"] if address not in row["taken"]]
    file = Attachment(f"{found.said.number}.pdf", "application/pdf", found.content)
    letter = found.said.letter(name_of(row), left, public_url, (file,))
    await update(tx, tables.Delivery, row["id"], {"subject": letter.subject})
    return letter


async def compose_sample(tx: Transaction, row: Record, public_url: str) -> Letter:
    """The mail of an invoice with a text that is tried, to whoever tries it. Without the PDF."""
    said = await letters.sample_in(tx, row["cloud"], row["created_at"].date())
    tried = said.with_text(tuple(row["facts"][TEXT]))
    letter = tried.letter(name_of(row), [row["recipient"]], public_url, kind=SAMPLE)
    await update(tx, tables.Delivery, row["id"], {"subject": letter.subject})
    return letter


COMPOSED: Final[Mapping[str, Compose]] = {
    INVOICE: compose,
    CREDIT_NOTE: compose,
    SAMPLE: compose_sample,
}
"""The kinds of mail that documents go with."""
