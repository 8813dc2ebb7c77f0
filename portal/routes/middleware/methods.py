"""HEAD wherever GET works, OPTIONS for every address, and an honest Allow with each 405.

One rule for portals, API, files and the table browser. It stands before routing: HEAD runs GET,
with its guards, and keeps the body back; OPTIONS asks the router with a method that nobody takes,
and tells what the router says that it would have taken.
"""

from typing import Any, Final

from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

IS_HEAD: Final = "camledger_is_head"
"""Under this a GET that came as HEAD says so: a message that waits for a page goes on waiting."""
_NOBODYS: Final = "ASKED"
_ORDER: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


async def answer_method(app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
    """Let `app` answer a request of any method."""
    asked: dict[str, Any] = {**scope}
    if scope["method"] == "HEAD":
        asked |= {"method": "GET", IS_HEAD: True}
        await app(asked, receive, _without_body(_with_allow(send)))  # type: ignore[arg-type]
    elif scope["method"] == "OPTIONS":
        asked["method"] = _NOBODYS
        await app(asked, receive, _telling_methods(send))  # type: ignore[arg-type]
    else:
        await app(scope, receive, _with_allow(send))


def all_methods(allow: str) -> str:
    """The Allow header in full: "POST, GET" is "GET, HEAD, POST, OPTIONS"."""
    methods = {one.strip() for one in allow.split(",")} | {"OPTIONS"}
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(method for method in _ORDER if method in methods)


def _with_allow(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 405:
            headers = MutableScopeHeaders.from_message(message)
            headers["allow"] = all_methods(headers.get("allow", ""))
        await send(message)

    return answer


def _without_body(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return answer


def _telling_methods(send: Send) -> Send:
    """Make 204 with Allow of a 405. What is not there, or not this visitor's, says so."""
    told = False

    async def answer(message: Message) -> None:
        nonlocal told
        if message["type"] == "http.response.start" and message["status"] == 405:
            told = True
            allow = all_methods(MutableScopeHeaders.from_message(message).get("allow", ""))
            headers = [(b"allow", allow.encode())]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
        elif not told:
            await send(message)
        elif not message.get("more_body", False):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return answer
