"""What mails with documents say, and the text of an operator's own: paragraphs with placeholders.

    "Hello {customer}, your invoice {number} is due on {due}."

Amounts stand in the PDF alone. Each placeholder is a fact of the document.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from portal.errors import Invalid
from portal.values.kinds import Text
from portal.values.mail.wording import Wording
from portal.values.text import cleaned, shown
from portal.words import _

INVOICE: Final = "invoice"
CREDIT_NOTE: Final = "credit-note"
SAMPLE: Final = "invoice-sample"
"""An invoice's mail to whoever tries its text."""
TEXT: Final = "text"
"""The fact of a sample that holds the paragraphs to be tried."""
LINE_MAX: Final = 1_000
LINES_MAX: Final = 30
PLACEHOLDERS: Final[Mapping[str, str]] = {
    "customer": _("name of the customer"),
    "number": _("number of the invoice"),
    "month": _("month of the invoice"),
    "issued": _("day of issue"),
    "due": _("day by which it is to be paid"),
    "operator": _("your name"),
}
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class MailLine:
    """A paragraph of a mail's text; its placeholders are `among` those that the mail fills in."""

    among: tuple[str, ...] = tuple(PLACEHOLDERS)
    example: str = "Your invoice {number} for {month} is attached."

    def read(self, value: object, at: str) -> str:
        line = Text(LINE_MAX).read(value, at)
        if problem := complaint(line, self.among):
            raise Invalid({at: problem})
        return line

    read_text = read

    def schema(self) -> dict[str, Any]:
        return Text(LINE_MAX, example=self.example).schema()


def complaint(line: str, among: Collection[str] = tuple(PLACEHOLDERS)) -> str | None:
    """What is wrong with the placeholders of a line; None: nothing."""
    known = ", ".join(f"{{{name}}}" for name in among)
    for name in _PLACEHOLDER.findall(line):
        if name not in among:
            told = _("there is no placeholder %(name)s; there are %(known)s")
            return told % {"name": f"{{{shown(name)}}}", "known": known}
    if "{" in (left := _PLACEHOLDER.sub("", line)) or "}" in left:
        return _("a placeholder begins with { and ends with }: %(known)s") % {"known": known}
    return None


def filled(
    line: str, facts: Mapping[str, str], among: Collection[str] = tuple(PLACEHOLDERS)
) -> str:
    """A line with its placeholders filled in; an unknown one stays as it stands."""

    def fact(found: re.Match[str]) -> str:
        name = found[1].replace("operator", "place")
        return facts.get(name, found[0]) if found[1] in among else found[0]

    return cleaned(_PLACEHOLDER.sub(fact, line), 2 * LINE_MAX)


def invoice(facts: dict[str, str]) -> Wording:
    """An invoice: `number`, `month`, `customer`, `issued`, `due` and `place`."""
    return Wording(
        _("Invoice %(number)s for %(month)s") % facts,
        (
            _("Hello %(customer)s,") % facts,
            _("Your invoice %(number)s of %(place)s for %(month)s is attached as a PDF.") % facts,
            _("It is to be paid by %(due)s.") % facts,
        ),
        _("Open the invoice"),
        (_("The page of the invoice shows each line by camera and day."),),
    )


def sample(facts: dict[str, str]) -> Wording:
    """The same as of an invoice, and said to be a trial."""
    wording = invoice(facts)
    return replace(wording, subject=_("Test: %(subject)s") % {"subject": wording.subject})


def credit_note(facts: dict[str, str]) -> Wording:
    """A credit note: facts as of an invoice."""
    return Wording(
        _("Credit note %(number)s for %(month)s") % facts,
        (
            _("Hello %(customer)s,") % facts,
            _("Your credit note %(number)s of %(place)s for %(month)s is attached as a PDF.")
            % facts,
        ),
        _("Open the credit note"),
    )
