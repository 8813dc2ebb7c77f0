"""Pages, fragments, redirects and messages: the only code that knows the HX-* headers.

A page is one template with named blocks. The same URL answers the whole page to a browser and a
block of it to htmx, so every screen works without JavaScript.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final, Literal, cast
from urllib.parse import quote

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.plugins.htmx import HTMXRequest
from litestar.plugins.jinja import JinjaTemplateEngine

from portal.errors import PortalError
from portal.routes.again import AGAIN, context_of
from portal.routes.format import ZONE
from portal.routes.middleware.methods import IS_HEAD
from portal.routes.refill import refill
from portal.routes.templating import render
from portal.values import languages
from portal.values.amounts import LOCALE
from portal.words import _

Kind = Literal["success", "error", "info"]

SIGN_IN: Final = "/login"
HEADERS: Final = {"Vary": "HX-Request", "Cache-Control": "no-store"}
FLASH: Final = "toast"
"""Key of the session under which a message waits for the next full page."""
FORM_MARK: Final = "camledger_form_token"
"""Under this the request's state has what makes the token of its session."""
KEPT: Final = "camledger_kept_form"
"""Under this the request's state has the form that its page is filled with again."""
THEMES: Final = frozenset({"light", "dark"})
ERROR_TEMPLATE: Final = "shared/error.html"


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message in the corner. Errors stay until they are dismissed."""

    text: str
    kind: Kind = "success"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu. `group` is the heading it stands under; `count` a worklist.

    `also` are pages that belong to it and lie elsewhere.
    """

    label: str
    path: str
    icon: str
    group: str = ""
    count: int | None = None
    active: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chrome:
    """What stands around a page: who is signed in, where, and how figures are written for them.

    `period` is the time the figures speak of ("November 2026, day 23 of 30"). `viewing_as` is the
    banner of a borrowed view and `end_view` the path that ends it. With `tabs` a phone shows the
    menu as a row below the top.
    """

    portal: str = ""
    tenant: str = ""
    home: str = "/"
    menu: tuple[MenuEntry, ...] = ()
    person: str = ""
    email: str = ""
    role: str = ""
    search: str = ""
    period: str = ""
    profile: str = ""
    help: str = ""
    sign_out: str = "/logout"
    viewing_as: str = ""
    end_view: str = ""
    locale: str = LOCALE
    zone: str = ZONE
    shortcuts: bool = True
    tabs: bool = False

    @property
    def groups(self) -> tuple[tuple[str, tuple[MenuEntry, ...]], ...]:
        """The menu by heading, in its own order."""
        return tuple(
            (heading, tuple(entries))
            for heading, entries in groupby(self.menu, key=lambda entry: entry.group)
        )

    @property
    def signed_in(self) -> bool:
        """Whether somebody is."""
        return bool(self.person)


ChromeOf = Callable[[Request[Any, Any, Any]], Chrome]
"""The application keeps one under `app.state.chrome`; without it pages are plain."""


