"""What a subscriber says of its documents: where they go, and what it asks to have on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.customers.forms.lines import LINES
from portal.customers.forms.subscriber import EMAILS, LANGUAGE
from portal.values.kinds import Text

NOTE_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDetails:
    """Name, address and tax number as they should stand on documents, and why."""

    name: Annotated[str, Text(example="Sue")]
    address: Annotated[tuple[str, ...], LINES] = ()
    tax_number: Annotated[str, Text(64, minimum=0)] = ""
    note: Annotated[str, Text(NOTE_MAX, minimum=0)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """Who gets documents by e-mail, and in which language they are; None is the cloud's."""

    document_emails: Annotated[tuple[str, ...], EMAILS] = ()
    language: Annotated[str | None, LANGUAGE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Why other details are declined: the subscriber reads it."""

    answer: Annotated[str, Text(NOTE_MAX)]
