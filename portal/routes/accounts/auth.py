"""Signing in and out, and the way from the front door to one's own portal."""

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can
from portal.accounts.actions import sessions
from portal.accounts.actions.sign_in import Entered, sign_in
from portal.accounts.actions.throttle import Blocked
from portal.accounts.queries.users import SignedIn
from portal.errors import Unavailable
from portal.kit.queries import look
from portal.kit.queries.look import Look
from portal.routes import (
    ACCOUNT_PATH,
    ADMIN_PATH,
    CODE_PATH,
    RESET_PATH,
    SECOND_FACTOR_PATH,
    SIGN_IN_PATH,
    interface_of,
)
from portal.routes.guards import signed_in_of
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import (
    SessionConfig,
    clear_cookie,
    set_cookie,
    visit_of,
    waiting_of,
)
from portal.routes.page import THEMES, is_local, page, redirect
from portal.words import _

TEMPLATE: Final = "shared/accounts/login.html"
OF_CLOUD: Final = SIGN_IN_PATH + "/{cloud:str}"
DONE: Final = {
    "password": _("Your password is set. Sign in with it."),
    "email": _("Your new address is confirmed. Sign in with it."),
    "kept": _("Your session has ended. Sign in: the form is shown again with what you typed."),
}
"""What may have led to the sign-in page, by the word in its address."""
REFUSED: Final = _("The e-mail address or the password is not right.")

Answer = Response[str] | Response[None]


# These are Litestar's `get`: what is here for anybody reads nothing.
@get("/", name="start")
async def start(request: HTMXRequest) -> Answer:
    """One's own portal, or the sign-in page."""
    if request.scope.get("auth") is None:
        return redirect(request, SIGN_IN_PATH)
    return redirect(request, home_of(signed_in_of(request).person.actor))


@get([SIGN_IN_PATH, OF_CLOUD], name="sign-in")
async def sign_in_page(
    request: HTMXRequest,
    cloud: FromPath[str | None] = None,
    next_path: Annotated[str, QueryParameter(name="next")] = "",
    done: Annotated[str, QueryParameter(name="done")] = "",
) -> Answer:
    """The form, under an operator's name; whoever is signed in, or half-way in, is led on."""
    try:
        seen = await look.get(cloud)
    except Unavailable:  # the database is busy: the form is there all the same, without a look
        seen = Look(slug=None, name="Camledger", colour=None, version="")
    if request.scope.get("auth") is not None:
        actor = signed_in_of(request).person.actor
        return redirect(request, landing(actor, next_path))
    if waiting := waiting_of(request):
        return redirect(request, onwards(waiting, next_path))
    return _form(request, seen, next_path=next_path, done=DONE.get(done, ""))


@post([SIGN_IN_PATH, OF_CLOUD], status_code=HTTPStatus.OK)
async def sign_in_send(request: HTMXRequest, cloud: FromPath[str | None] = None) -> Answer:
    """Check, begin a session with a new key, and lead to the page asked for or one's portal."""
    sent, seen = await texts(request), await look.get(cloud)
    email, password, next_path = (sent.get(name, "") for name in ("email", "password", "next"))
    errors = {
        name: message
        for name, value, message in (
            ("email", email.strip(), _("Type your e-mail address.")),
            ("password", password, _("Type your password.")),
        )
        if not value
    }
    if errors:
        return _form(request, seen, email, next_path, errors)
    session_config = SessionConfig.of(request)
    visit = visit_of(request, session_config.clock())
    try:
        entered = await sign_in(
            email,
            password,
            visit,
            session_config.browser(request),
            post=request.app.state.post,
        )
    except Blocked as blocked:
        return slowed(_form(request, seen, email, next_path, {"email": blocked.message}), blocked)
    if entered is None:
        return _form(request, seen, email, next_path, {"password": REFUSED})
    return let_in(request, entered, next_path)


def let_in(request: HTMXRequest, entered: Entered, next_path: str) -> Answer:
    """Give the new key, and lead on: to the second factor, or to the page asked for."""
    session_config = SessionConfig.of(request)
    set_cookie(request, session_config.cookie, entered.key)
    answer = redirect(request, onwards(entered.session, next_path))
    if entered.marks:
        answer.set_cookie(session_config.device(entered.marks))
    theme = entered.session.person.theme
    if theme in THEMES and "theme" not in request.cookies:
        answer.set_cookie(session_config.theme(theme))
    return answer


def onwards(session: SignedIn, next_path: str) -> str:
    """Where a session that has just begun leads."""
    if session.is_let_in:
        return landing(session.person.actor, next_path)
    if session.must_set_up and not session.awaits_code:
        return SECOND_FACTOR_PATH
    back = landing(session.person.actor, next_path)
    return f"{CODE_PATH}?next={quote(back, safe='/')}"


@post("/logout", status_code=HTTPStatus.OK, name="sign-out")
async def sign_out(request: HTMXRequest) -> Answer:
    """End the session that the browser came with, if any."""
    found = request.scope.get("auth") or waiting_of(request)
    if isinstance(found, SignedIn):
        await sessions.sign_out(found.person.actor)
        clear_cookie(request, SessionConfig.of(request).cookie)
    return redirect(request, SIGN_IN_PATH)


def slowed(answer: Response[str], blocked: Blocked) -> Response[str]:
    """A form again, for somebody who has to wait."""
    answer.status_code = HTTPStatus.TOO_MANY_REQUESTS
    answer.headers["Retry-After"] = str(blocked.retry_after)
    return answer


def home_of(actor: Actor) -> str:
    """Where somebody's portal begins."""
    return interface_of(actor.role).prefix


def landing(actor: Actor, next_path: str) -> str:
    """The page asked for before signing in, if it is a path of this site and theirs; else home."""
    home = home_of(actor)
    own = [home, ACCOUNT_PATH]
    if can(actor, Permission.TABLES_BROWSE):
        own.append(ADMIN_PATH.rstrip("/"))
    path = next_path.partition("?")[0].partition("#")[0]
    if is_local(next_path) and ".." not in path:
        for prefix in own:
            if path == prefix or path.startswith(f"{prefix}/"):
                return next_path
    return home


def sign_in_path(slug: str | None) -> str:
    """The sign-in page of a cloud, or of the platform."""
    return SIGN_IN_PATH if slug is None else f"{SIGN_IN_PATH}/{slug}"


def _form(
    request: HTMXRequest,
    seen: Look,
    email: str = "",
    next_path: str = "",
    errors: dict[str, str] | None = None,
    *,
    done: str = "",
) -> Response[str]:
    return page(
        request,
        TEMPLATE,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        values={"email": email},
        errors=errors or {},
        next=next_path if is_local(next_path) else "",
        look=seen,
        done=done,
        reset=RESET_PATH,
    )


HANDLERS: Final = (start, sign_in_page, sign_in_send, sign_out)
