"""Money at the stand-in: charging a card, giving back, disputes, fees and payouts."""

from __future__ import annotations

from typing import Any, Final

from portal.demo.card_gateway.account import Account, Obj
from portal.demo.card_gateway.cards import card_of, code_of
from portal.demo.card_gateway.refusal import Refused

FEE_PER_MILLE: Final = 15
FEE_EACH: Final = 25
"""In the currency's smallest unit; both are invented, and 0.49 of 16.48."""
DISPUTE_FEE: Final = 1500
AMOUNT_MAX: Final = 99_999_999
_SAID: Final = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def decline(code: str, **more: Any) -> Refused:
    """The refusal of a card by its decline code."""
    message = _SAID.get(code, "Your card was declined.")
    return Refused(
        message, status=402, kind="card_error", code=code_of(code), decline_code=code, **more
    )


def confirm(account: Account, intent: Obj, *, off_session: bool, return_url: str) -> None:
    """Charge the card of an intent. Raises `Refused` (402) as its card says."""
    method = account.get("payment_method", intent["payment_method"])
    card = card_of(account.numbers[method["id"]])
    if intent["amount"] > AMOUNT_MAX:
        raise Refused("Amount is too large.", param="amount", code="amount_too_large")
    if card.asks == "always":
        if off_session:
            raise _failed(account, intent, method, "authentication_required")
        if not return_url:
            raise Refused("A return_url is needed.", param="return_url", code="parameter_missing")
        intent |= {"status": "requires_action", "return_url": return_url}
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": f"/bank/{intent['id']}", "return_url": return_url},
        }
        account.tell("payment_intent.requires_action", intent)
        return
    refused = method.get("refuses") or card.at_charge
    if refused:
        raise _failed(account, intent, method, refused)
    _charged(account, intent, method)
    if card.is_disputed:
        dispute(account, intent, "fraudulent")


def answered(account: Account, intent: Obj, *, says_yes: bool) -> None:
    """The holder of a card has told the bank yes or no; the intent says what came of it."""
    method = account.get("payment_method", intent["payment_method"])
    refused = method.get("refuses") or card_of(account.numbers[method["id"]]).at_charge
    if not says_yes:
        refused = "authentication_required"
    if refused:
        _failed(account, intent, method, refused)
    else:
        _charged(account, intent, method)


def _failed(account: Account, intent: Obj, method: Obj, code: str) -> Refused:
    refusal = decline(code, payment_method=dict(method))
    charge = account.add(
        "charge",
        "ch",
        **_of_charge(intent, method),
        status="failed",
        paid=False,
        failure_code=code_of(code),
        failure_message=refusal.message,
        balance_transaction=None,
    )
    intent |= {
        "status": "requires_payment_method",
        "last_payment_error": {**refusal.body["error"], "charge": charge["id"]},
        "latest_charge": charge["id"],
        "next_action": None,
    }
    account.tell("payment_intent.payment_failed", intent)
    refusal.more["payment_intent"] = dict(intent)
    return refusal


def _of_charge(intent: Obj, method: Obj) -> Obj:
    return {
        "amount": intent["amount"],
        "amount_refunded": 0,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "metadata": dict(intent["metadata"]),
        "refunded": False,
        "disputed": False,
    }


def _charged(account: Account, intent: Obj, method: Obj) -> None:
    charge = account.add(
        "charge", "ch", **_of_charge(intent, method), status="succeeded", paid=True
    )
    fee = intent["amount"] * FEE_PER_MILLE // 1000 + FEE_EACH
    entry = _entry(account, "charge", charge, intent["amount"], fee)
    charge["balance_transaction"] = entry["id"]
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    account.tell("charge.succeeded", charge)
    account.tell("payment_intent.succeeded", intent)


def _entry(account: Account, kind: str, about: Obj, amount: int, fee: int = 0) -> Obj:
    return account.add(
        "balance_transaction",
        "txn",
        type=kind,
        currency=about["currency"],
        amount=amount,
        fee=fee,
        net=amount - fee,
        source=about["id"],
        payout=None,
        status="available",
    )


