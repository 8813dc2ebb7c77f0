"""Every form of the portals, posted with what nobody means in each of its fields.

No field is a fault; what was typed is kept, and what is wrong is said at a field. Of many odd values
each field gets one, in turn, so that all are tried in many places.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import cycle
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from tests.cast import ADA, NORA
from tests.routes.conftest import ORIGIN, Site, Visitor
from tests.routes.security.test_odd_requests import filled, gets, owner_of

VALUES: Final = (
    *("", " ", "x" * 3000, "\0", "\u202eevil", "<b>'\"&amp;", "\U0001f3a5", "a\r\nb", "\ufeff"),
    *("-1", "0", "1e400", "NaN", "Infinity", "9" * 400, "1_0", "\u0661", "1.123456789", "9" * 19),
    *("2026-02-30", "9999-12-31", "0001-01-01", "0000-00", "10000-01-01", "9999-12", "2026-13"),
    *("..", "%00", "null", "'; drop table cloud; --", "a@b", "Mars/Base", "http://[", "[]"),
)
PAGES: Final = 40
WATCHER: Final = {
    "api": "v2",
    "url": "https://watcher.example.com",
    "api_key": "k",
    "read_every_minutes": "60",
}
TYPED: Final = {"text", "search", "number", "date", "month", "email", "url", "tel", "textarea"}
CHOSEN: Final = {"radio", "hidden", "select", "file"}
"""What no person types: refused without a place beside it."""
UNKEPT: Final = {"one-time-code", "username"}
"""A code that is used once is a secret, and whose password it is stands there for its manager."""
LEFT_OUT: Final = ("/logout", "/login", "/static/")


@dataclass
class Form:
    action: str
    kinds: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)


class Forms(HTMLParser):
    """What a page's forms would send, and which fields they say are wrong."""

    def __init__(self, page: str, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._page, self._name = page, ""
        self._form: Form | None = None
        # Read are forms alone: a page is long, and this reader is slow.
        self.feed("".join(re.findall(r"<form\b.*?</form>", html, re.DOTALL)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form" and of.get("method", "get").lower() == "post":
            action = urljoin(f"{ORIGIN}{self._page}", of.get("action", ""))
            self._form = Form(action.removeprefix(ORIGIN))
            self.found.append(self._form)
        if self._form is None:
            return
        name, kind = of.get("name", ""), of.get("type", "text")
        if tag in {"input", "select", "textarea"} and name and kind not in {"submit", "button"}:
            self._name = name
            is_off = kind in {"checkbox", "radio"} and "checked" not in of
            is_own = of.get("autocomplete") in UNKEPT
            self._form.kinds[name] = "unkept" if is_own else kind if tag == "input" else tag
            if not is_off:
                self._form.values[name] = of.get("value", "") if tag == "input" else ""
            if of.get("aria-invalid") == "true":
                self._form.wrong.add(name)
        if tag == "option" and ("selected" in of or not self._form.values.get(self._name)):
            self._form.values[self._name] = of.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._form.kinds.get(self._name) == "textarea":
            self._form.values[self._name] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"textarea", "select"}:
            self._name = ""
        if tag == "form":
            self._form = None


def fields_of(form: Form) -> list[str]:
    return [name for name in form.kinds if name != "_csrf_token"]


async def forms_of(visitor: Visitor, pages: list[str]) -> dict[str, Form]:
    """The forms with fields that a person's pages show, and those they lead to; one of each kind."""
    found: dict[str, Form] = {}
    waiting = deque(pages)
    seen: set[str] = set()
    while waiting:
        page = waiting.popleft()
        kind = _kind(page)
        if kind in seen or page.startswith(LEFT_OUT):
            continue
        answer = await visitor.get(page)
        if answer.status_code == 200:
            seen.add(kind)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for form in Forms(page, answer.text).found:
            if fields_of(form) and not form.action.startswith(LEFT_OUT):
                found.setdefault(_kind(form.action) + " ".join(form.kinds), form)
        links = re.findall(r'href="(/(?:system|cloud|account)[^"#]*)"', answer.text)
        waiting.extend(unescape(link) for link in links if len(seen) < PAGES)
    return found


def _kind(address: str) -> str:
    """What pages and actions of other people and other connections have in common."""
    parts = urlsplit(address)
    words = " ".join(sorted(name for name, _ in parse_qsl(parts.query)))
    return re.sub(r"\d+", "N", parts.path) + f"?{words}"


def in_any_portal(form: Form) -> str:
    """What a form of one cloud is, whether its operator's people send it or the platform's."""
    return re.sub("^(/cloud|/system/clouds/north)/", "", _kind(form.action)) + " ".join(form.kinds)


async def try_field(visitor: Visitor, form: Form, name: str, value: str) -> bool:
    """Post a form with something odd in one field; whether it was refused at its fields."""
    sent = {**form.values, name: value}
    sent.pop("_csrf_token", None)
    answer = await visitor.post(form.action, sent)
    if "/view-as" in form.action and answer.status_code == 303:  # back to one's own portal
        await visitor.post("/stop-viewing")
    told = (form.action, name, value[:60], answer.status_code, answer.text[-300:])
    assert answer.status_code in {200, 204, 303, 400, 403, 404, 409, 413, 422, 429, 502}, told
    if answer.status_code != 422:
        return False
    again = [one for one in Forms(form.action, answer.text).found if name in one.kinds]
    assert form.kinds[name] in CHOSEN or any(one.wrong for one in again), told
    if form.kinds[name] in TYPED and value.isprintable() and name in again[0].kinds:
        assert any(one.values[name].strip() == value.strip() for one in again), told
    return True


async def test_no_form_breaks_at_an_odd_value_and_what_was_typed_is_kept(site: Site) -> None:
    turn: Iterator[str] = cycle(VALUES)
    tried = refused = 0
    done: set[str] = set()
    for who, watchers in ((NORA, "/cloud/watcher"), (ADA, "/system/clouds/north/watcher")):
        visitor = await site.as_(who)
        await visitor.get(f"{watchers}/new")
        assert (await visitor.post(f"{watchers}/new", WATCHER)).status_code == 303
        pages = [filled(path) for path in gets(site.app) if owner_of(path) is who]
        forms = await forms_of(visitor, pages)
        assert len(forms) >= 5
        for form in forms.values():
            if (same := in_any_portal(form)) in done:
                continue  # one route and one form stand in both portals
            done.add(same)
            for name in fields_of(form):
                refused += await try_field(visitor, form, name, next(turn))
                tried += 1
            if form.action.endswith("/settings/second-factor"):  # it may ask her for one now
                for table in ("cloud", "platform"):
                    await site.rows(f"update {table} set second_factor = false")
            assert (await visitor.get("/account")).status_code == 200, form.action
    assert tried > len(VALUES) * 3
    assert refused > tried / 3
