"""What money that moves is called, and what a form of it would do, as facts of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.books.queries.money.previews import Moved
from portal.routes.format import money
from portal.words import _

METHODS: Final = (
    ("bank", _("Bank transfer")),
    ("direct_debit", _("Direct debit")),
    ("card", _("Card")),
    ("cash", _("Cash")),
    ("other", _("Otherwise")),
)
METHOD: Final = dict(METHODS)


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
