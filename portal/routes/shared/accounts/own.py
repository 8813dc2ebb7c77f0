"""People of one's own account: a subscriber or a referral invites those who sign in beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can, role_in_words
from portal.accounts.actions import invitations, users
from portal.accounts.queries import own_account, people
from portal.accounts.queries.own_account import OwnAccount
from portal.accounts.queries.people import PersonRow
from portal.errors import Conflict, Invalid, NotFound, no_such
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.routes import ACCOUNT_PATH, interface_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.once import SHOWN, invited
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import made_once
from portal.words import _

WRITERS: Final = [requires(Permission.ACCOUNT_WRITE)]
DEEDS: Final[Mapping[str, str]] = {
    "resend": _("Send the invitation again"),
    "end": _("End access"),
    "let-in": _("Let in again"),
}


@dataclass(frozen=True, slots=True)
class Own:
    """Whose account a page is about, and where that page is."""

    actor: Actor
    cloud: CloudFacts
    account: OwnAccount
    path: str

    @classmethod
    async def of(cls, request: HTMXRequest) -> Own:
        """The account of whoever is signed in."""
        actor = person_of(request).actor
        return cls(
            actor=actor,
            cloud=await tenancy.own_cloud(actor),
            account=await own_account.get(actor),
            path=f"{interface_of(actor.role).prefix}/profile",
        )

    async def people(self) -> list[PersonRow]:
        """Who signs in for it, by name."""
        return await people.list_of(
            self.actor,
            self.cloud,
            subscriber=self.account.subscriber,
            referral=self.account.referral,
        )

    @property
    def crumbs(self) -> tuple[tuple[str, str], ...]:
        """The way back to the profile."""
        return ((_("Profile"), self.path),)


async def profile_page(
    request: HTMXRequest,
    own: Own,
    template: str,
    block: str,
    *,
    kept: Mapping[str, str],
    sent: Mapping[str, str] | None,
    errors: Mapping[str, str],
    **context: Any,
) -> Response[str]:
    """The profile of an account: its form with what is `kept`, or was `sent`, and its people.

    With errors htmx gets the form's `block` alone.
    """
    return form_page(
        request,
        template,
        block=block if errors else None,
        people=await own.people(),
        oneself=own.actor.user,
        profile_path=own.path,
        may_change=can(own.actor, Permission.ACCOUNT_WRITE),
        account=ACCOUNT_PATH,
        values=dict(kept if sent is None else sent),
        errors=dict(errors),
        **context,
    )


@get("/profile/people/new", guards=WRITERS)
async def ask_beside(request: HTMXRequest) -> Response[str]:
    """The form."""
    return _form(request, await Own.of(request), {}, {})


@post("/profile/people/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def invite_beside(request: HTMXRequest) -> Answer:
    """Invite one more; without a mail server the link is shown, once."""
    own, sent = await Own.of(request), await texts(request)
    try:
        make = partial(
            invitations.invite,
            own.actor,
            email=sent.get("email", "").strip(),
            name=sent.get("name", "").strip() or None,
            role=role_in_words(own.actor.role),
            cloud=own.cloud,
            subscriber=own.account.subscriber,
            referral=own.account.referral,
            now=SessionConfig.of(request).clock(),
            post=request.app.state.post,
        )
        person, link = await made_once(request, make, own.path)
    except Invalid as invalid:
        return _form(request, own, sent, invalid.fields)
    except Conflict as conflict:
        return _form(request, own, sent, conflict.fields or {"email": conflict.message})
    return invited(request, link, person, crumbs=own.crumbs, back=own.path)


@get("/profile/people/{user:int}/{deed:str}", guards=WRITERS)
async def ask_deed(request: HTMXRequest, user: FromPath[int], deed: FromPath[str]) -> Response[str]:
    """Ask before it is done."""
    own = await Own.of(request)
    person, verb = await _beside(own, user), _verb(deed)
    questions = {
        "resend": _("Send %(name)s another invitation?"),
        "end": _("End the access of %(name)s?"),
        "let-in": _("Let %(name)s in again?"),
    }
    warnings = {
        "resend": _("The link that was sent before is worthless then."),
        "end": _("Their sessions end at once. You can let them in again."),
        "let-in": _("They sign in with the password that they have."),
    }
    shown = deed == "resend" and not request.app.state.post.is_set_up
    return confirm(
        request,
        title=verb,
        crumbs=own.crumbs,
        question=questions[deed] % {"name": person.name},
        facts=[(_("Person"), person.name), (_("E-mail address"), person.email)],
        warnings=[warnings[deed], *([SHOWN] if shown else [])],
        action=f"{own.path}/people/{user}/{deed}",
        cancel=own.path,
        danger=deed == "end",
    )


@post("/profile/people/{user:int}/{deed:str}", guards=WRITERS, status_code=HTTPStatus.OK)
async def do_deed(request: HTMXRequest, user: FromPath[int], deed: FromPath[str]) -> Answer:
    """Do it: at once. Who signs in last stays."""
    own = await Own.of(request)
    person = await _beside(own, user)
    _verb(deed)
    try:
        if deed == "resend":
            now, mail = SessionConfig.of(request).clock(), request.app.state.post
            link = await invitations.resend_invitation(own.actor, user, now=now, post=mail)
            return invited(request, link, person, crumbs=own.crumbs, back=own.path)
        await users.change(own.actor, user, active=deed == "let-in")
    except Conflict as conflict:
        return redirect(request, own.path, Toast(conflict.message, "error"))
    told = _("%(name)s may sign in again.") if deed == "let-in" else _("%(name)s has no access.")
    return redirect(request, own.path, told % {"name": person.name})


def _verb(deed: str) -> str:
    if deed not in DEEDS:
        raise NotFound(_("There is nothing at this address."))
    return DEEDS[deed]


async def _beside(own: Own, user: int) -> PersonRow:
    """Somebody of the account. Raises `NotFound`."""
    found = await people.get_of(own.actor, own.cloud.slug, user)
    if (found.subscriber, found.referral) != (own.account.subscriber, own.account.referral):
        raise no_such(_("person"), user)
    return found


def _form(
    request: HTMXRequest, own: Own, values: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    return form_page(
        request,
        "shared/subscribers/person.html",
        errors=dict(errors),
        lead=_("Signs in for %(name)s, and sees what you see.") % {"name": own.account.name},
        crumbs=own.crumbs,
        action=f"{own.path}/people/new",
        back=own.path,
        values=dict(values),
        mailed=request.app.state.post.is_set_up,
    )


OWN_PEOPLE: Final = (ask_beside, invite_beside, ask_deed, do_deed)
