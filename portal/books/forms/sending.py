"""What is asked for when documents are sent or handed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.billing.period import Period
from portal.errors import Invalid
from portal.kit.forms.form import ListOf
from portal.values.kinds import Choice, Flag, Month, Text
from portal.values.mail.documents import LINES_MAX, MailLine
from portal.words import _

NUMBERS_MAX: Final = 5_000
NUMBER: Final = Text(40, example="NORTH-2026-000001", is_read=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendForm:
    """Whether another copy is sent of a document that was sent before."""

    copy: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleForm:
    """The text of the mail with an invoice that is tried; without paragraphs Camledger's own."""

    invoice_text: Annotated[tuple[str, ...], ListOf(MailLine(), LINES_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """A month, and how far a mail is."""

    period: Annotated[Period | None, Month()] = None
    state: Annotated[str | None, Choice(("waiting", "sending", "sent", "failed", "dropped"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverFilter:
    """A month."""

    period: Annotated[Period | None, Month()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverForm:
    """A file of a month's documents, or of those with the `numbers`, one of the two.

    `again` for documents of which some were handed over before.
    """

    kind: Annotated[str, Choice(("csv", "json", "zip"))]
    period: Annotated[Period | None, Month()] = None
    numbers: Annotated[tuple[str, ...], ListOf(NUMBER, NUMBERS_MAX)] = ()
    again: Annotated[bool, Flag()] = False

    def __post_init__(self) -> None:
        if (self.period is None) == (not self.numbers):
            raise Invalid({"period": _("give either a period or the numbers of documents")})
