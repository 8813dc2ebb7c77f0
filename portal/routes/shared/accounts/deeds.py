"""What is done to a person after asking: deactivating, letting in again, links, ended sessions."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Role
from portal.accounts.actions import invitations, second_factor
from portal.accounts.actions import users as actions
from portal.accounts.actions.sign_in_links import Link
from portal.accounts.queries import people as reads
from portal.accounts.queries.people import PersonRow
from portal.errors import NotFound
from portal.routes.accounts.auth import Answer
from portal.routes.format import number
from portal.routes.guards import person_of
from portal.routes.middleware.sessions import SessionConfig, visit_of
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.once import MAILED, SHOWN, invited
from portal.routes.shared.accounts.people import WRITERS
from portal.routes.shared.confirm import confirm
from portal.routes.shared.realm import Realm, label
from portal.routes.shared.sending import done_once
from portal.words import _, ngettext

DEACTIVATE: Final = "deactivate"
REACTIVATE: Final = "reactivate"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done to a person after asking: its verb, the question, what is said then.

    `warnings` are what to know of it before.
    """

    verb: str
    question: str
    done: str
    warnings: tuple[str, ...]
    danger: bool = True
    is_link: bool = False


DEEDS: Final = {
    DEACTIVATE: Deed(
        _("Deactivate"),
        _("Deactivate %(name)s?"),
        _("%(name)s is deactivated."),
        (_("Sessions end and keys of this person stop working, at once."),),
    ),
    REACTIVATE: Deed(
        _("Reactivate"),
        _("Let %(name)s sign in again?"),
        _("%(name)s may sign in again."),
        (_("Keys of this person that are not revoked work again."),),
        danger=False,
    ),
    "end-sessions": Deed(
        _("End sessions"),
        _("Sign %(name)s out in every browser?"),
        _("All sessions of %(name)s have ended."),
        (),
    ),
    "reset-password": Deed(
        _("Reset password"),
        _("Reset the password of %(name)s?"),
        MAILED,
        (
            _("The present password stops working and all sessions end."),
            _("A link leads %(name)s to a new password. It works once, for an hour."),
        ),
        is_link=True,
    ),
    "reset-second-factor": Deed(
        _("Reset second factor"),
        _("Take the second factor off %(name)s?"),
        _("%(name)s signs in with the password alone."),
        (
            _("The password alone signs in until a new one is set up. All sessions end."),
            _("Make sure that it is %(name)s who asks."),
        ),
    ),
    "resend-invitation": Deed(
        _("New invitation"),
        _("Make a new invitation for %(name)s?"),
        MAILED,
        (_("The link before stops working. The new one works once, for 7 days."),),
        danger=False,
        is_link=True,
    ),
}


@get("/people/{user:int}/{deed:str}", guards=WRITERS)
async def ask(request: HTMXRequest, user: FromPath[int], deed: FromPath[str]) -> Response[str]:
    """Ask before it is done."""
    realm = await Realm.of(request)
    row, asked = await reads.get_of(realm.actor, realm.slug, user), _deed(deed)
    path = f"{realm.people}/{user}"
    return confirm(
        request,
        crumbs=(*realm.above, (_("People"), realm.people), (row.name, path)),
        title=asked.verb,
        question=asked.question % {"name": row.name},
        facts=[
            (_("Person"), row.name),
            (_("E-mail address"), row.email),
            (_("Role"), label(row.role)),
        ],
        warnings=[
            *(text % {"name": row.name} for text in asked.warnings),
            *([SHOWN] if asked.is_link and not request.app.state.post.is_set_up else []),
        ],
        action=f"{path}/{deed}",
        submit=asked.verb,
        cancel=path,
        danger=asked.danger,
        first=_left_behind(request, row, path) if deed == DEACTIVATE else None,
    )


def _left_behind(request: HTMXRequest, row: PersonRow, path: str) -> tuple[str, str, str] | None:
    """Whose account manager nobody would be who signs in, and where they are handed over."""
    if row.role is not Role.ACCOUNT_MANAGER or not row.subscribers:
        return None
    text = ngettext(
        "%(count)s subscriber would be left without an account manager who can sign in."
        " Hand it over to somebody else first.",
        "%(count)s subscribers would be left without an account manager who can sign in."
        " Hand them over to somebody else first.",
        row.subscribers,
    )
    count = number(row.subscribers, person_of(request).locale)
    return text % {"count": count}, _("Hand over subscribers"), f"{path}/hand-over"


@post(
    "/people/{user:int}/{deed:str}",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def do(request: HTMXRequest, user: FromPath[int], deed: FromPath[str]) -> Answer:
    """Do it: at once, and once however often the page is sent."""
    realm = await Realm.of(request)
    row, now = await reads.get_of(realm.actor, realm.slug, user), SessionConfig.of(request).clock()
    asked, mail = _deed(deed), request.app.state.post
    links: list[Link] = []

    async def act() -> None:
        match deed:
            case "reset-password":
                links.append(await actions.reset_password(realm.actor, user, now=now, post=mail))
            case "resend-invitation":
                made = await invitations.resend_invitation(realm.actor, user, now=now, post=mail)
                links.append(made)
            case "end-sessions":
                await actions.end_sessions(realm.actor, user)
            case "reset-second-factor":
                visit = visit_of(request, now)
                await second_factor.reset_second_factor(realm.actor, user, visit=visit, post=mail)
            case _:
                await actions.change(realm.actor, user, active=deed == REACTIVATE)

    if asked.is_link and not mail.is_set_up:
        # What the second click answers is what is seen: it has a link of its own, the first's ends.
        await act()
        return invited(
            request,
            links[0],
            row,
            crumbs=(*realm.above, (_("People"), realm.people)),
            back=f"{realm.people}/{user}",
        )
    await done_once(request, act)
    told = asked.done % {"name": row.name, "email": row.email}
    return redirect(request, f"{realm.people}/{user}", told)


def _deed(name: str) -> Deed:
    if name not in DEEDS:
        raise NotFound(_("There is nothing at this address."))
    return DEEDS[name]


DONE: Final = (ask, do)
