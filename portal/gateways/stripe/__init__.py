"""Stripe as a card gateway: its own client behind the protocol of `portal.ports`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar, cast

from stripe import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    CardError,
    IdempotencyError,
    PermissionError,  # noqa: A004 - Stripe's name for a key that may not
    RateLimitError,
    SignatureVerificationError,
    StripeClient,
    StripeError,
    WebhookSignature,
)

from portal import ports
from portal.billing.cards.units import to_units
from portal.gateways.stripe import reading
from portal.gateways.stripe.http import BoundedHttp
from portal.values.cards import (
    Charged,
    Disputed,
    GatewayEvent,
    GatewayRefused,
    GatewaySecrets,
    NoAnswer,
    PaidOut,
    Refunded,
    SetUp,
    ToCharge,
)
from portal.waiting import refuse_in_transaction
from portal.words import _

SECONDS_MAX: Final = 30.0
PAGE: Final = 100
PAGES_MAX: Final = 50
"""Of one customer's charges: 5 000 months of them."""
TOLERANCE_SECONDS: Final = 300
_MISSING: Final = "resource_missing"
_FEE: Final = ["latest_charge.balance_transaction"]

T = TypeVar("T")


@asynccontextmanager
async def open_stripe(
    secrets: GatewaySecrets, *, address: str, seconds: float = SECONDS_MAX
) -> AsyncIterator[ports.CardGateway]:
    """A cloud's account at Stripe. `address` is elsewhere for a stand-in."""
    refuse_in_transaction("The card gateway")
    http = BoundedHttp(seconds)
    client = StripeClient(
        secrets.secret_key,
        base_addresses={"api": address},
        http_client=http,
        max_network_retries=0,
    )
    try:
        yield Stripe(client.v1)
    finally:
        await http.close_async()


