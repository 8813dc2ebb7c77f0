"""Taking on a subscriber, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.customers.forms.cloud import LINES
from portal.kit.forms.form import Change, change_of
from portal.values import languages
from portal.values.kinds import Choice, Email, Flag, Percent, Text, code_like
from portal.values.numbers import NUMBER

LANGUAGE: Final = Choice(languages.known())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscriber:
    """A customer of a cloud. Its `number` is given by the server when it is absent."""

    number: Annotated[int | None, NUMBER] = None
    name: Annotated[str, Text(example="Sue")]
    email: Annotated[str, Email(optional=True)] = ""
    discount_percent: Annotated[Decimal, Percent()] = Decimal(0)
    tax_exempt: Annotated[bool, Flag()] = False
    referral: Annotated[str | None, code_like("rex")] = None
    account_manager: Annotated[str | None, Email()] = None
    address: Annotated[tuple[str, ...], LINES] = ()
    tax_number: Annotated[str, Text(64, minimum=0)] = ""
    language: Annotated[str | None, LANGUAGE] = None


@change_of(NewSubscriber, but=("number",))
class SubscriberChange(Change):
    """What is to be different about a subscriber. Its number is for ever."""
