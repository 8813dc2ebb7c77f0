"""What is asked for when referrals are paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from portal.billing.payouts.statement import StatementState
from portal.billing.period import Period
from portal.values.kinds import Choice, Day, Month, Text, code_like

REASON_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftStatements:
    """The statements of a month: of all referrals, or of one, whom the threshold does not stop."""

    period: Annotated[Period, Month()]
    referral: Annotated[str | None, code_like("rex")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidStatement:
    """Why a statement does not stand."""

    reason: Annotated[str, Text(REASON_MAX, minimum=0)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayStatement:
    """When a statement was paid, and under which reference of the bank."""

    paid_on: Annotated[date, Day()]
    reference: Annotated[str, Text(140, minimum=0, is_read=False)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFile:
    """The day on which a file's transfers are to be made."""

    on: Annotated[date, Day()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCommission:
    """Why a commission that was held is paid all the same."""

    reason: Annotated[str, Text(REASON_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFilter:
    """A month, one referral, one state."""

    period: Annotated[Period | None, Month()] = None
    referral: Annotated[str | None, code_like("rex")] = None
    state: Annotated[
        str | None, Choice(tuple(one for one in StatementState if one != "dropped"))
    ] = None
