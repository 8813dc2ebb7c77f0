"""The pages that one-time links lead to: accepting an invitation, setting a new password."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions import accept, own_account, resets, sign_in_links
from portal.accounts.actions.sign_in_links import EMAIL, INVITATION, PATHS, RESET, LinkOver, Owner
from portal.accounts.actions.throttle import Blocked
from portal.crypto.passwords import MIN_LENGTH
from portal.errors import Invalid
from portal.kit.queries import look
from portal.routes import ACCOUNT_PATH, RESET_PATH
from portal.routes.accounts.auth import Answer, let_in, sign_in_path, slowed
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, visit_of
from portal.routes.page import page, redirect
from portal.values.roles import role_in_cloud
from portal.words import _

INVITE: Final = PATHS[INVITATION] + "/{token:str}"
SET: Final = PATHS[RESET] + "/{token:str}"
CONFIRM: Final = PATHS[EMAIL] + "/{token:str}"
CONFIRM_PAGE: Final = "shared/accounts/confirm_email.html"
INVITE_PAGE: Final = "shared/accounts/invite.html"
OVER_PAGE: Final = "shared/accounts/link_over.html"
SET_PAGE: Final = "shared/accounts/set_password.html"
ASK_PAGE: Final = "shared/accounts/reset.html"


# Those of Litestar: nobody is signed in, and the link is looked up once.
@get(INVITE, name="invite")
async def invite(request: HTMXRequest, token: FromPath[str]) -> Response[str]:
    """Who invites to what, and the form; a link that is over says what to do."""
    owner = await sign_in_links.find(token, INVITATION, _now(request))
    if owner.state != "open":
        return await _over(request, owner, token)
    return await _invite(request, owner, {"name": owner.name})


@post(INVITE, status_code=HTTPStatus.OK)
async def accept_invitation(request: HTMXRequest, token: FromPath[str]) -> Answer:
    """Take name and password, and lead in."""
    sent = await texts(request)
    session_config = SessionConfig.of(request)
    visit = visit_of(request, session_config.clock())
    owner = await sign_in_links.find(token, INVITATION, visit.now)
    try:
        entered = await accept.accept_invitation(
            token,
            sent.get("name", ""),
            sent.get("password", ""),
            visit,
            session_config.browser(request),
        )
    except Invalid as invalid:
        return await _invite(request, owner, sent, invalid.fields)
    except LinkOver:
        owner = await sign_in_links.find(token, INVITATION, visit.now)
        return await _over(request, owner, token)
    return let_in(request, entered, "")


@post(INVITE + "/again", status_code=HTTPStatus.OK)
async def ask_again(request: HTMXRequest, token: FromPath[str]) -> Response[str]:
    """Tell whoever invited that the invitation has expired."""
    visit = visit_of(request, _now(request))
    await resets.ask_again(token, visit, post=request.app.state.post)
    owner = await sign_in_links.find(token, INVITATION, visit.now)
    return await _over(request, owner, token, is_told=True)


@get(RESET_PATH, name="reset")
async def reset(request: HTMXRequest) -> Response[str]:
    """The form for somebody who has forgotten their password."""
    return _ask(request)


@post(RESET_PATH, status_code=HTTPStatus.OK)
async def ask_reset(request: HTMXRequest) -> Response[str]:
    """The same answer for every address."""
    email = (await texts(request)).get("email", "")
    if not email.strip():
        return _ask(request, errors={"email": _("Type your e-mail address.")})
    visit = visit_of(request, _now(request))
    try:
        await resets.ask_reset(email, visit, post=request.app.state.post)
    except Blocked as blocked:
        return slowed(_ask(request, email, {"email": blocked.message}), blocked)
    return _ask(request, email, is_asked=True)


@get(SET, name="set-password")
async def choose(request: HTMXRequest, token: FromPath[str]) -> Response[str]:
    """The form for another password."""
    owner = await sign_in_links.find(token, RESET, _now(request))
    if owner.state != "open":
        return await _over(request, owner, token)
    return await _choose(request, owner)


@post(SET, status_code=HTTPStatus.OK)
async def chosen(request: HTMXRequest, token: FromPath[str]) -> Answer:
    """Take the password, and lead to signing in with it."""
    sent = await texts(request)
    visit = visit_of(request, _now(request))
    owner = await sign_in_links.find(token, RESET, visit.now)
    try:
        await accept.set_password(
            token, sent.get("password", ""), visit, post=request.app.state.post
        )
    except Invalid as invalid:
        return await _choose(request, owner, invalid.fields)
    except LinkOver:
        owner = await sign_in_links.find(token, RESET, visit.now)
        return await _over(request, owner, token)
    return redirect(request, f"{sign_in_path(owner.slug)}?done=password")


@get(CONFIRM, name="confirm-email")
async def confirm(request: HTMXRequest, token: FromPath[str]) -> Response[str]:
    """Ask: what only opens links, such as a scanner of mails, confirms nothing."""
    owner = await sign_in_links.find(token, EMAIL, _now(request))
    if owner.state != "open":
        return await _over(request, owner, token)
    return page(request, CONFIRM_PAGE, owner=owner, look=await look.get(owner.slug))


@post(CONFIRM, status_code=HTTPStatus.OK)
async def confirmed(request: HTMXRequest, token: FromPath[str]) -> Answer:
    """Take the new address, and lead to signing in with it, or to the account."""
    visit = visit_of(request, _now(request))
    owner = await own_account.confirm_email(token, visit, post=request.app.state.post)
    return redirect(request, f"{sign_in_path(owner.slug)}?next={ACCOUNT_PATH}&done=email")


def _now(request: HTMXRequest) -> Any:
    return SessionConfig.of(request).clock()


async def _invite(
    request: HTMXRequest,
    owner: Owner,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
) -> Response[str]:
    return page(
        request,
        INVITE_PAGE,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        owner=owner,
        role=role_in_cloud(owner.role),
        look=await look.get(owner.slug),
        values=values,
        errors=errors or {},
        min_length=MIN_LENGTH,
    )


async def _choose(
    request: HTMXRequest, owner: Owner, errors: dict[str, str] | None = None
) -> Response[str]:
    return page(
        request,
        SET_PAGE,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        owner=owner,
        look=await look.get(owner.slug),
        errors=errors or {},
        min_length=MIN_LENGTH,
    )


async def _over(
    request: HTMXRequest, owner: Owner, token: str, *, is_told: bool = False
) -> Response[str]:
    may_ask = owner.kind == INVITATION and owner.state == "expired" and not owner.has_password
    return page(
        request,
        OVER_PAGE,
        status=HTTPStatus.OK if is_told else LinkOver.status,
        owner=owner,
        why=sign_in_links.over(owner).message,
        look=await look.get(owner.slug),
        again=f"{PATHS[INVITATION]}/{token}/again" if may_ask else "",
        is_told=is_told,
        sign_in=sign_in_path(owner.slug),
        reset=RESET_PATH,
    )


def _ask(
    request: HTMXRequest,
    email: str = "",
    errors: dict[str, str] | None = None,
    *,
    is_asked: bool = False,
) -> Response[str]:
    return page(
        request,
        ASK_PAGE,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        is_asked=is_asked,
        sends_mail=request.app.state.post.is_set_up,
        values={"email": email},
        errors=errors or {},
    )


HANDLERS: Final = (
    *(invite, accept_invitation, ask_again),
    *(reset, ask_reset, choose, chosen),
    *(confirm, confirmed),
)
