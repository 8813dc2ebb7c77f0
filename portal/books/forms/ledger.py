"""What narrows the ledger, a statement of account and receivables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.billing.ledger import Account
from portal.errors import Invalid
from portal.values.kinds import Choice, Day, Text
from portal.words import _

ACCOUNTS: Final = Choice(tuple(Account))


def _check(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and first > last:
        raise Invalid({"to": _("must not be before the first day")})


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """By the end of a day, today's where none is named."""

    as_of: Annotated[date | None, Day()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """From one day to another, both included."""

    from_: Annotated[date | None, Day()] = None
    to: Annotated[date | None, Day()] = None

    def __post_init__(self) -> None:
        _check(self.from_, self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingFilter:
    """Days, one account, one party of it."""

    from_: Annotated[date | None, Day()] = None
    to: Annotated[date | None, Day()] = None
    account: Annotated[str | None, ACCOUNTS] = None
    party: Annotated[str | None, Text(64)] = None

    def __post_init__(self) -> None:
        _check(self.from_, self.to)
