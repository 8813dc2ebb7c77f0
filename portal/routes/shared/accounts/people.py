"""People of the platform and of clouds: the list, inviting one, one person and what is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import RESPONSIBLE, Permission, Role, may_give
from portal.accounts.actions import invitations, second_factor
from portal.accounts.actions import users as actions
from portal.accounts.actions.sign_in_links import Link
from portal.accounts.forms.user import InvitedStaff, InvitedUser, StaffChange, UserChange
from portal.accounts.queries import people as reads
from portal.accounts.queries.people import STATES, People, PersonRow
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.form import UNSET, parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, visit_of
from portal.routes.page import form_page, page, redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.once import link_for, link_page
from portal.routes.shared.confirm import confirm, done_once
from portal.routes.shared.matrix import matrix_for, roles_beside, whose_of
from portal.routes.shared.realm import Realm, filled, label, new_page
from portal.words import _

READERS: Final = [requires(Permission.USERS_READ)]
NEW: Final = "shared/accounts/person_new.html"
WRITERS: Final = [requires(Permission.USERS_WRITE)]
WHO: Final = (
    Column(_("Name"), "name", of="name"),
    Column(_("E-mail address"), "email", of="email", wide=True, fact=True),
    Column(
        _("Role"),
        "role",
        of="role_in_words",
        says=lambda row: label(row.role),
        wide=True,
        fact=True,
    ),
)
OF_CLOUD: Final = (
    Column(_("Subscriber"), of="subscriber", kind="number", only_file=True),
    Column(_("Referral"), of="referral", only_file=True),
    Column(
        _("Subscribers"),
        of=lambda row: row.subscribers if row.role is Role.ACCOUNT_MANAGER else None,
        kind="number",
        wide=True,
    ),
)
OF_PLATFORM: Final = (Column(_("Clouds"), of=lambda row: ", ".join(row.clouds), wide=True),)
HOW: Final = (
    Column(_("Second factor"), of="second_factor", kind="flag", wide=True),
    Column(_("Last sign-in"), "signed_in", of="signed_in_at", kind="moment", wide=True, fact=True),
    Column(_("State"), of="state", kind="state"),
    Column(_("Invited until"), of="invited_until", kind="moment", only_file=True),
)

STATE_LABELS: Final = {
    "active": _("Active"),
    "invited": _("Invited"),
    "blocked": _("Blocked"),
}


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


SHOWN: Final = _("This installation sends no e-mail: you are shown the link, once, to pass it on.")
MAILED: Final = _("A link is on its way to %(email)s.")
DEEDS: Final = {
    "block": Deed(
        _("Block"),
        _("Block %(name)s?"),
        _("%(name)s is blocked."),
        (_("Sessions end and keys of this person stop working, at once."),),
    ),
    "unblock": Deed(
        _("Unblock"),
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


@get("/people", guards=READERS)
async def people(request: HTMXRequest) -> Response[str] | Stream:
    """The list, by name."""
    realm = await Realm.of(request)
    columns = (*WHO, *(OF_PLATFORM if realm.cloud is None else OF_CLOUD), *HOW)
    listing = read_listing(
        realm.people,
        request.query_params,
        columns,
        filters=("q", "state"),
        default_sort="name",
    )
    state = listing.filters["state"]

    async def read(part: Listing) -> People:
        return await reads.list_for_portal(
            realm.actor,
            realm.cloud,
            text=part.filters["q"] or None,
            state=state if state in STATES else None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[PersonRow]:
        return (await read(part)).rows

    found = await read(listing)
    listing = listing.found(found.total)
    if listing.file:
        return await list_file(
            request, "people", columns, found.rows, listing, more=more, cloud=realm.slug or ""
        )
    return page(
        request,
        "shared/accounts/people.html",
        block="rows",
        realm=realm,
        columns=columns,
        rows=found.rows,
        listing=listing,
        states=[(one, STATE_LABELS[one]) for one in STATES],
    )


@get("/people/new", guards=WRITERS)
async def new_person(request: HTMXRequest) -> Response[str]:
    """The form."""
    return new_page(request, NEW, await Realm.of(request), {}, owned=True)


@post("/people/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def invite(request: HTMXRequest) -> Answer:
    """Add the person, and show the link with which they choose their password, once."""
    realm, sent = await Realm.of(request), await texts(request)
    now = SessionConfig.of(request).clock()
    try:
        if realm.cloud is None:
            staff = parse_texts(InvitedStaff, filled(sent, "email", "name", "role", "clouds"))
            row, link = await invitations.invite(
                realm.actor,
                email=staff.email,
                role=staff.role,
                name=staff.name,
                clouds=staff.clouds,
                now=now,
                post=request.app.state.post,
            )
        else:
            user = parse_texts(
                InvitedUser, filled(sent, "email", "name", "role", "subscriber", "referral")
            )
            row, link = await invitations.invite(
                realm.actor,
                email=user.email,
                role=user.role,
                name=user.name,
                cloud=realm.cloud,
                subscriber=user.subscriber,
                referral=user.referral,
                now=now,
                post=request.app.state.post,
            )
    except Invalid as invalid:
        return new_page(request, NEW, realm, sent, invalid.fields, owned=True)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return new_page(request, NEW, realm, sent, conflict.fields, owned=True)
    return _link(request, realm, row, link)


@get("/people/{user:int}", guards=READERS)
async def person(request: HTMXRequest, user: FromPath[int]) -> Response[str]:
    """One person, and what may be done."""
    realm = await Realm.of(request)
    return _person(request, realm, await reads.get_of(realm.actor, realm.slug, user))


@post(
    "/people/{user:int}",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def change(request: HTMXRequest, user: FromPath[int]) -> Answer:
    """Give them another role, or a manager other clouds."""
    realm, sent = await Realm.of(request), await texts(request)
    row = await reads.get_of(realm.actor, realm.slug, user)
    try:
        if realm.cloud is None:
            staff = parse_texts(StaffChange, filled(sent, "role", "clouds"))
            listed = "clouds" in sent and (staff.role is UNSET or staff.role == "manager")
            clouds = () if listed and staff.clouds is UNSET else staff.clouds
            await actions.change(realm.actor, user, role=staff.role, clouds=clouds)
        else:
            form = parse_texts(UserChange, filled(sent, "role"))
            await actions.change(realm.actor, user, role=form.role)
    except Invalid as invalid:
        return _person(request, realm, row, sent, invalid.fields)
    except Conflict as conflict:
        return _person(request, realm, row, sent, {"role": conflict.message})
    return redirect(
        request, f"{realm.people}/{user}", _("%(name)s is changed.") % {"name": row.name}
    )


def _person(
    request: HTMXRequest,
    realm: Realm,
    row: PersonRow,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    owned = row.subscriber is not None or row.referral is not None
    return form_page(
        request,
        "shared/accounts/person.html",
        block="form" if errors else None,
        realm=realm,
        person=row,
        label=label(row.role),
        may_write=realm.may_write and may_give(realm.actor, row.role),
        is_oneself=realm.actor.user == row.id,
        roles=[] if owned else realm.roles(),
        responsible=row.role in RESPONSIBLE,
        values=values or {"role": row.role_in_words, "clouds": "\n".join(row.clouds)},
        errors=errors,
    )


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
    )


@post(
    "/people/{user:int}/{deed:str}",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def do(request: HTMXRequest, user: FromPath[int], deed: FromPath[str]) -> Answer:
    """Do it: at once, and once however often the page is sent."""
    realm, sent = await Realm.of(request), await texts(request)
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
                await actions.change(realm.actor, user, active=deed == "unblock")

    if asked.is_link and not mail.is_set_up:
        # What the second click answers is what is seen: it has a link of its own, the first's ends.
        await act()
        return _link(request, realm, row, links[0])
    await done_once(realm.actor, sent, act)
    told = asked.done % {"name": row.name, "email": row.email}
    return redirect(request, f"{realm.people}/{user}", told)


def _deed(name: str) -> Deed:
    if name not in DEEDS:
        raise NotFound(_("There is nothing at this address."))
    return DEEDS[name]


def _link(request: HTMXRequest, realm: Realm, row: PersonRow, link: Link) -> Answer:
    """Where it went; without a mail server the link, in this answer and nowhere else."""
    if link.mailed:
        told = MAILED % {"email": row.email}
        return redirect(request, f"{realm.people}/{row.id}", told)
    return link_page(
        request,
        link,
        row.email,
        title=link_for(row.name),
        crumbs=(*realm.above, (_("People"), realm.people)),
        back=f"{realm.people}/{row.id}",
    )


@get("/people/roles", guards=READERS)
async def roles(request: HTMXRequest) -> Response[str]:
    """Who may do what: the matrix of roles, made from the permissions themselves."""
    realm = await Realm.of(request)
    shown = roles_beside(Role.ADMINISTRATOR if realm.cloud is None else Role.CLOUD_ADMINISTRATOR)
    return page(
        request,
        "shared/accounts/roles.html",
        realm=realm,
        matrix=matrix_for(shown),
        whose=whose_of(shown),
    )


PEOPLE: Final = (people, roles, new_person, invite, person, change, ask, do)
