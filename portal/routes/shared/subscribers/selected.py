"""What is done to several customers at once: another account manager, invitations."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar import post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.customers.actions.subscribers import assign
from portal.customers.forms.subscriber import INVITED_MAX, MANY_MAX
from portal.errors import Invalid, NotFound
from portal.kit.forms.nested import INTENT
from portal.overview.actions.inviting import invitable, invite_all
from portal.overview.queries import customers
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.listing import Listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, form_page, page, redirect
from portal.routes.selection import EVERYTHING, Picked, everything_url, picked
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.subscribers.listed import filters_of, listing_of
from portal.routes.shared.subscribers.paths import crumbs_to
from portal.values.numbers import number_in
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.SUBSCRIBERS_WRITE, Permission.USERS_WRITE)]


@dataclass(frozen=True, slots=True)
class Selected:
    """The customers that were chosen, and what leads back to them.

    `hidden` are the boxes that a further page sends again; `action` is where.
    """

    scope: CloudScope
    listing: Listing
    numbers: Sequence[int]
    hidden: Mapping[str, str]
    action: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of one invitation: sent, the link to pass on, or why there is none."""

    name: str
    email: str
    link: str
    problem: str


@post("/subscribers/selected", guards=WRITERS, status_code=HTTPStatus.OK)
async def selected(request: HTMXRequest) -> Answer:
    """Ask first, then do it: by the button that was pressed."""
    scope, sent = await CloudScope.of(request), await texts(request)
    listing, found = listing_of(request, scope), picked(sent)
    if found.intent == EVERYTHING:
        return redirect(request, everything_url(listing))
    if found.intent not in DEEDS:
        raise NotFound(_("There is nothing at this address."))
    numbers = await _numbers(request, scope, listing, found)
    if not numbers:
        return redirect(
            request, listing.url(), Toast(_("Select at least one subscriber."), "error")
        )
    action = listing.url(sort=None).replace(listing.path, f"{listing.path}/selected", 1)
    return await DEEDS[found.intent](
        request, Selected(scope, listing, numbers, found.boxes, action), sent
    )


async def _numbers(
    request: HTMXRequest, scope: CloudScope, listing: Listing, found: Picked
) -> Sequence[int]:
    if not found.everything:
        return [number for key in found.keys if (number := number_in(key)) is not None]
    filters = filters_of(listing)
    numbers = await customers.numbers(
        scope.actor, scope.cloud, filters, now=books_now(request), limit=MANY_MAX + 1
    )
    if len(numbers) > MANY_MAX:
        most = _("At most %(count)s subscribers are changed at once. Narrow the filters.")
        raise Invalid({EVERYTHING: most % {"count": MANY_MAX}})
    return numbers


async def _ask_assign(
    request: HTMXRequest, found: Selected, sent: Mapping[str, str], wrong: Invalid | None = None
) -> Answer:
    return form_page(
        request,
        "shared/subscribers/assign.html",
        count=len(found.numbers),
        crumbs=crumbs_to(found.scope),
        choice=await choice_of(found.scope, "account-manager", wrong),
        hidden={**found.hidden, INTENT: "assign-save"},
        action=found.action,
        back=found.listing.url(),
        values=dict(sent),
        errors={} if wrong is None else wrong.fields,
    )


async def _assign(request: HTMXRequest, found: Selected, sent: Mapping[str, str]) -> Answer:
    scope, field = found.scope, "account_manager"
    try:
        email = await chosen(scope, "account-manager", sent.get(field, ""), field)
        count = await assign(scope.actor, scope.cloud, found.numbers, email)
    except Invalid as invalid:
        return await _ask_assign(request, found, sent, invalid)
    told = ngettext("%(count)s subscriber is changed.", "%(count)s subscribers are changed.", count)
    return redirect(request, found.listing.url(), told % {"count": count})


async def _ask_invite(request: HTMXRequest, found: Selected, sent: Mapping[str, str]) -> Answer:
    del sent
    rows = await customers.contacts(found.scope.actor, found.scope.cloud, found.numbers)
    invited = invitable(rows)
    return page(
        request,
        "shared/subscribers/invite.html",
        crumbs=crumbs_to(found.scope),
        invited=len(invited),
        too_many=len(invited) > INVITED_MAX,
        most=INVITED_MAX,
        with_people=sum(row.has_people for row in rows),
        without_email=sum(not row.email and not row.has_people for row in rows),
        mailed=request.app.state.post.is_set_up,
        hidden={**found.hidden, INTENT: "invite-save"},
        action=found.action,
        back=found.listing.url(),
    )


async def _invite(request: HTMXRequest, found: Selected, sent: Mapping[str, str]) -> Answer:
    """Each by itself: an address that somebody else has keeps nobody else from being invited."""
    del sent
    scope, mail = found.scope, request.app.state.post
    contacts = invitable(await customers.contacts(scope.actor, scope.cloud, found.numbers))
    made = await invite_all(
        scope.actor,
        scope.cloud,
        [row.number for row in contacts[:INVITED_MAX]],
        now=SessionConfig.of(request).clock(),
        post=mail,
    )
    public_url = request.app.state.public_url
    rows = [
        Shown(
            one.name,
            one.email,
            "" if one.link is None or one.link.mailed else one.link.address(public_url),
            one.problem,
        )
        for one in made
    ]
    return page(
        request,
        "shared/subscribers/invited.html",
        crumbs=crumbs_to(scope),
        rows=rows,
        sent=sum(not one.problem for one in rows),
        mailed=mail.is_set_up,
        back=found.listing.url(),
    )


Deed = Callable[[HTMXRequest, Selected, Mapping[str, str]], Awaitable[Answer]]
DEEDS: Final[Mapping[str, Deed]] = {
    "assign": _ask_assign,
    "assign-save": _assign,
    "invite": _ask_invite,
    "invite-save": _invite,
}
