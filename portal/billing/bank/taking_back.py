"""Lines that take money back: returns of payments, and reversals of lines that came before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.billing.bank.line import BankLine


class Kind(StrEnum):
    """What a line does with one that came before."""

    RETURN = "return"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A line that was taken in before, or a payment that came otherwise, as far as it goes back.

    `line` is its row id, None of a payment that no line brought, and `amount` signed as a line's.
    `payments` are row ids of what of it was not returned yet, and `standing` their sum; a debit
    that was a return has `returned`, what it took back. `numbers` are invoices that its money is
    on, or was.
    """

    line: int | None
    amount: int
    payments: tuple[int, ...] = ()
    standing: int = 0
    returned: int = 0
    bank_reference: str = ""
    end_to_end: str = ""
    text: str = ""
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a line takes back: all of an earlier one; `fee` is what the line is above that.

    `short` says that the line is less than what it would take back: a person has to look.
    """

    kind: Kind
    earlier: Earlier
    fee: int = 0
    short: bool = False


def taken_back(
    line: BankLine, numbers: Collection[str], earlier: Sequence[Earlier]
) -> TakenBack | None:
    """What a debit, or a reversal of whatever sign, takes back; None where it is no such line.

    `numbers` are the invoices that the line names anywhere, `earlier` the lines before, oldest
    first. Example: a payment of 16.48 that comes back as a debit of 19.98 has a fee of 3.50.
    """
    if line.is_reversal and (found := _reversed(line, earlier)):
        return _against(Kind.REVERSAL, line, found)
    if line.amount >= 0 or line.return_reason is None:
        return None
    found = _newest(_returned(line, numbers, earlier), -line.amount)
    return None if found is None else _against(Kind.RETURN, line, found)


def _reversed(line: BankLine, earlier: Iterable[Earlier]) -> Earlier | None:
    """By the bank's reference, else by the amount and the text; of the other sign."""
    against = [one for one in earlier if (one.amount > 0) != (line.amount > 0)]
    if line.bank_reference:
        alike = [one for one in against if one.bank_reference == line.bank_reference]
        if alike:
            return alike[-1]
    alike = [one for one in against if one.amount == -line.amount and one.text == line.text]
    return alike[-1] if alike else None


def _returned(
    line: BankLine, numbers: Collection[str], earlier: Iterable[Earlier]
) -> list[Earlier]:
    """Lines with money that is still there and that the return may mean, the surest ones alone."""
    standing = [one for one in earlier if one.standing > 0]
    by_id = [one for one in standing if line.end_to_end and one.end_to_end == line.end_to_end]
    return by_id or [one for one in standing if one.numbers.intersection(numbers)]


def _newest(found: Sequence[Earlier], amount: int) -> Earlier | None:
    """The newest of them that the amount covers, else the newest: it is looked at by a person."""
    covered = [one for one in found if one.standing <= amount]
    return next(reversed(covered or found), None)


def _against(kind: Kind, line: BankLine, earlier: Earlier) -> TakenBack:
    back = earlier.standing if earlier.amount > 0 else earlier.returned
    over = abs(line.amount) - back
    return TakenBack(kind, earlier, fee=max(0, over), short=over < 0)
