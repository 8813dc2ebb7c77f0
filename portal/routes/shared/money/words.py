"""What money that moves is called, and what a form of it would do, as facts of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from portal.billing.ledger import Posted
from portal.billing.money import CURRENCIES, format_minor, parse_minor
from portal.books.queries.money.previews import Moved
from portal.values.amounts import money
from portal.values.numbers import Amount
from portal.values.typed import typed
from portal.words import _

METHODS: Final = (
    ("bank", _("Bank transfer")),
    ("direct_debit", _("Direct debit")),
    ("card", _("Card")),
    ("cash", _("Cash")),
    ("other", _("Otherwise")),
)
METHOD: Final = dict(METHODS)
AMOUNT: Final = Amount()


def amount_of(text: str, currency: str, at: str) -> int:
    """What was typed in minor units. Raises `Invalid` at a field."""
    return parse_minor(AMOUNT.read_text(text, at), currency, at)


def box_of(amount: int, currency: str, locale: str) -> str:
    """An amount in minor units as a box has it, and as it is read again."""
    return typed(Decimal(format_minor(amount, currency)), locale, CURRENCIES[currency])


@dataclass(frozen=True, slots=True)
class Told:
    """What a form would do: a sentence, facts, and a row each invoice, as texts."""

    sentence: str
    facts: Sequence[tuple[str, str]]
    invoices: Sequence[tuple[str, str, str]]


def told_of(moved: Moved | None, locale: str) -> Told | None:
    """The same in words; None where nothing can be said yet."""
    if moved is None:
        return None

    def text(amount: int) -> str:
        return money(amount, moved.currency, locale)

    facts = [(_("Credit now"), text(moved.before)), (_("Credit then"), text(moved.after))]
    if moved.commission:
        facts.append((_("Commissions"), text(moved.commission)))
    if moved.recovered:
        facts.append((_("Of what was written off"), text(moved.recovered)))
    rows = [(one.number, text(one.amount), text(one.left)) for one in moved.invoices]
    sentence = _("The credit balance is %(after)s then.") % {"after": text(moved.after)}
    return Told(sentence, facts, rows)


POSTED: Final[Mapping[str, str]] = {
    Posted.INVOICE: _("Invoice"),
    Posted.CREDIT_NOTE: _("Credit note"),
    Posted.PAYMENT: _("Payment"),
    Posted.IDENTIFIED: _("Payment, identified later"),
    Posted.ALLOCATION: _("Payment on an invoice"),
    Posted.REFUND: _("Refund"),
    Posted.RETURN: _("Returned by the bank"),
    Posted.FEE: _("Fee"),
    Posted.WRITE_OFF: _("Written off"),
    Posted.RECOVERY: _("Recovered"),
    Posted.COMMISSION: _("Commission"),
    Posted.BILL: _("Invoice from the platform"),
    Posted.BILL_PAID: _("Payment to the platform"),
    Posted.PAYOUT: _("Payout of the card gateway"),
    "statement_paid": _("Statement paid"),
}
"""What people call a posting."""
OF_INVOICES: Final = frozenset(
    {Posted.INVOICE, Posted.CREDIT_NOTE, Posted.WRITE_OFF, Posted.RECOVERY}
)
"""Those whose document has a page; that of all others is the reference of a payment."""
