"""Addresses, queries and headers that nobody means: no page and no answer of the API breaks at them.

Of many odd values each address gets some, in turn, so that all are tried somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Final

from litestar.routes import HTTPRoute

from portal.access import SYSTEM, Actor
from portal.accounts.actions import api_keys
from portal.kit.forms.form import members
from portal.routes import interface_of
from portal.routes.api import OPERATIONS
from tests.cast import ADA, NORA, REX, SUE
from tests.routes.conftest import Site

PEOPLE: Final = (ADA, NORA, SUE, REX)
EXAMPLES: Final = {
    "cloud": "north", "month": "2026-10", "period": "2026-10", "camera": "gate", "code": "home-7",
    "external_id": "gate", "referral": "rex", "deed": "deactivate", "file_path": "app.css",
}  # fmt: skip
WORDS: Final = (
    *("q", "cloud", "state", "sort", "page", "id", "month", "kind", "who", "action", "object"),
    *("from", "to", "before", "service", "subscriber", "next"),
)
"""What the pages ask of an address."""
VALUES: Final = (
    *("x" * 3000, "%00", "-1", "1" + "0" * 30, "9223372036854775808", "9" * 3000, "%F0%9F%98%80"),
    *("%ED%A0%80", "%ff", "%D9%A1", "%C2%B2", "1_0", "%201", "1.5", "1e400", "NaN", "%5B%5D", "--"),
    *("2026-13", "0000-00", "9999-12", "0001-01", "10000-01", "0001-01-01", "9999-12-31", "%27%3B"),
    *("%2F", "..", "%0A", "W10", "WyJcdTAwMDAiXQ", "Ilx1ZDgwMCI", "LTE", "a&WORD=b", "a&WORD[]=c"),
)
PARTS: Final = (
    *("0", "-1", "1" + "0" * 30, "9" * 5000, "9223372036854775808", "%00", "a%00b", "%2F", "%ff"),
    *("%ED%A0%80", "%F0%9F%98%80", "%2e%2e", "x" * 3000, "%D9%A1", "%C2%B2", "2026-13", "9999-12"),
    *("10000-01", "0001-01", "%25", "%", "%0A", "1%3F", "1_0", "+1"),
)
BYTES: Final = "\xff\xfe"
HEADERS: Final = {
    "accept": ("", BYTES, "a/b;q=x", "text/html;q=" + "9" * 40, "," * 500, "image/png;q=-1"),
    "accept-language": ("", BYTES, "xx;q=z", "*;q=1e999", "de-" + "x" * 2000),
    "authorization": ("", "Bearer", f"Bearer {BYTES}", "Basic !!!", "Bearer clk_%00", "x" * 9000),
    "content-length": ("x", "-1", "9" * 30),
    "content-type": ("", BYTES, ";=", "multipart/form-data"),
    "cookie": (
        *("=", ";;", f"__Host-session={BYTES}", "__Host-session=%00", "__Host-session=%ED%A0%80"),
        *(
            f"__Host-csrf={BYTES}; theme=%00",
            "__Host-device=%00",
            "a=b;" * 1000,
            '__Host-csrf="\\4',
        ),
    ),
    "host": ("", BYTES, "a:b", "[", "portal.test:99999999", "portal.test:0", "x@portal.test"),
    "hx-current-url": (BYTES, "http://[", "http://x:99999999/", "%"),
    "hx-request": ("true", BYTES),
    "hx-boosted": ("true", BYTES),
    "idempotency-key": ("", BYTES, "x" * 5000),
    "if-modified-since": ("x", BYTES, "Thu, 99 Foo 99999 99:99:99 GMT"),
    "if-none-match": ("*", BYTES, "W/", '"' * 999),
    "if-range": ("x", BYTES),
    "origin": ("http://[", BYTES),
    "range": ("bytes=0-", "bytes=-1", f"bytes={'9' * 40}-", "bytes=5-1", BYTES, "bytes=0-0," * 300),
    "triggering-event": ("{", "[" * 500),
    "user-agent": ("", BYTES, "Edg/" * 1000),
    "x-forwarded-for": ("", BYTES, "%", "::::", "1.1.1.1," * 500),
    "x-forwarded-host": ("evil.test", BYTES),
    "x-forwarded-proto": ("", BYTES, "gopher"),
}


def filled(path: str, odd: str = "", at: str = "") -> str:
    """An address with something in each place, and something odd at one of them."""

    def place(found: re.Match[str]) -> str:
        return odd if found[1] == at else EXAMPLES.get(found[1], "1")

    return re.sub(r"\{(\w+)(?::\w+)?\}", place, path)


def gets(app: object) -> Iterator[str]:
    """The paths that GET works at."""
    for route in app.routes:  # type: ignore[attr-defined]
        if isinstance(route, HTTPRoute) and "GET" in route.methods:
            yield route.path


def odd_addresses(path: str, words: tuple[str, ...], turn: Iterator[int]) -> Iterator[str]:
    """Some of what may stand in each place of a path, and behind it."""
    for at in re.findall(r"\{(\w+)", path):
        yield filled(path, PARTS[next(turn) % len(PARTS)], at)
    for word in words:
        value = VALUES[next(turn) % len(VALUES)]
        yield f"{filled(path)}?{word}={value.replace('WORD', word)}"
    value = VALUES[next(turn) % len(VALUES)][:400]
    yield f"{filled(path)}?" + "&".join(f"{word}={value}" for word in words)


def owner_of(path: str) -> Actor:
    return next((one for one in PEOPLE if path.startswith(interface_of(one.role).prefix)), NORA)


async def test_no_page_breaks_at_an_odd_address(site: Site) -> None:
    visitors = {who: await site.as_(who) for who in PEOPLE}
    turn = iter(cycle(range(len(PARTS) * len(VALUES))))
    for path in gets(site.app):
        visitor = visitors[owner_of(path)]
        for address in odd_addresses(path, WORDS[next(turn) % 16 :: 16], turn):
            answer = await visitor.client.get(address)
            assert answer.status_code < 500, (address[:300], answer.text[-600:])


async def test_no_answer_of_the_api_breaks_at_an_odd_address(site: Site) -> None:
    async with site.database.as_worker():
        key = await api_keys.create(SYSTEM, name="ada@platform.test", role="administrator")
    visitor = await site.visitor()
    turn = iter(cycle(range(len(PARTS) * len(VALUES))))
    for operation in OPERATIONS:
        if operation.method != "GET":
            continue
        asked = operation.query or operation.form
        words = tuple(member.name for member in members(asked)) if asked else ()
        path = f"/api/v1{operation.path}"
        for address in odd_addresses(path, (*words, "limit", "cursor"), turn):
            answer = await visitor.client.get(address, headers={"authorization": f"Bearer {key}"})
            assert answer.status_code < 500, (address[:300], answer.text)


async def test_nothing_breaks_at_an_odd_header(site: Site) -> None:
    ada, turn = await site.as_(ADA), 0
    paths = (
        "/system",
        "/account",
        "/static/app.css",
        "/admin/",
        "/healthz",
        "/api/v1/meters",
        "/x",
    )
    for name, values in HEADERS.items():
        for value in values:
            for path in (paths[turn % len(paths)], paths[(turn + 3) % len(paths)]):
                raw = [(name.encode(), value.encode("latin-1"))]
                answer = await ada.client.get(path, headers=raw)
                assert answer.status_code < 500, (path, name, value[:60], answer.text[-600:])
            turn += 1
