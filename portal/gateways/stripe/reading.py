"""What Stripe's objects say, as values of the house."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from portal.billing.cards.units import from_units
from portal.values.cards import Charged, Disputed, Outcome, PaidOut, Refunded, SavedCard, SetUp

TEXT_MAX: Final = 500
_REFUNDS: Final = {"succeeded": Outcome.SUCCEEDED, "failed": Outcome.FAILED,
                   "canceled": Outcome.FAILED}  # fmt: skip
_LOST: Final = frozenset({"lost", "charge_refunded", "warning_closed"})


def plain(found: Any) -> Mapping[str, Any]:
    """An object of the client's as dictionaries."""
    values: Mapping[str, Any] = found if isinstance(found, dict) else found.to_dict()
    return values


def charged(found: Mapping[str, Any]) -> Charged:
    """A payment intent, with its latest charge's balance transaction where that was asked for."""
    error, currency = found.get("last_payment_error") or {}, _currency(found)
    status = found["status"]
    outcome = Outcome.PENDING
    if status == "succeeded":
        outcome = Outcome.SUCCEEDED
    elif status in {"requires_payment_method", "canceled"}:
        outcome = Outcome.FAILED
    code = error.get("decline_code") or error.get("code") or ""
    action = (found.get("next_action") or {}).get("redirect_to_url") or {}
    return Charged(
        intent=found["id"],
        outcome=outcome,
        amount=from_units(found["amount"], currency),
        currency=currency,
        metadata=dict(found.get("metadata") or {}),
        fee=_fee(found.get("latest_charge"), currency),
        code=str(code or ("canceled" if status == "canceled" else ""))[:64],
        message=str(error.get("message") or "")[:TEXT_MAX],
        url=str(action.get("url") or ""),
    )


def _currency(found: Mapping[str, Any]) -> str:
    return str(found["currency"]).upper()


def _fee(charge: object, currency: str) -> int | None:
    """What is kept of a charge; of one that is settled in another currency nothing is known."""
    entry = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    if not isinstance(entry, Mapping):
        return None
    return from_units(entry["fee"], currency) if _currency(entry) == currency else 0


def set_up(found: Mapping[str, Any]) -> SetUp:
    """A Checkout session in set-up mode, with the card of its intent where that was asked for."""
    intent = found.get("setup_intent")
    method = intent.get("payment_method") if isinstance(intent, Mapping) else None
    return SetUp(
        session=found["id"],
        url=found.get("url"),
        expires_at=datetime.fromtimestamp(found["expires_at"], UTC),
        is_over=found["status"] == "expired",
        card=saved(method) if isinstance(method, Mapping) and _is_done(found) else None,
    )


def _is_done(session: Mapping[str, Any]) -> bool:
    return bool(session["status"] == "complete")


def saved(found: Mapping[str, Any]) -> SavedCard:
    """A payment method that is a card."""
    card = found["card"]
    return SavedCard(
        method=found["id"],
        brand=str(card["brand"])[:32],
        last4=str(card["last4"])[:4],
        month=int(card["exp_month"]),
        year=int(card["exp_year"]),
    )


def refunded(found: Mapping[str, Any]) -> Refunded:
    """A refund."""
    return Refunded(
        refund=found["id"],
        outcome=_REFUNDS.get(found["status"], Outcome.PENDING),
        amount=from_units(found["amount"], _currency(found)),
        intent=str(found.get("payment_intent") or ""),
        metadata=dict(found.get("metadata") or {}),
    )


def disputed(found: Mapping[str, Any]) -> Disputed:
    """A dispute: what it cost stands in its balance transactions."""
    status, currency = found["status"], _currency(found)
    entries = found.get("balance_transactions") or ()
    fees = sum(entry["fee"] for entry in entries if _currency(entry) == currency)
    return Disputed(
        dispute=found["id"],
        intent=str(found.get("payment_intent") or ""),
        amount=from_units(found["amount"], currency),
        fee=from_units(fees, currency),
        reason=str(found.get("reason") or "")[:64],
        state="won" if status == "won" else "lost" if status in _LOST else "open",
    )


def paid_out(found: Mapping[str, Any]) -> PaidOut:
    """A payout."""
    currency = _currency(found)
    return PaidOut(
        payout=found["id"],
        amount=from_units(found["amount"], currency),
        currency=currency,
        at=datetime.fromtimestamp(found["arrival_date"], UTC),
        is_paid=found["status"] == "paid",
    )
