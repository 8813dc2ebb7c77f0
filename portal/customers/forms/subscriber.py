"""Taking on a subscriber, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from portal.customers.forms.cloud import LINES
from portal.kit.forms.form import UNSET, Unset
from portal.values.kinds import Email, Flag, Percent, Text, code_like
from portal.values.numbers import NUMBER


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberChange:
    """What is to be different about a subscriber. Its number is for ever."""

    name: Annotated[str | Unset, Text()] = UNSET
    email: Annotated[str | Unset, Email(optional=True)] = UNSET
    discount_percent: Annotated[Decimal | Unset, Percent()] = UNSET
    tax_exempt: Annotated[bool | Unset, Flag()] = UNSET
    referral: Annotated[str | Unset | None, code_like("rex")] = UNSET
    account_manager: Annotated[str | Unset | None, Email()] = UNSET
    address: Annotated[tuple[str, ...] | Unset, LINES] = UNSET
    tax_number: Annotated[str | Unset, Text(64, minimum=0)] = UNSET
