"""What is asked for when bank files are taken in, and what people say of their lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.books.forms.payments import NO_REASON, AllocateCloudForm, AllocateForm
from portal.values.bank_files import FORMATS
from portal.values.kinds import Choice, Currency, Flag

STATES: Final = Choice(("matched", "open", "returned", "reversal", "ignored"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportQuery:
    """Which format a file has, where its media type does not say; and whether it is a rehearsal.

    `currency` is that of amounts in a file of the platform's bank that says none.
    """

    format: Annotated[str | None, Choice(FORMATS)] = None
    dry_run: Annotated[bool, Flag()] = False
    currency: Annotated[str | None, Currency()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """What became of lines."""

    state: Annotated[str | None, STATES] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreForm:
    """Why a line is none of the book's."""

    reason: Annotated[str, NO_REASON] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchForm(AllocateForm):
    """Whose a line's money is, or on which invoices it goes.

    With `remember` the payer's account is known to pay for them from now on.
    """

    remember: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCloudForm(AllocateCloudForm):
    """The same in the platform's book."""

    remember: Annotated[bool, Flag()] = False
