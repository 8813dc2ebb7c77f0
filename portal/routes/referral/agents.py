"""The agents of a referral, and theirs, as deep as it is paid."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.customers.forms.referral import NewAgent
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.forms.boxes import parse_boxes
from portal.kit.queries import tenancy
from portal.overview.actions import agents as actions
from portal.overview.queries import agents as reads
from portal.routes.accounts.auth import Answer
from portal.routes.format import number
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, in_currency, read_listing
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import form_page, page, redirect
from portal.routes.reading import get, in_snapshot
from portal.routes.referral.paths import AGENTS, NEW_AGENT
from portal.routes.shared.accounts.once import link_for, link_page
from portal.routes.shared.sending import made_once
from portal.values.amounts import money
from portal.words import _

INVITERS: Final = [requires(Permission.SUBSCRIBERS_BRING)]
COLUMNS: Final = (
    Column(_("Agent"), of="name"),
    Column(_("Level"), of="level", kind="number", wide=True, fact=True),
    Column(_("Since"), of="since", kind="day", wide=True),
    Column(_("Customers"), of="customers", kind="number", wide=True, fact=True),
    Column(_("Percent"), of="percent", kind="percent", wide=True),
    Column(_("My share"), of="earned", kind="money"),
)


@get("/agents", guards=[requires(Permission.COMMISSIONS_READ)])
async def agents(request: HTMXRequest) -> Response[str] | Stream:
    """All of them, or the file."""
    person = person_of(request)
    found = await reads.below(person.actor, person.zone)
    columns = in_currency(COLUMNS, person.currency)
    listing = read_listing(AGENTS, request.query_params, columns).found(len(found))
    if listing.file:
        return await list_file(request, "agents", columns, found, listing)
    inviting = await reads.invitations(person.actor)
    customers = number(sum(one.customers for one in found), person.locale)
    earned = money(sum(one.earned for one in found), person.currency, person.locale)
    return page(
        request,
        "referral/agents.html",
        columns=columns,
        rows=found,
        totals=["", "", "", customers, "", earned],
        listing=listing,
        invitations=inviting,
        new_path=NEW_AGENT,
    )


@get("/agents/new", guards=INVITERS)
async def ask_agent(request: HTMXRequest) -> Response[str]:
    """The form."""
    return await _form(request, values={}, errors={})


@post("/agents/new", guards=INVITERS, status_code=HTTPStatus.OK)
async def invite_agent(request: HTMXRequest) -> Answer:
    """Invite one; without a mail server the link is shown, once."""
    actor, sent = actor_of(request), await texts(request)
    cloud = await tenancy.own_cloud(actor)
    try:
        new = parse_boxes(NewAgent, sent)
        now, mail = SessionConfig.of(request).clock(), request.app.state.post
        make = partial(actions.invite, actor, cloud, new, now=now, post=mail)
        link = await made_once(request, make, AGENTS)
    except Invalid as invalid:
        return await _form(request, values=sent, errors=invalid.fields)
    except Conflict as conflict:
        fields = conflict.fields or {"email": conflict.message}
        return await _form(request, values=sent, errors=fields)
    if link.mailed:
        told = _("A link is on its way to %(email)s.") % {"email": new.email}
        return redirect(request, AGENTS, told)
    return link_page(
        request,
        link,
        new.email,
        title=link_for(new.name),
        crumbs=((_("Agents"), AGENTS),),
        back=AGENTS,
    )


@in_snapshot
async def _form(
    request: HTMXRequest, *, values: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    actor = actor_of(request)
    inviting = await reads.invitations(actor)
    if not inviting.allowed:
        raise Forbidden(_("Your operator takes on no agent of yours now."))
    return form_page(
        request,
        "referral/agent.html",
        errors=dict(errors),
        values=dict(values),
        crumbs=((_("Agents"), AGENTS),),
        path=NEW_AGENT,
        back=AGENTS,
        operator=(await tenancy.own_cloud(actor)).name,
        mailed=request.app.state.post.is_set_up,
    )
