"""The lines of a document as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.values.lines import LineFacts


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line as issued; `amount` in minor units."""

    facts: LineFacts
    quantity: Decimal
    unit_price: Decimal | None
    amount: int
    original_period: date

    @property
    def kind(self) -> str:
        """The charge's."""
        return self.facts.kind

    @property
    def description(self) -> str:
        """What was sold, in its reader's language."""
        return self.facts.description

    @property
    def detail(self) -> str:
        """Of which version and month."""
        return self.facts.detail

    @property
    def unit(self) -> str:
        """What is counted."""
        return self.facts.unit_in_words
