"""Checkout in set-up mode, and the bank that asks its card's holder: pages that a person sees."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from portal.demo.card_gateway import money
from portal.demo.card_gateway.account import Account, Obj
from portal.demo.card_gateway.cards import card_of, digits_of
from portal.demo.card_gateway.form import Fields, decode
from portal.demo.card_gateway.pages import ask_page, card_page, closed_page
from portal.demo.card_gateway.refusal import Refused
from portal.demo.card_gateway.state import AnyRequest, State, state_of

SESSION_SECONDS: Final = 24 * 3600
SESSION_SECONDS_MIN: Final = 30 * 60
YEARS_MAX: Final = 50


def make(state: State, account: Account, fields: Fields, _name: str) -> Obj:
    """A session in which somebody types a card, for one customer."""
    if fields.needed("mode") != "setup":
        raise Refused("The stand-in knows the mode setup alone.", param="mode")
    customer = account.get("customer", fields.needed("customer"))
    now = account.clock()
    expires = fields.whole("expires_at", now + SESSION_SECONDS) or now
    if not now + SESSION_SECONDS_MIN - 60 <= expires <= now + SESSION_SECONDS + 60:
        raise Refused("expires_at is 30 minutes to 24 hours from now.", param="expires_at")
    success, cancel = fields.needed("success_url"), fields.text("cancel_url")
    currency, metadata = fields.text("currency"), fields.metadata()
    fields.inner("payment_method_types")
    inner = fields.inner("setup_intent_data").get("metadata") or {}
    fields.text("locale")
    fields.end()
    intent = account.add(
        "setup_intent",
        "seti",
        customer=customer["id"],
        status="requires_payment_method",
        payment_method=None,
        usage="off_session",
        metadata=dict(inner),
        last_setup_error=None,
    )
    made = account.add(
        "checkout.session",
        "cs_test",
        mode="setup",
        customer=customer["id"],
        currency=currency,
        setup_intent=intent["id"],
        success_url=success,
        cancel_url=cancel,
        expires_at=expires,
        status="open",
        payment_status="no_payment_required",
        metadata=metadata,
    )
    made["url"] = f"{state.url}/pay/{made['id']}"
    return dict(made)


def _open(state: State, name: str) -> tuple[Account, Obj] | None:
    """A session that is open, and whose it is."""
    account = state.of_session(name)
    session = None if account is None else account.objects[name]
    if account is None or session is None or session["object"] != "checkout.session":
        return None
    if session["status"] == "open" and session["expires_at"] <= account.clock():
        session |= {"status": "expired", "url": None}
        account.tell("checkout.session.expired", session)
        state.changed()
    return (account, session) if session["status"] == "open" else None


@get("/pay/{name:str}")
async def show(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The page where a card is typed."""
    found = _open(state_of(request), name)
    return closed_page() if found is None else card_page(found[1], "")


@post("/pay/{name:str}", status_code=200)
async def save(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """A card was typed: it is saved, refused, or its bank asks first."""
    state = state_of(request)
    found = _open(state, name)
    if found is None:
        return closed_page()
    account, session = found
    typed = Fields(decode((await request.body()).decode("utf-8", "replace")))
    digits = digits_of(typed.text("number"))
    expires = _expiry(typed.text("expires"), account)
    if digits is None or expires is None or not typed.text("cvc").strip().isdigit():
        return card_page(session, "Your card's number, expiry date or security code is invalid.")
    card = card_of(digits)
    if card.at_setup:
        refusal = money.decline(card.at_setup)
        intent = account.get("setup_intent", session["setup_intent"])
        intent["last_setup_error"] = refusal.body["error"]
        account.tell("setup_intent.setup_failed", intent)
        state.changed()
        return card_page(session, refusal.message)
    method = account.add(
        "payment_method",
        "pm",
        type="card",
        customer=None,
        metadata={},
        card={
            "brand": card.brand,
            "last4": digits[-4:],
            "exp_month": expires[0],
            "exp_year": expires[1],
        },
    )
    account.numbers[method["id"]] = digits
    session["typed"] = method["id"]
    if card.asks != "never":
        state.changed()
        return Redirect(f"{state.bank_url}/bank/{session['id']}", status_code=303)
    return _complete(state, account, session)


def _expiry(text: str, account: Account) -> tuple[int, int] | None:
    """Month and year of "12/34"; None where that is no month to come."""
    month, _, year = text.replace(" ", "").partition("/")
    if not (month.isdigit() and year.isdigit() and len(year) in {2, 4} and 1 <= int(month) <= 12):
        return None
    whole = int(year) + (2000 if len(year) == 2 else 0)
    this = 1970 + account.clock() // 31_556_952
    return (int(month), whole) if this <= whole <= this + YEARS_MAX else None


def _complete(state: State, account: Account, session: Obj) -> Response[Any]:
    method = account.get("payment_method", session.pop("typed"))
    method["customer"] = session["customer"]
    intent = account.get("setup_intent", session["setup_intent"])
    intent |= {"status": "succeeded", "payment_method": method["id"], "last_setup_error": None}
    session |= {"status": "complete", "url": None}
    account.tell("payment_method.attached", method)
    account.tell("setup_intent.succeeded", intent)
    account.tell("checkout.session.completed", session)
    state.changed()
    url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    return Redirect(url, status_code=303)


@get("/bank/{name:str}")
async def ask(request: AnyRequest, name: FromPath[str]) -> Response[str]:
    """The page where a bank asks the holder of a card."""
    return closed_page() if _asked(state_of(request), name) is None else ask_page(name)


@post("/bank/{name:str}", status_code=200)
async def asked(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The holder has said yes or no."""
    state = state_of(request)
    found = _asked(state, name)
    if found is None:
        return closed_page()
    account, about = found
    typed = Fields(decode((await request.body()).decode("utf-8", "replace")))
    says_yes = typed.text("says") == "yes"
    if about["object"] == "checkout.session":
        if says_yes:
            return _complete(state, account, about)
        about.pop("typed")
        state.changed()
        return Redirect(f"{state.url}/pay/{name}", status_code=303)
    money.answered(account, about, says_yes=says_yes)
    state.changed()
    return Redirect(about["return_url"], status_code=303)


def _asked(state: State, name: str) -> tuple[Account, Obj] | None:
    """What a bank has to ask about: a card that is saved, or an intent."""
    account = state.of_session(name)
    if account is None:
        return None
    about = account.objects[name]
    waits = "typed" in about or about.get("status") == "requires_action"
    return (account, about) if waits else None


HANDLERS: Final[tuple[Any, ...]] = (show, save, ask, asked)
