"""People of the platform and of clouds: the list, inviting one, and one person."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import RESPONSIBLE, Permission, Role, may_give
from portal.accounts.actions import invitations
from portal.accounts.actions import users as actions
from portal.accounts.forms.user import InvitedStaff, InvitedUser, StaffChange, UserChange
from portal.accounts.queries import people as reads
from portal.accounts.queries.people import STATES, People, PersonRow
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import UNSET, parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import form_page, page, redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.once import invited
from portal.routes.shared.matrix import matrix_for, roles_beside, whose_of
from portal.routes.shared.realm import Realm, filled, label, new_page
from portal.routes.shared.sending import made_once
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
    "blocked": _("Deactivated"),
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
            make = partial(
                invitations.invite,
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
            make = partial(
                invitations.invite,
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
        row, link = await made_once(request, make, realm.people)
    except Invalid as invalid:
        return new_page(request, NEW, realm, sent, invalid.fields, owned=True)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return new_page(request, NEW, realm, sent, conflict.fields, owned=True)
    return invited(
        request,
        link,
        row,
        crumbs=(*realm.above, (_("People"), realm.people)),
        back=f"{realm.people}/{row.id}",
    )


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


PEOPLE: Final = (people, roles, new_person, invite, person, change)
