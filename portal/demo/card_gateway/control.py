"""The control routes, `/_sim`: time, faults, how events go, disputes, refunds and payouts."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath

from portal.demo.card_gateway import money
from portal.demo.card_gateway.account import Account, Obj
from portal.demo.card_gateway.delivery import Habits
from portal.demo.card_gateway.refusal import Refused
from portal.demo.card_gateway.state import AnyRequest, state_of
from portal.demo.simulator.faults import Fault


async def _body(request: AnyRequest) -> Obj:
    try:
        found = msgspec.json.decode(await request.body() or b"{}")
    except msgspec.DecodeError as error:
        raise Refused("the body is not JSON") from error
    if not isinstance(found, dict):
        raise Refused("the body is not an object")
    return found


def _whose(request: AnyRequest, name: str) -> tuple[Account, Obj]:
    account = state_of(request).of_session(name)
    if account is None:
        raise Refused("there is no such object", status=404)
    return account, account.objects[name]


@post("/clock", status_code=200)
async def move_clock(request: AnyRequest) -> Obj:
    """`{"advance_seconds": n}`, forwards only."""
    state, body = state_of(request), await _body(request)
    seconds = body.get("advance_seconds", 0)
    if not isinstance(seconds, int) or not 0 <= seconds <= 10**9:
        raise Refused("advance_seconds is a whole number, 0 or more")
    state.clock.ahead += seconds
    return {"now": state.clock()}


@post("/fault", status_code=200)
async def arm(request: AnyRequest) -> Obj:
    """A fault, as at the simulated Watcher; `truncate_body` "connection" drops an answer."""
    try:
        fault = msgspec.json.decode(await request.body(), type=Fault)
    except msgspec.DecodeError as error:
        raise Refused(str(error)) from error
    state_of(request).faults.arm(fault)
    return {"armed": len(state_of(request).faults.armed)}


@delete("/fault", status_code=200)
async def disarm(request: AnyRequest) -> Obj:
    """Everything goes well again."""
    state_of(request).faults.clear()
    return {"armed": 0}


@post("/events", status_code=200)
async def habits(request: AnyRequest) -> Obj:
    """How events go: `lose`, `times`, `hold`, `reverse`; what was held goes with `hold` false."""
    state = state_of(request)
    try:
        wanted = msgspec.convert(await _body(request), Habits)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from error
    for name in Habits.__struct_fields__:
        setattr(state.habits, name, getattr(wanted, name))
    state.changed()
    return {"unsent": sum(len(one.unsent) for one in state.accounts.values())}


@post("/events/{name:str}/send", status_code=200)
async def send_again(request: AnyRequest, name: FromPath[str]) -> Obj:
    """Send an event once more."""
    account, event = _whose(request, name)
    account.unsent.append(event["id"])
    state_of(request).changed()
    return {"id": name}


@post("/methods/{name:str}", status_code=200)
async def refuse(request: AnyRequest, name: FromPath[str]) -> Obj:
    """`{"refuses": decline code}`: from now on a saved card is declined so; "" takes it again."""
    _, method = _whose(request, name)
    method["refuses"] = str((await _body(request)).get("refuses", ""))
    state_of(request).changed()
    return {"id": name, "refuses": method["refuses"]}


@post("/intents/{name:str}/dispute", status_code=200)
async def dispute(request: AnyRequest, name: FromPath[str]) -> Obj:
    """The holder's bank takes the money of an intent back: `{"reason": …}`."""
    account, intent = _whose(request, name)
    reason = str((await _body(request)).get("reason", "fraudulent"))
    made = money.dispute(account, intent, reason)
    state_of(request).changed()
    return dict(made)


@post("/disputes/{name:str}/close", status_code=200)
async def close(request: AnyRequest, name: FromPath[str]) -> Obj:
    """`{"status": "won" | "lost"}`."""
    account, made = _whose(request, name)
    money.close_dispute(account, made, str((await _body(request)).get("status", "")))
    state_of(request).changed()
    return dict(made)


@post("/refunds/{name:str}/end", status_code=200)
async def end_refund(request: AnyRequest, name: FromPath[str]) -> Obj:
    """`{"status": "succeeded" | "failed"}`."""
    account, made = _whose(request, name)
    money.end_refund(account, made, str((await _body(request)).get("status", "succeeded")))
    state_of(request).changed()
    return dict(made)


@post("/payouts", status_code=200)
async def pay_out(request: AnyRequest) -> Obj:
    """Pay out what is on every balance."""
    state = state_of(request)
    made = [one for account in state.accounts.values() for one in money.pay_out(account)]
    state.changed()
    return {"payouts": made}


@get("/truth")
async def truth(request: AnyRequest) -> Obj:
    """What really happened: all charges, refunds, disputes and payouts of all accounts."""
    kinds = ("payment_intent", "charge", "refund", "dispute", "payout", "payment_method")
    accounts = state_of(request).accounts.values()
    return {kind: [one for account in accounts for one in account.all(kind)] for kind in kinds}


def refused(_request: AnyRequest, error: Exception) -> Response[Any]:
    """A refusal of whatever was asked, as Stripe words it."""
    assert isinstance(error, Refused), "the only kind that comes here"
    return Response(error.body, status_code=error.status)


router: Final = Router(
    "/_sim",
    route_handlers=[
        move_clock,
        arm,
        disarm,
        habits,
        send_again,
        refuse,
        dispute,
        close,
        end_refund,
        pay_out,
        truth,
    ],
)