def read_event(content: bytes, signature: str, secrets: Sequence[str]) -> GatewayEvent | None:
    """What Stripe sends by itself; None where no secret vouches for these very bytes now."""
    if not any(_vouches(content, signature, secret) for secret in secrets):
        return None
    try:
        found = json.loads(content)
        inner = found["data"]["object"]
        return GatewayEvent(
            id=str(found["id"])[:255],
            kind=str(found["type"])[:64],
            object=str(inner.get("payment_intent") or inner["id"])[:255],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _vouches(content: bytes, signature: str, secret: str) -> bool:
    try:
        return bool(
            WebhookSignature.verify_header(
                content.decode(), signature, secret, tolerance=TOLERANCE_SECONDS
            )
        )
    except (SignatureVerificationError, UnicodeDecodeError):
        return False


class Stripe(ports.CardGateway):
    """An account, by the client of its key."""

    def __init__(self, v1: Any) -> None:
        self._v1 = v1

    async def make_customer(self, key: str, name: str, metadata: Mapping[str, str]) -> str:
        made = await _answer(
            self._v1.customers.create_async(
                {"name": name, "metadata": dict(metadata)}, {"idempotency_key": key}
            )
        )
        return str(made.id)

    async def begin_set_up(
        self, key: str, customer: str, currency: str, *, back: str, cancel: str
    ) -> SetUp:
        made = await _answer(
            self._v1.checkout.sessions.create_async(
                {
                    "mode": "setup",
                    "customer": customer,
                    "currency": currency.lower(),
                    "success_url": back,
                    "cancel_url": cancel,
                    "payment_method_types": ["card"],
                },
                {"idempotency_key": key},
            )
        )
        return _read(reading.set_up, made)

    async def read_set_up(self, session: str) -> SetUp:
        found = await _answer(
            self._v1.checkout.sessions.retrieve_async(
                session, {"expand": ["setup_intent.payment_method"]}
            )
        )
        return _read(reading.set_up, found)

    async def forget(self, method: str) -> None:
        try:
            await _answer(self._v1.payment_methods.detach_async(method))
        except GatewayRefused as refused:
            if refused.code == _MISSING:
                return
            found = await _answer(self._v1.payment_methods.retrieve_async(method))
            if found.customer is not None:
                raise

    async def charge(self, asked: ToCharge) -> Charged:
        wanted: dict[str, Any] = {
            "amount": to_units(asked.amount, asked.currency),
            "currency": asked.currency.lower(),
            "customer": asked.customer,
            "payment_method": asked.method,
            "payment_method_types": ["card"],
            "confirm": True,
            "metadata": dict(asked.metadata),
            "description": asked.description,
            "expand": _FEE,
        }
        wanted |= {"return_url": asked.back} if asked.back else {"off_session": True}
        try:
            made = await self._v1.payment_intents.create_async(
                wanted, {"idempotency_key": asked.key}
            )
        except CardError as declined:
            intent = (cast("Any", declined.json_body) or {}).get("error", {}).get("payment_intent")
            if intent is None:
                raise _refused(declined) from declined
            return _read(reading.charged, intent)
        except StripeError as error:
            raise _failed(error) from error
        return _read(reading.charged, made)

    async def read_charge(self, intent: str) -> Charged:
        found = await _answer(self._v1.payment_intents.retrieve_async(intent, {"expand": _FEE}))
        return _read(reading.charged, found)

    async def find_charge(self, customer: str, metadata: Mapping[str, str]) -> Charged | None:
        found = await self._find(self._v1.payment_intents, {"customer": customer}, metadata)
        return None if found is None else await self.read_charge(found["id"])

    async def give_up(self, intent: str) -> Charged:
        try:
            await _answer(self._v1.payment_intents.cancel_async(intent))
        except GatewayRefused:
            # It has ended meanwhile: how, its state says.
            return await self.read_charge(intent)
        return await self.read_charge(intent)

    async def refund(
        self, key: str, intent: str, amount: int, currency: str, metadata: Mapping[str, str]
    ) -> Refunded:
        made = await _answer(
            self._v1.refunds.create_async(
                {
                    "payment_intent": intent,
                    "amount": to_units(amount, currency),
                    "metadata": dict(metadata),
                },
                {"idempotency_key": key},
            )
        )
        return _read(reading.refunded, made)

    async def read_refund(self, refund: str) -> Refunded:
        found = await _answer(self._v1.refunds.retrieve_async(refund))
        return _read(reading.refunded, found)

    async def refunds(self, intent: str = "") -> Sequence[Refunded]:
        found = await _answer(self._v1.refunds.list_async(_of(intent)))
        return [_read(reading.refunded, one) for one in found.data]

    async def disputes(self, intent: str = "") -> Sequence[Disputed]:
        found = await _answer(self._v1.disputes.list_async(_of(intent)))
        return [_read(reading.disputed, one) for one in found.data]

    async def read_payout(self, payout: str) -> PaidOut:
        return _read(reading.paid_out, await _answer(self._v1.payouts.retrieve_async(payout)))

    async def payouts(self) -> Sequence[PaidOut]:
        found = await _answer(self._v1.payouts.list_async({"limit": PAGE}))
        return [_read(reading.paid_out, one) for one in found.data]

    async def _find(
        self, kind: Any, where: Mapping[str, str], metadata: Mapping[str, str]
    ) -> Mapping[str, Any] | None:
        """The object of a list that was made with metadata. Raises `NoAnswer` past the bound."""
        after: dict[str, str] = {}
        for _page in range(PAGES_MAX):
            found = await _answer(kind.list_async({**where, **after, "limit": PAGE}))
            for one in map(reading.plain, found.data):
                if metadata.items() <= (one.get("metadata") or {}).items():
                    return one
            if not found.has_more:
                return None
            after = {"starting_after": found.data[-1].id}
        raise NoAnswer(_("The card gateway lists more than can be looked through."))


def _read(read: Callable[[Mapping[str, Any]], T], found: Any) -> T:
    """An object as a value. Raises `NoAnswer` for one that lacks what each of them has."""
    try:
        return read(reading.plain(found))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NoAnswer(_("The card gateway's answer cannot be read.")) from error


def _of(intent: str) -> dict[str, Any]:
    """What a list is narrowed by: a charge, or nothing."""
    return {"limit": PAGE, **({"payment_intent": intent} if intent else {})}


async def _answer(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except StripeError as error:
        raise _failed(error) from error


def _failed(error: StripeError) -> NoAnswer | GatewayRefused:
    """What a failure means: whether something may have happened all the same.

    A key that is not taken says nothing of what was asked with it before; nor does one that is in
    use, or was used for something else.
    """
    unsure = (APIConnectionError, APIError, RateLimitError, IdempotencyError)
    if isinstance(error, (AuthenticationError, PermissionError)):
        return NoAnswer(_("The card gateway does not take the secret key."))
    if isinstance(error, unsure) or (error.http_status or 500) in {409, 429}:
        return NoAnswer(_("The card gateway gave no answer: %(why)s") % {"why": _why(error)})
    return _refused(error)


def _refused(error: StripeError) -> GatewayRefused:
    said = {"why": _why(error)}
    return GatewayRefused(_("The card gateway refused: %(why)s") % said, str(error.code or "")[:64])


def _why(error: StripeError) -> str:
    return str(error.user_message or error)[: reading.TEXT_MAX]
