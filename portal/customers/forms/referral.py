"""Taking on a referral, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.kit.forms.form import Change, change_of
from portal.values.kinds import Choice, Email, Percent, Text, code_like

BASES: Final = ("invoiced", "collected")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReferral:
    """An agent who brings subscribers for `percent` of what they are invoiced, or pay."""

    code: Annotated[str, code_like("rex")]
    name: Annotated[str, Text(example="Rex")]
    email: Annotated[str, Email(optional=True)] = ""
    percent: Annotated[Decimal, Percent()]
    sponsor: Annotated[str | None, code_like("ria")] = None
    basis: Annotated[str, Choice(BASES)] = "invoiced"


@change_of(NewReferral, but=("code",))
class ReferralChange(Change):
    """What is to be different about a referral. Its code is for ever."""
