"""Making a cloud, and changing one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.customers.forms.closing import MODES
from portal.customers.forms.master import ADDRESS, REGIME, BuyerData
from portal.kit.forms.form import UNSET, Change, ListOf, Unset, change_of
from portal.values.kinds import (
    PREFIX,
    SLUG,
    BankLine,
    Choice,
    Currency,
    Email,
    Flag,
    Locale,
    Percent,
    Quantity,
    Text,
    Whole,
    Zone,
)
from portal.values.mail.documents import LINES_MAX, MailLine

ZERO: Final = Decimal(0)
MARGIN_TARGET: Final = Decimal(20)
"""Percent of a tariff's price that is to be left of it, unless a cloud says otherwise."""
AGENT_PERCENT: Final = Decimal(10)
"""What an agent whom another one invites earns, unless a cloud says otherwise."""
BANK: Final = ListOf(BankLine(), 12)
INVOICE_TEXT: Final = ListOf(MailLine(), LINES_MAX)
LEVELS_MAX: Final = 20
CHECK_PERCENT: Final = Decimal(25)
CHECK_AMOUNT: Final = Decimal(20)
PAYOUT_THRESHOLD: Final = Decimal(20)
"""A bill that changed by more than both is looked at, unless a cloud says otherwise."""
CLOSE_MODE: Final = Choice(tuple(MODES))
CLOSE_AFTER_DAYS: Final = Whole(0, 60)
STATEMENT_DAY: Final = Whole(1, 28)
PAYMENT_DAYS: Final = Whole(0, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCloud(BuyerData):
    """A new operator. `invoice_prefix` is made from the slug when it is absent.

    Without a `close_mode` it follows from `close_automatically`; without either it is "look". A
    bill that changed by more than `check_percent` and `check_amount`, in major units, is looked at,
    and a document that lacks what `check_address`, `check_email` and `check_tax_number` ask for.
    Statements of at least `payout_threshold`, in major units, are drafted on `statement_day`.
    """

    slug: Annotated[str, SLUG]
    name: Annotated[str, Text(example="North")]
    currency: Annotated[str, Currency()]
    timezone: Annotated[str, Zone()]
    tax_percent: Annotated[Decimal, Percent()] = ZERO
    wholesale_discount_percent: Annotated[Decimal, Percent()] = ZERO
    wholesale_tax_percent: Annotated[Decimal, Percent()] = ZERO
    invoice_prefix: Annotated[str | None, PREFIX] = None
    manager: Annotated[str | None, Email()] = None
    level_percents: Annotated[tuple[Decimal, ...], ListOf(Percent(), LEVELS_MAX)] = ()
    address: Annotated[tuple[str, ...], ADDRESS] = ()
    tax_number: Annotated[str, Text(64, minimum=0)] = ""
    tax_regime: Annotated[str | None, REGIME] = None
    email: Annotated[str, Email(optional=True)] = ""
    phone: Annotated[str, Text(64, minimum=0)] = ""
    bank: Annotated[tuple[str, ...], BANK] = ()
    locale: Annotated[str, Locale()] = "en"
    reply_to: Annotated[str, Email(optional=True)] = ""
    invoice_text: Annotated[tuple[str, ...], INVOICE_TEXT] = ()
    send_after_close: Annotated[bool, Flag()] = False
    apply_credit: Annotated[bool, Flag()] = True
    statement_day: Annotated[int, STATEMENT_DAY] = 5
    payout_threshold: Annotated[Decimal, Quantity()] = PAYOUT_THRESHOLD
    auto_match: Annotated[bool, Flag()] = True
    payment_days: Annotated[int, PAYMENT_DAYS] = 14
    close_after_days: Annotated[int, CLOSE_AFTER_DAYS] = 3
    close_automatically: Annotated[bool | None, Flag()] = None
    close_mode: Annotated[str | None, CLOSE_MODE] = None
    check_percent: Annotated[Decimal, Percent()] = CHECK_PERCENT
    check_amount: Annotated[Decimal, Quantity()] = CHECK_AMOUNT
    check_address: Annotated[bool, Flag()] = True
    check_email: Annotated[bool, Flag()] = True
    check_tax_number: Annotated[bool, Flag()] = True
    margin_target: Annotated[Decimal, Percent()] = MARGIN_TARGET
    referral_invites: Annotated[bool, Flag()] = False
    agents_invite: Annotated[bool, Flag()] = False
    agent_percent: Annotated[Decimal, Percent()] = AGENT_PERCENT


@change_of(NewCloud, but=("slug",))
class CloudChange(Change):
    """What is to be different about a cloud. Its slug is for ever."""

    invoice_prefix: Annotated[str | Unset, PREFIX] = UNSET
    close_automatically: Annotated[bool | Unset, Flag()] = UNSET
    close_mode: Annotated[str | Unset, CLOSE_MODE] = UNSET
    second_factor: Annotated[bool | Unset, Flag()] = UNSET
    suspended: Annotated[bool | Unset, Flag()] = UNSET
