"""The part of Stripe's API, below `/v1`, that is answered; all else is refused as unknown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

from litestar import Response, route
from litestar.params import FromPath

from portal.demo.card_gateway import checkout, money
from portal.demo.card_gateway.account import PAGE_DEFAULT, Account, Obj, fingerprint
from portal.demo.card_gateway.form import Fields, decode
from portal.demo.card_gateway.refusal import Refused, no_such
from portal.demo.card_gateway.state import AnyRequest, State, state_of

KEY_PREFIX: Final = "sk_test_"
KEY_MAX: Final = 255
_KINDS: Final = {
    "customers": "customer",
    "payment_methods": "payment_method",
    "payment_intents": "payment_intent",
    "setup_intents": "setup_intent",
    "checkout/sessions": "checkout.session",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "payouts": "payout",
    "balance_transactions": "balance_transaction",
    "events": "event",
    "webhook_endpoints": "webhook_endpoint",
}
_FILTERS: Final = ("customer", "payment_intent", "charge", "payout", "type", "source")
_ERROR: Final = "error"


@route("/v1/{path:path}", http_method=["GET", "POST", "DELETE"], status_code=200)
async def answer(request: AnyRequest, path: FromPath[str]) -> Response[Obj]:
    """Any operation: who asks, whether it was asked before, and what comes of it."""
    state = state_of(request)
    try:
        account = state.account(_key_of(request.headers.get("authorization", "")))
        text = (await request.body()).decode("utf-8", "strict")
        method = request.method
        if method != "POST":
            return Response(
                _done(state, account, method, path, request.scope["query_string"].decode())
            )
        return _posted(state, account, request, path, text)
    except UnicodeDecodeError as error:
        return _refusal(Refused(str(error)))
    except Refused as refused:
        return _refusal(refused)


def _posted(
    state: State, account: Account, request: AnyRequest, path: str, text: str
) -> Response[Obj]:
    """A POST: the same key again is the same answer, a decline too."""
    key, asked = request.headers.get("idempotency-key", ""), fingerprint("POST", path, text)
    if len(key) > KEY_MAX:
        raise Refused("An idempotency key has at most 255 characters.", kind="idempotency_error")
    kept = account.replayed(key, asked) if key else None
    if kept is not None:
        return Response(kept.body, status_code=kept.status, headers={"idempotent-replayed": "true"})
    status = 200
    try:
        body = _done(state, account, "POST", path, text)
    except Refused as refused:
        # What was refused before anything began is not kept: the same key may ask again.
        if not key or refused.kind != "card_error":
            raise
        status, body = refused.status, refused.body
    if key:
        account.keep(key, asked, status, body)
    state.changed()
    return Response(body, status_code=status)


def _refusal(refused: Refused) -> Response[Obj]:
    return Response(refused.body, status_code=refused.status)


def _key_of(header: str) -> str:
    """The secret key of a request. Raises `Refused` (401)."""
    scheme, _, value = header.partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    if not key.startswith(KEY_PREFIX) or not 16 <= len(key) <= KEY_MAX:
        raise Refused("Invalid API Key provided.", status=401, code="api_key_invalid")
    return key


def _done(state: State, account: Account, method: str, path: str, text: str) -> Obj:
    fields = Fields(decode(text))
    collection, name, verb = _split(path.strip("/"))
    kind = _KINDS.get(collection)
    if kind is None:
        message = f"Unrecognized request URL ({method}: /v1{path[:80]})."
        raise Refused(message, status=404)
    if collection == "customers" and verb == "payment_methods":
        found = _list(account, "payment_method", fields, {"customer": name})
    elif method == "GET":
        found = _list(account, kind, fields, {}) if not name else dict(account.get(kind, name))
    elif method == "DELETE":
        found = {"id": account.objects.pop(account.get(kind, name)["id"])["id"], "deleted": True}
        state.changed()
    else:
        found = _VERBS.get((collection, bool(name), verb), _unknown)(state, account, fields, name)
        fields.end()
    return _expanded(account, state, found, fields.inner("expand"))


def _split(path: str) -> tuple[str, str, str]:
    """The collection, the id and the verb that a path names: "" where there is none."""
    for collection in _KINDS:
        if path == collection or path.startswith(f"{collection}/"):
            rest = path[len(collection) :].strip("/").split("/")
            if len(rest) <= 2:
                return collection, rest[0], rest[1] if len(rest) == 2 else ""
    return "", "", ""


def _list(account: Account, kind: str, fields: Fields, where: Obj) -> Obj:
    asked: Obj = {name: fields.text(name) for name in _FILTERS if name in fields.fields}
    limit = fields.whole("limit", PAGE_DEFAULT)
    after = fields.text("starting_after")
    rows, more = account.page(kind, {**asked, **where}, limit or PAGE_DEFAULT, after)
    return {"object": "list", "data": [dict(row) for row in rows], "has_more": more, "url": "/v1"}


def _expanded(account: Account, state: State, found: Obj, expand: Obj) -> Obj:
    """An answer with what is asked to be in it instead of its id, and whole addresses."""
    answer = dict(found)
    action = answer.get("next_action")
    if action:
        inner = action["redirect_to_url"]
        shown = {**inner, "url": state.bank_url + inner["url"]}
        answer["next_action"] = {**action, "redirect_to_url": shown}
    for path in expand.values():
        first, _, rest = str(path).partition(".")
        if first == "data":
            answer["data"] = [_expanded(account, state, one, {"0": rest}) for one in answer["data"]]
        elif isinstance(answer.get(first), str) and answer[first] in account.objects:
            inside = {"0": rest} if rest else {}
            answer[first] = _expanded(account, state, account.objects[answer[first]], inside)
    return answer


def _unknown(_state: State, _account: Account, _fields: Fields, name: str) -> Obj:
    raise no_such("operation", name)


def _make_customer(_state: State, account: Account, fields: Fields, _name: str) -> Obj:
    return account.add(
        "customer",
        "cus",
        name=fields.text("name"),
        email=fields.text("email"),
        metadata=fields.metadata(),
    )


def _detach(_state: State, account: Account, _fields: Fields, name: str) -> Obj:
    method = account.get("payment_method", name)
    if method["customer"] is None:
        raise Refused("The payment method is not attached to a customer.")
    method["customer"] = None
    account.tell("payment_method.detached", method)
    return dict(method)


def _make_intent(_state: State, account: Account, fields: Fields, _name: str) -> Obj:
    customer = account.get("customer", fields.needed("customer"))
    method = account.get("payment_method", fields.needed("payment_method"))
    amount = fields.whole("amount")
    if not amount:
        raise Refused("Invalid positive integer", param="amount")
    if method["customer"] != customer["id"]:
        raise Refused("The payment method is not attached to the customer.", param="payment_method")
    off_session, url = fields.flag("off_session"), fields.text("return_url")
    wants, currency = fields.flag("confirm"), fields.needed("currency").lower()
    metadata, description = fields.metadata(), fields.text("description")
    fields.inner("payment_method_types")
    fields.inner("automatic_payment_methods")
    fields.end()
    intent = account.add(
        "payment_intent",
        "pi",
        amount=amount,
        amount_received=0,
        currency=currency,
        customer=customer["id"],
        payment_method=method["id"],
        status="requires_confirmation",
        metadata=metadata,
        description=description,
        latest_charge=None,
        last_payment_error=None,
        next_action=None,
        canceled_at=None,
    )
    account.tell("payment_intent.created", intent)
    if wants:
        money.confirm(account, intent, off_session=off_session, return_url=url)
    return dict(intent)


def _cancel_intent(_state: State, account: Account, _fields: Fields, name: str) -> Obj:
    intent = account.get("payment_intent", name)
    if intent["status"] in {"succeeded", "canceled"}:
        message = f"You cannot cancel this PaymentIntent: it has a status of {intent['status']}."
        raise Refused(message, code="payment_intent_unexpected_state", payment_intent=dict(intent))
    intent |= {"status": "canceled", "canceled_at": account.clock(), "next_action": None}
    account.tell("payment_intent.canceled", intent)
    return dict(intent)


def _make_refund(_state: State, account: Account, fields: Fields, _name: str) -> Obj:
    intent = account.get("payment_intent", fields.needed("payment_intent"))
    amount, metadata = fields.whole("amount"), fields.metadata()
    reason = fields.text("reason") or None
    fields.end()
    return dict(money.refund(account, intent, amount, metadata=metadata, reason=reason))


def _make_endpoint(state: State, account: Account, fields: Fields, _name: str) -> Obj:
    return dict(state.listen(account, fields.needed("url"), fields.inner("enabled_events")))


_Verb = Callable[[State, Account, Fields, str], Obj]
_VERBS: Final[dict[tuple[str, bool, str], _Verb]] = {
    ("customers", False, ""): _make_customer,
    ("checkout/sessions", False, ""): checkout.make,
    ("payment_methods", True, "detach"): _detach,
    ("payment_intents", False, ""): _make_intent,
    ("payment_intents", True, "cancel"): _cancel_intent,
    ("refunds", False, ""): _make_refund,
    ("webhook_endpoints", False, ""): _make_endpoint,
}
"""What a POST does, by its collection, whether it names an object, and its verb."""

HANDLERS: Final[tuple[Any, ...]] = (answer,)
