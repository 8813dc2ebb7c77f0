"""What is to be transferred to referrals, as files for a bank: pain.001, and CSV."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lxml import etree
from sepaxml import SepaTransfer

from portal.access import Actor
from portal.billing.payouts.statement import StatementState
from portal.billing.period import local_date
from portal.books.queries.payouts import statement_lists
from portal.books.queries.payouts.statement_lists import PaidStatement
from portal.db import snapshot
from portal.errors import Conflict, Invalid
from portal.kit.queries.tenancy import CloudFacts
from portal.values.bank import iban_of
from portal.words import _

SCHEMA: Final = "pain.001.001.03"
NAMESPACE: Final = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"
MOST: Final = 5_000
"""Transfers in a file."""
NAMED_MAX: Final = 5
"""Referrals that a refusal names."""
# What every bank of the SEPA area takes in a name or a reference.
_REFUSED: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]+")


@dataclass(frozen=True, slots=True)
class Payouts:
    """Approved statements that are not paid, with who pays them. `iban` is the cloud's, or ""."""

    payer: str
    iban: str
    currency: str
    rows: Sequence[PaidStatement]

    @property
    def amount(self) -> int:
        """Of all of them, in minor units."""
        return sum(row.amount for row in self.rows)

    @property
    def without_account(self) -> Sequence[PaidStatement]:
        """Those whose referral has not said where it is paid."""
        return [row for row in self.rows if not row.iban]


_PAYER: Final = "select name, bank from cloud where id = $1"


async def get(actor: Actor, cloud: CloudFacts) -> Payouts:
    """What is to be paid now, in the order of approval. Raises `Conflict` for too many."""
    async with snapshot(actor) as tx:
        payer = await tx.fetchrow(_PAYER, cloud.id)
        assert payer is not None, "the cloud is there"
        page = await statement_lists.page(
            actor, cloud, state=str(StatementState.APPROVED), sort="number", limit=MOST
        )
    if page.total > MOST:
        facts = {"count": page.total, "most": MOST}
        raise Conflict(_("%(count)d statements wait: a file has at most %(most)d.") % facts)
    return Payouts(
        payer=payer["name"], iban=iban_of(payer["bank"]), currency=cloud.currency, rows=page.rows
    )


def pain_001(payouts: Payouts, *, on: date, now: datetime, timezone: str) -> bytes:
    """The file of all transfers, each with its statement's number as end-to-end id.

    The same statements on the same day have the same message id, so that a bank refuses the second
    of two equal files. Raises `Invalid` for a day that is over, and `Conflict` where not all of
    them can be transferred so.
    """
    if on < local_date(now, timezone):
        raise Invalid({"on": _("is over")})
    _refuse(payouts)
    ids = ",".join(row.title for row in payouts.rows)
    message = hashlib.sha256(f"{payouts.iban} {on} {ids}".encode()).hexdigest()[:32]
    made = SepaTransfer(
        {"name": _plain(payouts.payer), "IBAN": payouts.iban, "currency": "EUR", "batch": True},
        schema=SCHEMA,
    )
    for row in payouts.rows:
        payment: dict[str, object] = {
            "name": _plain(row.payee),
            "IBAN": row.iban,
            "amount": row.amount,
            "execution_date": on,
            "description": _plain(row.title),
            "endtoend_id": row.title,
        }
        if row.bic:
            payment["BIC"] = row.bic
        made.add_payment(payment)
    document = etree.fromstring(made.export(validate=False))
    at = {"p": NAMESPACE}
    for path, text in (
        ("//p:GrpHdr/p:MsgId", message),
        ("//p:GrpHdr/p:CreDtTm", now.replace(tzinfo=None).isoformat(timespec="seconds")),
        ("//p:PmtInf/p:PmtInfId", message),
    ):
        for one in document.xpath(path, namespaces=at):
            one.text = text
    return bytes(etree.tostring(document, xml_declaration=True, encoding="UTF-8"))


def _refuse(payouts: Payouts) -> None:
    if not payouts.rows:
        raise Conflict(_("No approved statement waits to be paid."))
    if payouts.currency != "EUR":
        raise Conflict(
            _("A SEPA transfer is in euro; this cloud's currency is %(currency)s. Take the CSV.")
            % {"currency": payouts.currency}
        )
    if not payouts.iban:
        raise Conflict(_("The cloud has no IBAN: add it to its company data first."))
    if missing := payouts.without_account:
        names = ", ".join(row.name for row in missing[:NAMED_MAX])
        facts = {"count": len(missing), "names": names}
        raise Conflict(_("%(count)d without an IBAN: %(names)s. Take the CSV.") % facts)


def _plain(text: str) -> str:
    """A text in signs that banks take; what has none of them is left out."""
    from text_unidecode import unidecode  # noqa: PLC0415 - it loads a table of all letters

    return _REFUSED.sub(" ", unidecode(text)).strip()[:70] or "-"
