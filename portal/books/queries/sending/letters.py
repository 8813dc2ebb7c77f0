"""What the mail of a document says: the document's facts, and the operator's own text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.values import dates
from portal.values.mail import Letter, Reader
from portal.values.mail.documents import CREDIT_NOTE, INVOICE
from portal.values.mail.wording import Attachment
from portal.words import _

KINDS: Final = {"invoice": INVOICE, "credit_note": CREDIT_NOTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A document as its mail tells of it. `type` as the document's, `slug` the cloud's.

    `recipients` are those of its subscriber today, none where there is no address. `text` are the
    operator's paragraphs, of invoices alone; without them the mail has its own.
    """

    number: str
    type: str
    month: date
    issued_on: date
    due_on: date | None
    locale: str
    customer: str
    operator: str
    slug: str
    reply_to: str
    colour: str | None
    zone: str
    text: tuple[str, ...]
    recipients: tuple[str, ...]

    def letter(
        self,
        name: str,
        to: Sequence[str],
        public_url: str,
        files: tuple[Attachment, ...] = (),
        *,
        kind: str = "",
    ) -> Letter:
        """The mail to the addresses `to`; `name` tells it from every other, `kind` is another."""
        first, *others = to
        facts = {
            "number": self.number,
            "customer": self.customer,
            "place": self.operator,
            "month": dates.month(self.month),
            "issued": dates.day(self.issued_on),
            "due": "–" if self.due_on is None else dates.day(self.due_on),
        }
        return Letter(
            name=name,
            kind=kind or KINDS[self.type],
            facts=facts,
            reader=Reader(
                address=first,
                others=tuple(others),
                locale=self.locale,
                zone=self.zone,
                place=self.operator,
                reply_to=self.reply_to,
                colour=self.colour,
            ),
            link=f"{public_url}/login/{self.slug}?next=/my/invoices/{self.number}",
            text=self.text if self.type == "invoice" else (),
            files=files,
        )

    def with_text(self, text: tuple[str, ...]) -> Said:
        """The same with another text of the operator's."""
        return replace(self, text=text)


@dataclass(frozen=True, slots=True)
class WithFile:
    """The facts and the PDF; `content` is None while that is not made."""

    said: Said
    content: bytes | None


RECIPIENTS: Final = """
case when cardinality(t.document_emails) > 0 then t.document_emails
     when t.email <> '' then array[t.email::text] else '{}'::text[] end
"""
"""A subscriber's addresses for documents, of `subscriber_terms t`."""
_SAID: Final = f"""
select i.number, i.type, i.month, i.issued_on, i.due_on, i.locale, i.buyer->>'name' as customer,
       c.name as operator, c.slug, coalesce(nullif(c.reply_to, ''), c.email) as reply_to,
       coalesce(c.colour, p.colour) as colour, c.timezone as zone, c.invoice_text as text,
       coalesce({RECIPIENTS}, '{{}}'::text[]) as recipients
"""
_OF: Final = """
from invoice i join cloud c on c.id = i.cloud cross join platform p
left join subscriber_terms t on t.cloud = i.cloud and t.id = i.subscriber
"""
_ONE: Final = """
where i.id = (select id from invoice where cloud = $1 and side = 'retail' and type = 'invoice'
              and ($2::date is null or month = $2) order by id {order} limit 1)
"""
_MADE_UP: Final = """
select c.invoice_prefix || '-' || extract(year from $2::date)::text || '-000001' as number,
       'invoice' as type, date_trunc('month', $2::date)::date as month, $2::date as issued_on,
       $2::date + c.payment_days as due_on, c.locale, 'Sue' as customer, c.name as operator, c.slug,
       coalesce(nullif(c.reply_to, ''), c.email) as reply_to,
       coalesce(c.colour, p.colour) as colour, c.timezone as zone, c.invoice_text as text,
       '{}'::text[] as recipients
from cloud c cross join platform p where c.id = $1
"""
_FIRST: Final = _ONE.format(order="")
_LAST: Final = _ONE.format(order="desc")


async def with_file(tx: Transaction, cloud: int, document: int) -> WithFile:
    """A document of a cloud (row ids) with its PDF, for who sends it."""
    row = await tx.fetchrow(
        f"{_SAID}, f.content {_OF}"
        " left join invoice_file f on f.cloud = i.cloud and f.invoice = i.id"
        " where i.cloud = $1 and i.id = $2",
        cloud,
        document,
    )
    assert row is not None, "a document is never deleted"
    return WithFile(_said(row), row["content"])


async def of_document(actor: Actor, cloud: CloudFacts, number: str) -> Said:
    """What the mail of a document would say now. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(
            f"{_SAID} {_OF} where i.cloud = $1 and i.number = $2 and i.side = 'retail'",
            cloud.id,
            number,
        )
    if row is None:
        raise no_such(_("document"), number)
    return _said(row)


async def first_of(actor: Actor, cloud: CloudFacts, month: date) -> Said | None:
    """Of the invoice issued first in a month; None where there is none."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_SAID + _OF + _FIRST, cloud.id, month)
    return None if row is None else _said(row)


async def sample(actor: Actor, cloud: CloudFacts, today: date) -> Said:
    """As `sample_in`, for a page."""
    async with snapshot(actor) as tx:
        return await sample_in(tx, cloud.id, today)


async def sample_in(tx: Transaction, cloud: int, today: date) -> Said:
    """Of the invoice that a cloud (a row id) issued last, or one as it would issue it `today`."""
    row = await tx.fetchrow(_SAID + _OF + _LAST, cloud, None)
    if row is None:
        row = await tx.fetchrow(_MADE_UP, cloud, today)
    assert row is not None, "its settings are shown"
    return _said(row)


def _said(row: Record) -> Said:
    values = {name: row[name] for name in Said.__dataclass_fields__}
    return Said(**{**values, "text": tuple(row["text"]), "recipients": tuple(row["recipients"])})
