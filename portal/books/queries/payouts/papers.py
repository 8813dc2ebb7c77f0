"""Statements as values to print, and their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal.access import Actor
from portal.billing.money import digits, plain, point
from portal.billing.period import Period
from portal.books.queries import invoice_files
from portal.books.queries.invoice_files import InvoiceFile
from portal.db import Transaction, snapshot
from portal.errors import Conflict, no_such
from portal.kit.queries.look import letterhead_in
from portal.kit.queries.tenancy import CloudFacts
from portal.values import languages
from portal.values.document import DocumentValue, LineValue, Party
from portal.words import _, ngettext, speaking

LINES_MAX: Final = 1_000
"""Commissions that a statement lists one by one; of more it has a line for each month."""
_STATEMENT: Final = """
select t.*, c.locale, coalesce((
  select u.locale from portal_user u where u.cloud = t.cloud and u.referral = t.referral
    and u.active and u.locale is not null order by u.id limit 1), c.locale) as spoken
from statement t join cloud c on c.id = t.cloud where t.id = $1
"""
_LINES: Final = """
select m.month, m.base, m.percent, m.amount, i.number as document, s.name, 1 as count
from statement_entry e
join commission m on m.cloud = e.cloud and m.id = e.commission
join invoice i on i.cloud = m.cloud and i.id = m.invoice
left join subscriber s on s.cloud = m.cloud and s.id = m.subscriber
where e.cloud = $1 and e.statement = $2
order by m.month desc, i.number, m.level, m.id
"""
_MONTHS: Final = """
select m.month, null::bigint as base, null::numeric as percent, sum(m.amount)::bigint as amount,
       null as document, null as name, count(*)::int as count
from statement_entry e join commission m on m.cloud = e.cloud and m.id = e.commission
where e.cloud = $1 and e.statement = $2 group by m.month order by m.month desc
"""
_FILE: Final = """
select t.id, t.number, f.sha256, f.content from statement t
left join statement_file f on f.cloud = t.cloud and f.statement = t.id
where t.cloud = $1 and t.number = $2
"""


@dataclass(frozen=True, slots=True)
class PrintableStatement:
    """A statement's value, and whose it is (row ids)."""

    id: int
    cloud: int
    referral: int
    value: DocumentValue


async def printable(tx: Transaction, statement: int) -> PrintableStatement:
    """All that the PDF of an approved statement (a row id) says."""
    row = dict((await tx.fetch(_STATEMENT, statement))[0])
    many = row["entries"] > LINES_MAX
    lines = await tx.fetch(_MONTHS if many else _LINES, row["cloud"], statement)
    worn = await letterhead_in(tx, row["cloud"])
    with speaking(languages.catalogue(languages.of_locale(row["spoken"]))):
        value = _value(row, [dict(line) for line in lines], worn.colour, worn.logo)
    return PrintableStatement(
        id=statement, cloud=row["cloud"], referral=row["referral"], value=value
    )


def _value(
    row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], colour: str, logo: bytes | None
) -> DocumentValue:
    period, payer, payee = Period.of(row["month"]), row["payer"], row["payee"]
    account = [f"IBAN {payee['iban']}"] if payee["iban"] else []
    account += [f"BIC {payee['bic']}"] if payee["bic"] else []
    holder = payee["payee"] or payee["name"]
    return DocumentValue(
        type="statement",
        side="retail",
        number=row["number"],
        issued_on=row["approved_on"],
        due_on=None,
        period=period.key,
        period_start=period.start,
        period_end=period.end,
        currency=row["currency"],
        locale=row["spoken"],
        seller=Party(
            name=payer["name"],
            address=tuple(payer["address"]),
            tax_number=payer["tax_number"] or None,
            email=payer["email"] or None,
        ),
        buyer=Party(
            name=holder,
            address=tuple(payee["address"]),
            tax_number=payee["tax_number"] or None,
            email=payee["email"] or None,
            bank=tuple(account),
        ),
        lines=tuple(_line(line, period, row["currency"]) for line in lines),
        subtotal=row["amount"],
        discount_percent="0",
        discount=0,
        taxable=row["amount"],
        tax_percent="0",
        tax=0,
        total=row["amount"],
        colour=colour,
        logo=logo,
    )


def _line(line: Mapping[str, Any], period: Period, currency: str) -> LineValue:
    month = Period.of(line["month"])
    kind = "commission" if month == period else "carried"
    if line["document"] is None:
        told = ngettext("%(count)s commission", "%(count)s commissions", line["count"])
        return LineValue(
            kind=kind,
            description=month.key,
            detail=str(told % {"count": line["count"]}),
            amount=line["amount"],
            quantity=str(line["count"]),
        )
    detail = line["document"] if month == period else f"{line['document']}, {month.key}"
    return LineValue(
        kind=kind,
        description=line["name"] or line["document"],
        detail=detail,
        amount=line["amount"],
        quantity=plain(line["percent"]),
        unit="%",
        unit_price=point(line["base"], digits(currency)),
    )


async def get_file(actor: Actor, cloud: CloudFacts, name: str) -> InvoiceFile:
    """A statement's PDF by its name, "N-C-2026-000001.pdf".

    Raises `NotFound`, and `Conflict` while it is being made.
    """
    number = invoice_files.number_of(name)
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_FILE, cloud.id, number)
    if row is None:
        raise no_such(_("statement"), number)
    if row["content"] is None:
        raise Conflict(_("The PDF of this statement is still being made; try again in a moment."))
    return InvoiceFile(
        name=name,
        media_type="application/pdf",
        sha256=row["sha256"],
        content=row["content"],
    )
