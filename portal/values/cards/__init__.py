"""Cards and charges as rooms and gateways speak of them. Amounts: minor units of the currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, Literal

from portal.errors import PortalError
from portal.words import _

STRIPE: Final = "stripe"
WEBHOOK_SECRETS_MAX: Final = 2
"""One, and during a rotation the one before."""
EVENT_BYTES_MAX: Final = 512 * 1024


class GatewayFailed(PortalError):
    """The gateway could not be asked, or refused for a reason that trying again may not cure."""

    status: ClassVar[int] = 502
    title: ClassVar[str] = _("The card gateway could not be asked")


class NoAnswer(GatewayFailed):
    """No answer, or none that says what happened: it may have done what it was asked, or not."""


class GatewayRefused(GatewayFailed):
    """The gateway refused a request as such and did nothing; `code` is its word for why."""

    status = 409
    title = _("The card gateway refused")

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class GatewaySecrets:
    """What a cloud's account at a gateway is spoken to with."""

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SavedCard:
    """A card as far as we know it: never its number."""

    method: str
    brand: str
    last4: str
    month: int
    year: int


@dataclass(frozen=True, slots=True)
class SetUp:
    """A page of the gateway's where a card is saved; `card` once one was."""

    session: str
    url: str | None
    expires_at: datetime
    is_over: bool = False
    card: SavedCard | None = None


class Outcome(StrEnum):
    """How far a charge or a refund is at the gateway."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ToCharge:
    """A charge that is asked for. `back` is where the holder returns to: with it they are there."""

    key: str
    customer: str
    method: str
    amount: int
    currency: str
    metadata: Mapping[str, str]
    description: str
    back: str = ""


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge as the gateway has it. `url` is where the holder's bank asks them.

    `fee` is None while it is not known. `code` is why it failed, in the gateway's words.
    """

    intent: str
    outcome: Outcome
    amount: int
    currency: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    fee: int | None = None
    code: str = ""
    message: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund as the gateway has it."""

    refund: str
    outcome: Outcome
    amount: int
    intent: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disputed:
    """A charge that the holder's bank took back. `fee` is what the gateway asks for it."""

    dispute: str
    intent: str
    amount: int
    fee: int
    reason: str
    state: Literal["open", "won", "lost"]


@dataclass(frozen=True, slots=True)
class PaidOut:
    """Money that the gateway paid to the account's bank."""

    payout: str
    amount: int
    currency: str
    at: datetime
    is_paid: bool


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """What a gateway tells by itself: that an object has changed, not how.

    `object` is the charge that it is about where it is about one: it tells of its refunds, too.
    """

    id: str
    kind: str
    object: str
