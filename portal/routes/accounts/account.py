"""One's own account: where one is signed in, the password, light or dark."""

from http import HTTPStatus
from typing import Annotated, Final

from litestar import Response, Router, post
from litestar.params import Parameter
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions import sessions
from portal.accounts.actions.own_account import ask_email, change_profile
from portal.accounts.actions.sign_in import (
    THEMES,
    change_password,
    choose_language,
    choose_theme,
)
from portal.accounts.actions.throttle import Blocked
from portal.accounts.forms.user import OwnProfile
from portal.accounts.queries import users
from portal.billing.period import zones
from portal.crypto.passwords import MIN_LENGTH
from portal.errors import Invalid
from portal.kit.forms.form import parse_texts
from portal.routes import ACCOUNT_PATH, SECOND_FACTOR_PATH
from portal.routes.accounts.auth import Answer, slowed
from portal.routes.guards import signed_in, signed_in_of
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, set_cookie, visit_of
from portal.routes.page import KEPT, Toast, filled_page, html, page, redirect
from portal.routes.reading import get
from portal.values import languages
from portal.values.browsers import device_of
from portal.words import _, speak

TEMPLATE: Final = "shared/accounts/account.html"
PROFILE: Final = frozenset({"name", "zone", "locale", "shortcuts", "digest"})
ROW_ID_MAX: Final = 2**63 - 1
RowId = Annotated[int, Parameter(ge=1, le=ROW_ID_MAX)]


@get(name="account")
async def account(request: HTMXRequest) -> Response[str]:
    """The page."""
    return await _page(request)


@get("/form")
async def kept_form(request: HTMXRequest) -> Answer:
    """What was typed into a form that stood on no page of its own, once."""
    kept = request.scope["state"].get(KEPT)
    if kept is None:
        gone = _("What you typed is not kept any more. Nothing has been changed.")
        return redirect(request, "/", Toast(gone, "info"))
    return html(filled_page(request, kept.action, kept.fields))


@post("/password", status_code=HTTPStatus.OK)
async def password(request: HTMXRequest) -> Answer:
    """Change one's own password; every other session ends."""
    found = signed_in_of(request)
    sent = await texts(request)
    current, new, again = (sent.get(name, "") for name in ("current", "new", "again"))
    if new != again:
        errors = {"again": _("The two are not the same.")}
        return await _page(request, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        session_config = SessionConfig.of(request)
        visit = visit_of(request, session_config.clock())
        key, marks = await change_password(
            found.person.actor,
            current,
            new,
            visit,
            session_config.browser(request),
            post=request.app.state.post,
        )
    except Blocked as blocked:
        return slowed(await _page(request, {"current": blocked.message}), blocked)
    except Invalid as invalid:
        return await _page(request, invalid.fields, HTTPStatus.UNPROCESSABLE_ENTITY)
    set_cookie(request, session_config.cookie, key)
    answer = redirect(
        request, ACCOUNT_PATH, _("Your password is changed. Other sessions have ended.")
    )
    answer.set_cookie(session_config.device(marks))
    return answer


@post("/theme", status_code=HTTPStatus.OK)
async def theme(request: HTMXRequest) -> Answer:
    """Choose light, dark, or what the system says."""
    chosen = (await texts(request)).get("theme", "")
    await choose_theme(signed_in_of(request).person.actor, chosen)
    answer = redirect(request, ACCOUNT_PATH, _("Your choice is kept."))
    answer.set_cookie(SessionConfig.of(request).theme(chosen))
    return answer


@post("/language", status_code=HTTPStatus.OK)
async def language(request: HTMXRequest) -> Answer:
    """Choose the language of one's pages, or leave it to the cloud."""
    chosen = (await texts(request)).get("language", "")
    await choose_language(signed_in_of(request).person.actor, chosen)
    if chosen:
        speak(languages.catalogue(chosen))
    return redirect(request, ACCOUNT_PATH, _("Your language is saved."))


@post("/profile", status_code=HTTPStatus.OK)
async def profile(request: HTMXRequest) -> Answer:
    """Keep the name, the zone, how figures are written, the keys, and the daily mail."""
    sent = await texts(request)
    try:
        given = {name: value for name, value in sent.items() if name in PROFILE and value.strip()}
        own = parse_texts(OwnProfile, given)
    except Invalid as invalid:
        return await _page(request, invalid.fields, HTTPStatus.UNPROCESSABLE_ENTITY, sent)
    await change_profile(signed_in_of(request).person.actor, own)
    return redirect(request, ACCOUNT_PATH, _("Your profile is saved."))


@post("/email", status_code=HTTPStatus.OK)
async def email(request: HTMXRequest) -> Answer:
    """Send a link to the new address; until it is opened, nothing changes."""
    sent = await texts(request)
    visit = visit_of(request, SessionConfig.of(request).clock())
    try:
        wanted = await ask_email(
            signed_in_of(request).person.actor,
            sent.get("email", ""),
            sent.get("email_password", ""),
            visit,
            post=request.app.state.post,
        )
    except Blocked as blocked:
        return slowed(await _page(request, {"email_password": blocked.message}), blocked)
    except Invalid as invalid:
        return await _page(request, invalid.fields, HTTPStatus.UNPROCESSABLE_ENTITY, sent)
    told = _("A link is on its way to %(email)s. Open it to confirm.") % {"email": wanted}
    return redirect(request, ACCOUNT_PATH, told)


@post("/sessions/{session:int}/end", status_code=HTTPStatus.OK)
async def end(request: HTMXRequest, session: RowId) -> Answer:
    """End one of one's own sessions."""
    await sessions.end(signed_in_of(request).person.actor, session)
    return redirect(request, ACCOUNT_PATH, _("That session has ended."))


@post("/sessions/end-others", status_code=HTTPStatus.OK)
async def end_others(request: HTMXRequest) -> Answer:
    """End all of one's own sessions but this one."""
    found = signed_in_of(request)
    ended = await sessions.end_others(found.person.actor, found.id)
    sentence = _("There were no others.") if ended == 0 else _("All other sessions have ended.")
    return redirect(request, ACCOUNT_PATH, sentence)


async def _page(
    request: HTMXRequest,
    errors: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    sent: dict[str, str] | None = None,
) -> Response[str]:
    found = signed_in_of(request)
    now = SessionConfig.of(request).clock()
    browsers = await users.browsers(found.person.actor, now)
    own = await users.profile(found.person.actor, now)
    kept = {
        "name": own.name,
        "zone": own.zone or "",
        "locale": own.locale or "",
        "shortcuts": "on" if own.shortcuts else "",
        "digest": "on" if own.digest else "",
    }
    return page(
        request,
        TEMPLATE,
        status=status,
        account=ACCOUNT_PATH,
        person=found.person,
        zone=found.person.own_zone,
        own=own,
        values=kept if sent is None else sent,
        zones=[(name, name.replace("_", " ")) for name in sorted(zones())],
        locales=languages.regions(),
        sends_mail=request.app.state.post.is_set_up,
        current=found.id,
        browsers=[(browser, device_of(browser.agent)) for browser in browsers],
        themes=THEMES,
        languages=languages.names(),
        errors=errors or {},
        second_factor=await users.second_factor(found.person.actor),
        second_factor_path=SECOND_FACTOR_PATH,
        min_length=MIN_LENGTH,
    )


ROUTER: Final = Router(
    ACCOUNT_PATH,
    route_handlers=[account, kept_form, password, theme, language, profile, email, end, end_others],
    guards=[signed_in],
)
