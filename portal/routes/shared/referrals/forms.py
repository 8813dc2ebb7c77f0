"""Taking on a referral, and changing one."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.accounts.actions.sign_in_links import Link
from portal.customers.actions import referrals as actions
from portal.customers.forms.referral import NewReferral, ReferralChange
from portal.customers.queries import referrals as kept
from portal.customers.queries.referrals import Referral
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.overview.actions.taking_on import take_on
from portal.overview.queries import referrals as reads
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.once import link_for, link_page
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.referrals.words import COUNTS, MEANS
from portal.routes.shared.sending import made_once
from portal.values.text import code_of, free_code
from portal.values.typed import typed
from portal.words import _

WRITERS: Final = [requires(Permission.REFERRALS_WRITE)]
FIELDS: Final = ("name", "email", "code", "percent", "basis", "hold_days", "sponsor")
LABELS: Final = {
    "name": _("Name"),
    "email": _("E-mail address"),
    "code": _("Code"),
    "percent": _("Percent"),
    "basis": _("Earns"),
    "hold_days": _("Days until a commission is payable"),
    "sponsor": _("Sponsor"),
}
INVITE: Final = "invite"


@get("/referrals/new", guards=WRITERS)
async def new_referral(request: HTMXRequest) -> Response[str]:
    """The form."""
    scope = await CloudScope.of(request)
    return await _new(request, scope, {"basis": "invoiced", "hold_days": "30", INVITE: "on"})


@post("/referrals/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def create_referral(request: HTMXRequest) -> Answer:
    """Take it on, and invite it where that is ticked."""
    scope, sent = await CloudScope.of(request), _sent(await texts(request))
    invited = INVITE in sent and can(scope.actor, Permission.USERS_WRITE)
    if not sent["code"]:
        sent["code"] = code_of(sent["name"])
    try:
        form = await _read(scope, NewReferral, sent)
        make = partial(
            take_on,
            scope.actor,
            scope.cloud,
            form,
            invited=invited,
            now=books_now(request),
            post=request.app.state.post,
        )
        made, link = await made_once(request, make, scope.at("referrals", form.code))
    except Invalid as invalid:
        if not sent["code"]:
            invalid.fields.pop("code", None)  # it is made of the name, which is what is missing
        return await _new(request, scope, sent, invalid)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return await _new(request, scope, sent, Invalid(await _free(scope, sent, conflict)))
    return _made(request, scope, made, link)


@get("/referrals/{code:str}/edit", guards=WRITERS)
async def edit_referral(request: HTMXRequest, code: FromPath[str]) -> Response[str]:
    """The form with the terms as they are."""
    scope = await CloudScope.of(request)
    one = await kept.get(scope.actor, scope.cloud, code)
    locale = person_of(request).locale
    values = {
        "name": one.name,
        "email": one.email,
        "percent": typed(one.percent, locale),
        "basis": one.basis,
        "hold_days": str(one.hold_days),
        "sponsor": one.sponsor or "",
    }
    return await _edit(request, scope, one, values)


@post("/referrals/{code:str}/edit", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_referral(request: HTMXRequest, code: FromPath[str]) -> Answer:
    """Store them. What was earned stays as it is."""
    scope, sent = await CloudScope.of(request), _sent(await texts(request))
    one = await kept.get(scope.actor, scope.cloud, code)
    try:
        form = await _read(scope, NewReferral, {**sent, "code": one.code})
        change = ReferralChange(
            name=form.name,
            email=form.email,
            percent=form.percent,
            basis=form.basis,
            hold_days=form.hold_days,
            sponsor=form.sponsor,
        )
        await actions.change(scope.actor, scope.cloud, code, change)
    except Invalid as invalid:
        return await _edit(request, scope, one, sent, invalid)
    path = scope.at("referrals", one.code)
    return redirect(request, path, _("%(name)s is changed.") % {"name": form.name})


async def _read(scope: CloudScope, form: type[NewReferral], sent: Mapping[str, str]) -> NewReferral:
    """The form with its sponsor as a code. Raises `Invalid` with every wrong field."""
    values = {name: sent[name] for name in FIELDS}
    wrong: Invalid | None = None
    try:
        values["sponsor"] = await chosen(scope, "referral", sent["sponsor"], "sponsor") or ""
    except Invalid as ambiguous:
        wrong, values["sponsor"] = ambiguous, ""
    try:
        read = parse_texts(form, values)
    except Invalid as invalid:
        if wrong is None:
            raise
        wrong.fields.update(invalid.fields)
        raise wrong from None
    if wrong is not None:
        raise wrong
    return read


async def _free(scope: CloudScope, sent: dict[str, str], conflict: Conflict) -> dict[str, str]:
    """What is taken, by field, with a code that is not."""
    problems = dict(conflict.fields)
    if "code" in problems:
        taken = await reads.codes(scope.actor, scope.cloud)
        proposal = free_code(sent["code"], taken)
        problems["code"] = _("is taken; %(code)s is free") % {"code": proposal}
    return problems


def _made(request: HTMXRequest, scope: CloudScope, made: Referral, link: Link | None) -> Answer:
    path = scope.at("referrals", made.code)
    if link is None:
        return redirect(request, path, _("%(name)s was added.") % {"name": made.name})
    if link.mailed:
        said = _("%(name)s was added. An invitation is on its way to %(email)s.")
        return redirect(request, path, said % {"name": made.name, "email": made.email})
    return link_page(
        request,
        link,
        made.email,
        title=link_for(made.name),
        crumbs=(*scope.above, (_("Referrals"), scope.at("referrals"))),
        back=path,
    )


def _sent(sent: Mapping[str, str]) -> dict[str, str]:
    """What was sent, without the spaces around it; what was not is empty."""
    found = {name: sent.get(name, "").strip() for name in FIELDS}
    return {**found, INVITE: "on"} if INVITE in sent else found


async def _new(
    request: HTMXRequest, scope: CloudScope, values: Mapping[str, str], wrong: Invalid | None = None
) -> Response[str]:
    return await _form(
        request,
        scope,
        values,
        wrong,
        title=_("New referral"),
        action=scope.at("referrals", "new"),
        cancel=scope.at("referrals"),
        crumbs=(*scope.above, (_("Referrals"), scope.at("referrals"))),
        is_new=True,
    )


async def _edit(
    request: HTMXRequest,
    scope: CloudScope,
    one: Referral,
    values: Mapping[str, str],
    wrong: Invalid | None = None,
) -> Response[str]:
    path = scope.at("referrals", one.code)
    return await _form(
        request,
        scope,
        values,
        wrong,
        title=_("Edit %(found)s") % {"found": one.name},
        action=f"{path}/edit",
        cancel=path,
        crumbs=(*scope.above, (_("Referrals"), scope.at("referrals")), (one.name, path)),
        is_new=False,
    )


async def _form(
    request: HTMXRequest,
    scope: CloudScope,
    values: Mapping[str, str],
    wrong: Invalid | None,
    **context: Any,
) -> Response[str]:
    return form_page(
        request,
        "shared/referrals/form.html",
        errors=None if wrong is None else wrong.fields,
        values=values,
        labels=LABELS,
        means=MEANS,
        counts=COUNTS,
        sponsors=await choice_of(scope, "referral", wrong),
        may_invite=can(scope.actor, Permission.USERS_WRITE),
        **context,
    )
