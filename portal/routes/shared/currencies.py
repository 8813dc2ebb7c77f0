"""Amounts of several currencies side by side: they are never added."""

from collections.abc import Iterable, Mapping
from typing import Final

from markupsafe import Markup, escape

from portal.values.amounts import DASH, money

BREAK: Final = Markup("<br>")


def each_currency(sums: Mapping[str, int | None], locale: str) -> Markup:
    """A sum a line, by currency; a dash where there is none. Example: {"EUR": 1200, "USD": 300}."""
    return lines_of(money(sums[currency], currency, locale) for currency in sorted(sums))


def lines_of(texts: Iterable[str]) -> Markup:
    """Texts below one another in a cell."""
    return BREAK.join(texts) or escape(DASH)
