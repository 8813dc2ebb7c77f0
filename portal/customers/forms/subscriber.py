"""Taking on a subscriber, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.customers.forms.master import ADDRESS, BuyerData
from portal.kit.forms.form import Change, ListOf, change_of
from portal.values import languages
from portal.values.kinds import Choice, Email, Flag, Percent, Text, Whole, code_like
from portal.values.numbers import NUMBER

LANGUAGE: Final = Choice(languages.known())
WANTED: Final = Whole(1, 1_000_000)
EMAILS: Final = ListOf(Email(), 10)
"""Where documents go; each address once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscriber(BuyerData):
    """A customer of a cloud. Its `number` is given by the server when it is absent.

    `wanted` is how many cameras it asked for, on the tariff `wanted_tariff` (a code).
    """

    number: Annotated[int | None, NUMBER] = None
    name: Annotated[str, Text(example="Sue")]
    email: Annotated[str, Email(optional=True)] = ""
    phone: Annotated[str, Text(64, minimum=0, example="+39 06 555 0100")] = ""
    discount_percent: Annotated[Decimal, Percent()] = Decimal(0)
    tax_exempt: Annotated[bool, Flag()] = False
    referral: Annotated[str | None, code_like("rex")] = None
    account_manager: Annotated[str | None, Email()] = None
    address: Annotated[tuple[str, ...], ADDRESS] = ()
    tax_number: Annotated[str, Text(64, minimum=0)] = ""
    wanted: Annotated[int | None, WANTED] = None
    wanted_tariff: Annotated[str | None, code_like("home-7")] = None
    language: Annotated[str | None, LANGUAGE] = None
    document_emails: Annotated[tuple[str, ...], EMAILS] = ()
    apply_credit: Annotated[bool, Flag()] = True


@change_of(NewSubscriber, but=("number",))
class SubscriberChange(Change):
    """What is to be different about a subscriber. Its number is for ever."""


MANY_MAX: Final = 1_000
"""Of subscribers in one deed."""
INVITED_MAX: Final = 200
"""Of invitations in one deed: each is a mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The account manager of several subscribers; null: nobody's."""

    subscribers: Annotated[tuple[int, ...], ListOf(NUMBER, MANY_MAX)]
    account_manager: Annotated[str | None, Email()]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Who takes all subscribers of an account manager."""

    account_manager: Annotated[str, Email()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    """Subscribers that are invited, each by its own address."""

    subscribers: Annotated[tuple[int, ...], ListOf(NUMBER, INVITED_MAX)]
