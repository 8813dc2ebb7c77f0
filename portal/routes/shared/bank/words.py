"""What formats, rules and states of bank files are called."""

from typing import Final

from portal.words import _

FORMATS: Final = {"camt": _("camt (XML)"), "mt940": _("MT940"), "csv": _("CSV")}
RULES: Final = {
    "end_to_end": _("End-to-end id"),
    "reference": _("Payment reference"),
    "number": _("Number in the text"),
    "iban": _("Known account"),
}


def rule_word(rule: str | None) -> str:
    """Why a line was put where it is; by hand where no rule did it."""
    return RULES.get(rule or "", "")
