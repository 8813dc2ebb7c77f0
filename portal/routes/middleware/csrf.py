"""Tokens of forms: each belongs to one session, and is worth nothing in another one.

A token is an HMAC of the session's key. Before sign-in it is one of a cookie with a random value.
With another key, at sign-in, after the second factor, with another password, the tokens are others.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.plugins.htmx import HTMXRequest
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal.access import DOORKEEPER
from portal.accounts.actions import kept_forms, refusals
from portal.accounts.actions.kept_forms import KeptForm
from portal.accounts.actions.sessions import Visit
from portal.accounts.queries.users import SignedIn
from portal.errors import Forbidden
from portal.routes import ACCOUNT_PATH, AGAIN_PATH, INTERFACES, SIGN_IN_PATH, page
from portal.routes.again import AGAIN, context_of, is_secret
from portal.routes.failures import REFUSAL
from portal.routes.middleware.security import UNSAFE
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, key_of, visit_of
from portal.words import _

FIELD: Final = "_csrf_token"
HEADER: Final = "X-CSRFToken"
UNGUARDED: Final = "exclude_from_csrf"
"""`opt` of handlers that no form leads to."""
ABOVE: Final = "shared/signed_out.html"
KEPT_PARAMETER: Final = "_kept"
"""In the address of a page: the token of the form that it is filled with again."""
_KEPT_BELOW: Final = (*(interface.prefix for interface in INTERFACES), ACCOUNT_PATH)

_RANDOM: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MARK: Final = 16
"""Of a token's digits, so many say for whom its page was made."""


class FormTokens(ASGIMiddleware):
    """Asks every request that changes something for its session's token."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = UNGUARDED

    def __init__(self, session_config: SessionConfig, key: bytes) -> None:
        self.session_config = session_config
        self.key = key

    @property
    def cookie_name(self) -> str:
        """The cookie of whoever is not signed in."""
        return "__Host-csrf" if self.session_config.cookie.secure else "csrf"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Refuse a form without the token, and what is none; else go on with it.

        A new browser is given its cookie.
        """
        request: HTMXRequest = HTMXRequest(scope, receive=receive)
        visit, answer = self._mark_forms(request, send)
        token = request.query_params.get(KEPT_PARAMETER, "")
        if token and request.method == "GET" and "auth" in scope:
            now = self.session_config.clock()
            vault = request.app.state.integrations.vault
            owner = f"{visit} {scope['auth'].person.actor.user}"
            scope["state"][page.KEPT] = await kept_forms.take(token, owner, now, vault=vault)
        if request.method in UNSAFE and not await self._has_token(request):
            await self._refuse(request, visit, send)
            return
        await next_app(scope, receive, answer)

    async def offer(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Give the forms of a page their token and ask for none: nothing is done for what came."""
        _visit, answer = self._mark_forms(HTMXRequest(scope, receive=receive), send)
        await next_app(scope, receive, answer)

    def _mark_forms(self, request: HTMXRequest, send: Send) -> tuple[str, Send]:
        """The browser's visit, and what sends an answer and the cookie of one that is new."""
        visit = request.cookies.get(self.cookie_name, "")
        is_new = _RANDOM.fullmatch(visit) is None
        if is_new:
            visit = secrets.token_hex(32)
        request.scope["state"][page.FORM_MARK] = partial(self.token, request.scope, visit)

        async def answer(message: Message) -> None:
            if is_new and message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message).add(
                    "set-cookie", self._cookie(visit).to_header(header="")
                )
            await send(message)

        return visit, answer

    def token(self, scope: Scope, visit: str) -> str:
        """The token of the request's session, or else of the browser's visit.

        It begins with a mark of the person, so that a form that is sent too late says whose it was.
        """
        key, who = key_of(scope), _user_of(scope)
        return self.of_session(key, who) if key else self._of(f"visit {visit}", who)

    def of_session(self, key: str, user: int | None) -> str:
        """The token of the session of `user` that has the key; None while it waits for a code."""
        return self._of(f"session {key}", user)

    def _of(self, text: str, user: int | None) -> str:
        return self._mark(user) + self._hash(text)[_MARK:]

    def _mark(self, user: int | None) -> str:
        return self._hash(f"person {user}")[:_MARK]

    def _hash(self, text: str) -> str:
        return hmac.new(self.key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    async def _has_token(self, request: HTMXRequest) -> bool:
        sent = await _sent_token(request)
        expected = page.form_token(request)
        return hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), expected.encode())

    async def _refuse(self, request: HTMXRequest, browser: str, send: Send) -> None:
        reason: dict[str, Any] = {"reason": _("the token of the form is not this session's")}
        request.scope["state"][REFUSAL] = reason
        kept = None
        if request.scope.get("auth") is None:
            visit = visit_of(request, self.session_config.clock())
            await refusals.note(
                replace(DOORKEEPER, address=visit.address),
                "refused",
                f"{request.method} {request.url.path}",
                now=visit.now,
                **reason,
            )
            kept = await self._keep(request, browser, visit)
        answer = kept or await again(request, self._mark(_user_of(request.scope)))
        app = answer.to_asgi_response(app=None, request=request)
        await app(request.scope, request.receive, send)

    async def _keep(
        self, request: HTMXRequest, browser: str, visit: Visit
    ) -> Response[str] | Response[None] | None:
        """Lead a form of the portals whose session has ended to signing in, and back, filled.

        To htmx it is told above the form, which stays as it is. None for what is no such form.
        """
        path = request.url.path
        if not any(path.startswith(f"{prefix}/") for prefix in _KEPT_BELOW):
            return None
        if page.is_partial(request):
            return page.above(request, ABOVE, sign_in=SIGN_IN_PATH)
        back = _page_of(request)
        fields = {
            name: value
            for name, value in (await texts(request)).items()
            if name != FIELD and not is_secret(path, name)
        }
        form = KeptForm(_with_query(path, request.url.query), fields)
        vault = request.app.state.integrations.vault
        # Only who signed in here last gets it back, not whoever signs in here next.
        device = self.session_config.browser(request)
        owner = f"{browser} {device.devices.last(device.marks)}"
        token = await kept_forms.keep(form, owner, visit, vault=vault)
        if token is None:
            return None
        between = "&" if "?" in back else "?"
        wanted = quote(f"{back}{between}{KEPT_PARAMETER}={token}", safe="/")
        return page.redirect(request, f"{SIGN_IN_PATH}?next={wanted}&done=kept")

    def _cookie(self, visit: str) -> Cookie:
        return Cookie(
            key=self.cookie_name,
            value=visit,
            path="/",
            secure=self.session_config.cookie.secure,
            httponly=True,
            samesite="strict",
        )


