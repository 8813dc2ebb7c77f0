"""Taking on a referral, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.customers.forms.lines import LINES
from portal.kit.forms.form import Change, change_of
from portal.values.bank import Bic, Iban
from portal.values.kinds import Choice, Email, Percent, Text, Whole, code_like

BASES: Final = ("invoiced", "collected")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReferral:
    """An agent who refers subscribers for `percent` of what they are invoiced, or pay."""

    code: Annotated[str, code_like("rex")]
    name: Annotated[str, Text(example="Rex")]
    email: Annotated[str, Email(optional=True)] = ""
    percent: Annotated[Decimal, Percent()]
    sponsor: Annotated[str | None, code_like("ria")] = None
    basis: Annotated[str, Choice(BASES)] = "invoiced"
    hold_days: Annotated[int, Whole(0, 365)] = 30
    address: Annotated[tuple[str, ...], LINES] = ()
    tax_number: Annotated[str, Text(64, minimum=0)] = ""
    payee: Annotated[str, Text(200, minimum=0)] = ""
    iban: Annotated[str, Iban()] = ""
    bic: Annotated[str, Bic()] = ""


@change_of(NewReferral, but=("code",))
class ReferralChange(Change):
    """What is to be different about a referral. Its code is for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Where an agent is paid, and what stands on what it is paid with."""

    payee: Annotated[str, Text(200)]
    iban: Annotated[str, Iban(optional=False)]
    bic: Annotated[str, Bic()] = ""
    address: Annotated[tuple[str, ...], LINES] = ()
    tax_number: Annotated[str, Text(64, minimum=0)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAgent:
    """An agent whom another one invites; everything else is the operator's to settle."""

    name: Annotated[str, Text(200)]
    email: Annotated[str, Email()]