def page(
    request: HTMXRequest,
    template: str,
    *,
    block: str | None = None,
    status: int = HTTPStatus.OK,
    toast: Toast | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """The whole page, or its `block` when htmx asks for a part of it.

    A boosted link and a step back in history ask for the whole page although htmx sends them.
    """
    if block is not None and is_partial(request):
        return fragment(
            request, template, block, status=status, toast=toast, headers=headers, **context
        )
    waiting = [_take_flash(request), toast]
    toasts = [message for message in waiting if message is not None]
    text = _render(request, template, None, {**context, "toasts": toasts})
    if (kept := request.scope["state"].get(KEPT)) is not None:
        told = [*toasts, Toast(_FILLED, "info")]
        again = _render(request, template, None, {**context, "toasts": told})
        text = refill(again, _own_path(request), kept.action, kept.fields) or filled_page(
            request, kept.action, kept.fields, recalculates='value="recalculate"' in text
        )
    return html(text, status, headers)


_FILLED: Final = _("Your session had ended. What you typed is here again: look at it and send it.")


def filled_page(
    request: HTMXRequest, action: str, fields: Mapping[str, str], *, recalculates: bool = False
) -> str:
    """What was typed as a page of its own, where no form of a page has a place for all of it."""
    context = {"email": "", "theirs": True, "late": False, "lead": _FILLED, "toasts": []}
    told = context_of(action, fields, recalculates=recalculates)
    return _render(request, AGAIN, None, {**context, **told})


def _own_path(request: Request[Any, Any, Any]) -> str:
    """The page's address without the token of the form that it is filled with."""
    query = [part for part in request.url.query.split("&") if part and part[0] != "_"]
    return f"{request.url.path}?{'&'.join(query)}" if query else str(request.url.path)


def above(request: HTMXRequest, template: str, **context: Any) -> Response[str]:
    """To htmx: an alert to be put above what was sent, which stays as it is (401)."""
    text = _render(request, template, "alert", {**context, "toasts": []})
    return html(text, HTTPStatus.UNAUTHORIZED, {"HX-Reswap": "beforebegin"})


def form_page(
    request: HTMXRequest,
    template: str,
    *,
    errors: Mapping[str, str] | None,
    block: str | None = "form",
    **context: Any,
) -> Response[str]:
    """A page with a form; with `errors`, messages by field, the answer is 422."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(request, template, block=block, status=status, errors=errors or {}, **context)


def fragment(
    request: HTMXRequest,
    template: str,
    block: str,
    *,
    status: int = HTTPStatus.OK,
    toast: Toast | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """One block of a template, whoever asks: for addresses that are polled or are only a part."""
    text = _render(request, template, block, {**context, "toasts": []})
    answer = html(text, status, headers)
    return with_toast(answer, toast) if toast else answer


def redirect(request: HTMXRequest, path: str, toast: str | Toast | None = None) -> Response[None]:
    """To another page of this site, with a message to show there: 303, or HX-Redirect for htmx.

    `path` starts with one "/": an address of another site is refused (ValueError).
    """
    if not is_local(path):
        raise ValueError(f"not a path of this site: {path!r}")
    if toast is not None:
        _keep_flash(request, Toast(toast) if isinstance(toast, str) else toast)
    address = quote(path, safe="/#%[]=:;$&()+,!?*@'~")
    if request.htmx:
        return Response(
            None, status_code=HTTPStatus.NO_CONTENT, headers={**HEADERS, "HX-Redirect": address}
        )
    return Response(
        None, status_code=HTTPStatus.SEE_OTHER, headers={**HEADERS, "Location": address}
    )


def with_toast(response: Response[str], toast: Toast) -> Response[str]:
    """The answer to htmx, with a message."""
    event = {"toast": {"text": str(toast.text), "kind": toast.kind}}
    response.headers["HX-Trigger"] = json.dumps(event)
    return response


def problem(request: HTMXRequest, error: PortalError) -> Response[str] | Response[None]:
    """An error as a page; to htmx a message that leaves the page as it is; 401 leads to sign-in."""
    if error.status == HTTPStatus.UNAUTHORIZED:
        back = _own_path(request) if request.method == "GET" and not request.htmx else ""
        return redirect(request, f"{SIGN_IN}?next={quote(back, safe='/')}" if back else SIGN_IN)
    if is_partial(request):
        answer: Response[str] = Response(
            "", status_code=error.status, headers={**HEADERS, "HX-Reswap": "none"}
        )
        return with_toast(answer, Toast(error.message, "error"))
    context = {
        "status": error.status,
        "heading": error.title,
        "message": error.message,
        "problems": error.problems(),
        "toasts": [],
    }
    return html(_render(request, ERROR_TEMPLATE, None, context), error.status, None)


def is_partial(request: HTMXRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return bool(request.htmx) and not (request.htmx.boosted or request.htmx.history_restore_request)


def is_local(path: str) -> bool:
    r"""Whether `path` is one of this site: "//host" and "/\host" are others to a browser."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def mark_active(entries: Iterable[MenuEntry], path: str) -> tuple[MenuEntry, ...]:
    """The menu with the one entry marked that `path` belongs to: of those that fit, the longest."""
    menu = tuple(entries)
    fitting = [
        (len(above), at)
        for at, entry in enumerate(menu)
        for above in (entry.path, *entry.also)
        if path == above or path.startswith(f"{above}/")
    ]
    marked = max(fitting)[1] if fitting else None
    return tuple(replace(entry, active=at == marked) for at, entry in enumerate(menu))


def form_token(request: Request[Any, Any, Any]) -> str:
    """What the forms of this request's page send with them; "" where no form is expected."""
    token: Callable[[], str] | None = request.scope["state"].get(FORM_MARK)
    return token() if token else ""


def theme_of(request: Request[Any, Any, Any]) -> str:
    """The colours: "light", "dark", or "auto" where the person leaves it to the system."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else "auto"


def _render(
    request: HTMXRequest, template: str, block: str | None, context: Mapping[str, Any]
) -> str:
    engine = cast("JinjaTemplateEngine", request.app.template_engine)
    provider: ChromeOf | None = request.app.state.get("chrome")
    chrome = provider(request) if provider else Chrome()
    around = {
        "request": request,
        "chrome": chrome,
        "locale": chrome.locale,
        "language": languages.of_locale(chrome.locale),
        "direction": languages.direction(chrome.locale),
        "zone": chrome.zone,
        "theme": theme_of(request),
        "csrf": form_token(request),
    }
    return render(engine.engine, template, {**around, **context}, block)


def html(
    text: str, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """A page that is written already."""
    return Response(
        text,
        status_code=status,
        media_type=MediaType.HTML,
        headers={**HEADERS, **(headers or {})},
    )


def _keep_flash(request: Request[Any, Any, Any], toast: Toast) -> None:
    session = request.scope.get("session")
    kept = session if isinstance(session, dict) else {}
    if "session" in request.scope:
        request.set_session({**kept, FLASH: [str(toast.text), toast.kind]})


def _take_flash(request: Request[Any, Any, Any]) -> Toast | None:
    session = request.scope.get("session")
    if not isinstance(session, dict) or FLASH not in session:
        return None
    text, kind = session[FLASH]
    if IS_HEAD not in request.scope:  # nobody sees the page of a HEAD
        request.set_session({key: value for key, value in session.items() if key != FLASH})
    return Toast(text, kind)