async def _sent_token(request: HTMXRequest) -> str:
    form = await texts(request)  # also where the header has the token: it is read or refused
    return request.headers.get(HEADER) or form.get(FIELD, "")


def _page_of(request: HTMXRequest) -> str:
    """The page of this site that a form stood on; where no browser says it, the form's address.

    A page that came as the answer to a form, one that asks before something is done, may have an
    address that only takes forms: what was typed is shown on a page of its own then.
    """
    said = urlsplit(request.headers.get("referer", ""))
    here = _with_query(said.path, said.query)
    is_ours = said.netloc == request.headers.get("host", "") and page.is_local(here)
    path = request.url.path
    if is_ours and said.path != path:
        return here
    # Forms of the account stand on its page; other forms are sent to the page they stand on.
    if path.startswith(ACCOUNT_PATH):
        return here if is_ours else ACCOUNT_PATH
    if not _is_page(request):
        return AGAIN_PATH
    return here if is_ours else _with_query(path, request.url.query)


def _is_page(request: HTMXRequest) -> bool:
    """Whether the address that a form is sent to is one that can be opened, too."""
    handler = request.scope["route_handler"]
    return any(
        "GET" in route.methods
        for route in request.app.routes
        if isinstance(route, HTTPRoute) and handler in route.route_handlers
    )


def _with_query(path: str, query: str) -> str:
    kept = [part for part in query.split("&") if part and not part.startswith(KEPT_PARAMETER)]
    return f"{path}?{'&'.join(kept)}" if kept else path


def _user_of(scope: Scope) -> int | None:
    found = scope.get("auth")
    if not isinstance(found, SignedIn):
        return None
    return (found.viewer or found.person).actor.user  # who looks as somebody else is the same


async def again(request: HTMXRequest, mark: str) -> Response[str] | Response[None]:
    """The page for a form that was open for too long: what to do, and what was typed.

    Only the browser's own pages get here (others' are refused before), and nothing is done
    until a person has looked at the values and sent them. Passwords and codes are typed again.
    A page that was made for another than `mark` says was somebody else's: its values are not shown.
    """
    found, made_for = request.scope.get("auth"), (await _sent_token(request))[:_MARK]
    theirs = not isinstance(found, SignedIn) or made_for == mark
    if page.is_partial(request):
        return _renewed(request, theirs=theirs)
    sent = await texts(request) if theirs else {}
    values = {name: value for name, value in sent.items() if name != FIELD}
    return page.page(
        request,
        AGAIN,
        status=Forbidden.status,
        email=(found.viewer or found.person).email if isinstance(found, SignedIn) else "",
        theirs=theirs,
        late=True,
        lead="",
        # Who signs in now in another tab is still asked whether it is theirs.
        csrf=made_for + page.form_token(request)[_MARK:],
        **context_of(_with_query(request.url.path, request.url.query), values),
    )


def _renewed(request: HTMXRequest, *, theirs: bool) -> Response[str] | Response[None]:
    """To htmx: the token that the page's forms may send from now on, where the same is signed in.

    Nothing is done before a person presses the button again, and reads as whom.
    """
    found = request.scope.get("auth")
    if not isinstance(found, SignedIn):
        told = _("This page was open for too long. Load it again, then send it again.")
        return page.problem(request, Forbidden(told))
    if not theirs:
        told = _("This page was open before %(email)s signed in here. Load it again.")
        return page.problem(request, Forbidden(told % {"email": found.person.email}))
    told = _("This page was open for too long. You are signed in as %(email)s: press again.")
    answer = page.problem(request, Forbidden(told % {"email": found.person.email}))
    events = json.loads(answer.headers["HX-Trigger"])
    events["form-token"] = {"token": page.form_token(request)}
    answer.headers["HX-Trigger"] = json.dumps(events)
    return answer
