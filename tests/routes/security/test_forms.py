"""Every form of every portal is sent what no form is: it is refused with a page, and nothing is done.

The forms are those that the application has; one that is added tomorrow is tried as well.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator, Mapping
from itertools import cycle, islice
from typing import Final

import httpx
from litestar.routes import HTTPRoute

from portal.access import Actor
from portal.routes import INTERFACES
from portal.routes.middleware.sent import FIELDS_MAX, FORM_BYTES
from portal.routes.shared.bank.files import BODY_MAX
from tests.cast import ADA, NORA, REX, SUE
from tests.routes.conftest import Site, Visitor

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data; boundary=x"
FILE: Final = (
    b'--x\r\nContent-Disposition: form-data; name="email"; filename="a.txt"\r\n'
    b"Content-Type: text/plain; charset=utf-16\r\n\r\n\xff\xfe\r\n--x--\r\n"
)
PEOPLE: Final[Mapping[str, Actor]] = {
    "system": ADA, "cloud": NORA, "my": SUE, "referral": REX
}  # fmt: skip
EXAMPLES: Final = {
    "cloud": "north", "connection_id": "1", "connection": "1", "number": "1", "user": "1",
    "deed": "deactivate", "key": "1", "month": "2026-10", "session": "1", "token": "x" * 43,
}  # fmt: skip
TOO_LONG: Final = b"email=" + b"a" * FORM_BYTES
TAKE_FILES: Final = (
    *("/settings/look", "/subscribers/import", "/usage", "/payments/bank", "/invoices/outage"),
)
# Each with the type it is said to be, and with the status it gets. What the code of a form could
# decide for itself, each is sent; of what is refused before it, each is sent some, in turn.
OF_FORMS: Final = (
    (TOO_LONG, FORM, 413),
    (FILE, MULTIPART, 415),
    (b'{"email":"a"}', "application/json", 415),
)
BODIES: Final = (
    (b"email=a%ED%A0%80", FORM, 400),
    (b"email=%ff\xff", FORM, 400),
    (b"%C0%AEemail=a", FORM, 400),
    (b"email=a&email=b", FORM, 422),
    (b"email=a&" * (FORM_BYTES // 8), FORM, 413),
    (b"&" * FIELDS_MAX, FORM, 413),
    ("email=a".encode("utf-16"), f"{FORM}; charset=utf-16", 415),
    (b"email=a", f'{FORM}; charset="no-such"', 415),
    (FILE[:40], MULTIPART, 415),
    (FILE, "multipart/form-data", 415),
    (b"email=a", "text/plain", 415),
    (b"email=a", "", 415),
    (b"email=a", "\xff;;=\x80", 415),
)  # fmt: skip
A_FORM: Final = 3
COMPRESSED: Final = tuple(
    (
        gzip.compress(b"email=a"),
        [("content-type", FORM), *(("content-encoding", one) for one in said)],
    )
    for said in (["gzip"], ["br"], ["identity", "gzip"], ["deflate, gzip"])
)


def forms_of(site: Site) -> dict[str, int]:
    """The addresses of all forms, with something in each place, and how long each may be."""
    found = {
        re.sub(r"\{(\w+):\w+\}", lambda place: EXAMPLES.get(place[1], "1"), route.path): (
            handler.request_max_body_size
            if isinstance(handler.request_max_body_size, int)
            else FORM_BYTES
        )
        for route in site.app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "POST" in handler.http_methods
    }
    assert len(found) > 30
    return found


def portal_of(path: str) -> str | None:
    """Whose form it is; None: everybody's."""
    return next((one.key for one in INTERFACES if path.startswith(f"{one.prefix}/")), None)


async def everything(site: Site) -> dict[str, object]:
    """A sum over the rows of each table."""
    names = await site.rows("select tablename from pg_tables where schemaname = 'public'")
    counted = [
        f"select '{name}' as name, count(*), sum(hashtext(t::text)) from \"{name}\" t"
        for (name,) in names
    ]
    return {
        name: (count, total) for name, count, total in await site.rows(" union all ".join(counted))
    }


async def send(
    visitor: Visitor, path: str, body: bytes, headers: list[tuple[str, str]]
) -> httpx.Response:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers if value]
    raw.append((b"X-CSRFToken", visitor.token.encode()))
    return await visitor.client.post(path, content=body, headers=raw)


async def test_what_no_form_sends_is_refused_by_every_form(site: Site) -> None:
    visitors = {portal: await site.as_(who) for portal, who in PEOPLE.items()}
    outsider = await site.visitor()
    await outsider.get("/login")
    before = await everything(site)
    turn, packed = cycle(BODIES), cycle(COMPRESSED)
    for path, longest in forms_of(site).items():
        assert longest <= BODY_MAX, path
        portal = portal_of(path)
        senders = cycle([visitors[portal]] if portal else [*visitors.values(), outsider])
        for body, kind, status in (*OF_FORMS, *islice(turn, A_FORM)):
            if path.endswith(TAKE_FILES) and kind.startswith("multipart"):
                continue  # what such a form sends
            sent = b"email=" + b"a" * longest if body == TOO_LONG else body
            answer = await send(next(senders), path, sent, [("content-type", kind)])
            assert answer.status_code == status, (path, body[:40], kind, answer.text[:300])
            assert "<main" in answer.text, (path, body[:40], kind)
        body, headers = next(packed)
        answer = await send(next(senders), path, body, headers)
        assert answer.status_code == 415, (path, headers)
    assert await everything(site) == before


async def test_htmx_is_told_in_a_message(site: Site) -> None:
    nora = await site.as_(NORA)
    headers = [("content-type", FORM), ("hx-request", "true")]
    answer = await send(nora, "/cloud/people/new", b"name=a&name=b", headers)
    assert answer.status_code == 422
    assert "was sent more than once" in answer.headers["hx-trigger"]


async def test_a_body_is_read_no_further_than_a_form_is_long(site: Site) -> None:
    """Its length is not believed: what comes is counted."""
    nora = await site.as_(NORA)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1024
            yield b"a" * 1024

    answer = await nora.client.post(
        "/cloud/people/new",
        content=endless(),
        headers={"content-type": FORM, "X-CSRFToken": nora.token},
    )
    assert answer.status_code == 413
    assert read <= FORM_BYTES + 1024
