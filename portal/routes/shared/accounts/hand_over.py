"""Giving the subscribers of an account manager who leaves to another one: all of them or none."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.accounts.queries import people as reads
from portal.accounts.queries.people import PersonRow
from portal.customers.actions.subscribers import hand_over
from portal.errors import Invalid
from portal.routes.accounts.auth import Answer
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.confirm import confirm
from portal.routes.shared.realm import Realm
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.USERS_WRITE)]


@get("/people/{user:int}/hand-over", guards=WRITERS)
async def ask_hand_over(request: HTMXRequest, user: FromPath[int]) -> Response[str]:
    """Ask who takes them, and say what will be."""
    realm = await Realm.of(request)
    return await _page(request, realm, await reads.get_of(realm.actor, realm.slug, user), {}, {})


@post("/people/{user:int}/hand-over", guards=WRITERS, status_code=HTTPStatus.OK)
async def do_hand_over(request: HTMXRequest, user: FromPath[int]) -> Answer:
    """Ask once more, then hand all of them over; sent twice, the second finds none."""
    realm, sent = await Realm.of(request), await texts(request)
    cloud = realm.of_cloud()
    row = await reads.get_of(realm.actor, realm.slug, user)
    email = sent.get("account_manager", "").strip()
    known = {one for one, _name in await reads.other_account_managers(realm.actor, cloud, user)}
    if email not in known:
        wrong = {"account_manager": _("choose who takes the subscribers")}
        return await _page(request, realm, row, sent, wrong)
    if "confirmed" not in sent:
        return _confirm(request, realm, row, email)
    try:
        count = await hand_over(realm.actor, cloud, user, email)
    except Invalid as invalid:
        return await _page(request, realm, row, sent, invalid.fields)
    told = ngettext(
        "%(count)s subscriber of %(name)s is handed over to %(email)s.",
        "%(count)s subscribers of %(name)s are handed over to %(email)s.",
        count,
    ) % {"count": count, "name": row.name, "email": email}
    return redirect(request, realm.at("people", user), str(told))


def _confirm(request: HTMXRequest, realm: Realm, row: PersonRow, email: str) -> Response[str]:
    """What becomes of whose subscribers, before it does."""
    path = realm.at("people", row.id)
    count = number(row.subscribers, person_of(request).locale)
    return confirm(
        request,
        title=_("Hand over subscribers"),
        question=_("Hand over all subscribers of %(name)s to %(email)s?")
        % {"name": row.name, "email": email},
        facts=[
            (_("From"), row.email),
            (_("To"), email),
            (_("Subscribers"), count),
        ],
        warnings=[
            _("%(email)s sees them at once; %(name)s no longer does.")
            % {"email": email, "name": row.name}
        ],
        action=f"{path}/hand-over",
        cancel=path,
        submit=_("Hand over"),
        crumbs=(*realm.above, (_("People"), realm.people), (row.name, path)),
        values={"account_manager": email, "confirmed": "on"},
    )


async def _page(
    request: HTMXRequest,
    realm: Realm,
    row: PersonRow,
    values: dict[str, str],
    errors: dict[str, str],
) -> Response[str]:
    others = await reads.other_account_managers(realm.actor, realm.of_cloud(), row.id)
    return form_page(
        request,
        "shared/accounts/hand_over.html",
        realm=realm,
        person=row,
        others=others,
        values=values,
        errors=errors,
    )


HAND_OVER: Final = (ask_hand_over, do_hand_over)