def charge_of(account: Account, intent: Obj) -> Obj:
    """The charge that succeeded of an intent. Raises `Refused`."""
    if intent["status"] != "succeeded":
        raise Refused("This PaymentIntent does not have a successful charge to refund.")
    return account.get("charge", intent["latest_charge"])


def refund(account: Account, intent: Obj, amount: int | None, **more: Any) -> Obj:
    """Give money of a charge back. Raises `Refused` above what is left of it."""
    charge = charge_of(account, intent)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise Refused("Charge has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise Refused("Charge has been charged back.", code="charge_disputed")
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        message = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
        raise Refused(message, param="amount")
    status = card_of(account.numbers[charge["payment_method"]]).refunds
    entry = _entry(account, "refund", charge, -wanted)
    made = account.add(
        "refund",
        "re",
        amount=wanted,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=intent["id"],
        status="pending" if status == "pending" else "succeeded",
        balance_transaction=entry["id"],
        failure_reason=None,
        **more,
    )
    charge["amount_refunded"] += wanted
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.tell("refund.created", made)
    account.tell("charge.refunded", charge)
    if status == "failed":
        end_refund(account, made, "failed")
    return made


def end_refund(account: Account, made: Obj, status: str) -> None:
    """Say how a refund ended: "succeeded", or "failed", whose money is back on the balance."""
    if made["status"] == status or made["status"] == "failed":
        return
    made["status"] = status
    if status == "failed":
        made["failure_reason"] = "expired_or_canceled_card"
        charge = account.get("charge", made["charge"])
        charge["amount_refunded"] -= made["amount"]
        charge["refunded"] = False
        _entry(account, "refund_failure", charge, made["amount"])
        account.tell("refund.failed", made)
    account.tell("refund.updated", made)


def dispute(account: Account, intent: Obj, reason: str) -> Obj:
    """The holder's bank takes a charge back. Raises `Refused` where it has before."""
    charge = charge_of(account, intent)
    if charge["disputed"]:
        raise Refused("The charge is disputed already.")
    charge["disputed"] = True
    left = charge["amount"] - charge["amount_refunded"]
    made = account.add(
        "dispute",
        "dp",
        amount=left,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=intent["id"],
        reason=reason,
        status="needs_response",
        metadata={},
    )
    made["balance_transactions"] = [dict(_entry(account, "adjustment", made, -left, DISPUTE_FEE))]
    account.tell("charge.dispute.created", made)
    return made


def close_dispute(account: Account, made: Obj, status: str) -> None:
    """A dispute is over: "won", and the money comes back, or "lost". Raises `Refused`."""
    if made["status"] in {"won", "lost"}:
        raise Refused("The dispute is closed.")
    if status not in {"won", "lost"}:
        raise Refused("A dispute is won or lost.", param="status")
    made["status"] = status
    if status == "won":
        made["balance_transactions"].append(
            dict(_entry(account, "adjustment", made, made["amount"]))
        )
        account.tell("charge.dispute.funds_reinstated", made)
    account.tell("charge.dispute.closed", made)


def pay_out(account: Account) -> list[Obj]:
    """Pay what is on the balance to the account's bank, a payout a currency."""
    waiting: dict[str, list[Obj]] = {}
    for entry in account.all("balance_transaction"):
        if entry["payout"] is None:
            waiting.setdefault(entry["currency"], []).append(entry)
    made = []
    for currency, entries in waiting.items():
        amount = sum(entry["net"] for entry in entries)
        if amount <= 0:
            continue
        payout = account.add(
            "payout",
            "po",
            amount=amount,
            currency=currency,
            status="paid",
            arrival_date=account.clock(),
            automatic=True,
            metadata={},
        )
        for entry in entries:
            entry["payout"] = payout["id"]
        account.tell("payout.paid", payout)
        made.append(payout)
    return made
