"""Statements of referrals: the operator's list, one statement with its commissions, and its end."""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.payouts.statement import Due, StatementState
from portal.billing.period import Period, local_date
from portal.books.actions.payouts import statements as actions
from portal.books.forms.statement import PayStatement, ReleaseCommission, VoidStatement
from portal.books.queries import commissions
from portal.books.queries.commissions import CommissionRow
from portal.books.queries.invoice_files import PDF
from portal.books.queries.payouts import statement_lists as lists
from portal.books.queries.payouts import statements as reads
from portal.books.queries.payouts.statement_lists import PaidStatement
from portal.books.queries.payouts.statements import Statement
from portal.customers.queries import referrals as kept
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.files import statement_file
from portal.routes.format import month
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import done_once
from portal.values.amounts import money
from portal.values.states import state_word
from portal.words import _, ngettext

GUARDS: Final = [requires(Permission.REFERRALS_READ)]
WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]
SHOWN: Final = tuple(one for one in StatementState if one is not StatementState.DROPPED)
COLUMNS: Final = (
    Column(_("Statement"), "number", of="title"),
    Column(_("Referral"), "referral", of="name", wide=True, fact=True),
    Column(_("Month"), "month", of="month", kind="month", wide=True, fact=True),
    Column(_("State"), "state", of="state", kind="state", wide=True, fact=True),
    Column(_("Commissions"), of="entries", kind="number", wide=True),
    Column(_("From earlier months"), of="carried", kind="money", wide=True),
    Column(_("Approved"), of="approved_on", kind="day", only_file=True),
    Column(_("Paid on"), of="paid_on", kind="day", only_file=True),
    Column(_("Reference"), of="reference", only_file=True),
    Column(_("Account holder"), of="payee", only_file=True),
    Column(_("IBAN"), of="iban", only_file=True),
    Column(_("BIC"), of="bic", only_file=True),
    Column(_("Amount"), "amount", of="amount", kind="money"),
)
ENTRIES: Final = (
    Column(_("Document"), "document", of="document"),
    Column(_("Month"), "month", of="month", kind="month", wide=True, fact=True),
    Column(_("Level"), of="level", kind="number", wide=True),
    Column(_("Base"), of="base", kind="money", wide=True),
    Column(_("Percent"), of="percent", kind="percent", wide=True),
    Column(_("Commission"), "amount", of="amount", kind="money"),
)


@get("/statements", guards=GUARDS)
async def statements(request: HTMXRequest) -> Response[str] | Stream:
    """The latest first, with what each bank needs in the file."""
    scope, person = await CloudScope.of(request), person_of(request)
    listing = read_listing(
        scope.at("statements"),
        request.query_params,
        COLUMNS,
        filters=("state", "referral"),
        default_sort="-month",
    )

    async def read(part: Listing) -> lists.StatementPage:
        return await lists.page(
            scope.actor,
            scope.cloud,
            state=part.filters["state"] or None,
            referral=part.filters["referral"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[PaidStatement]:
        return (await read(part)).rows

    found = await read(listing)
    listing, columns = listing.found(found.total), in_currency(COLUMNS, scope.cloud.currency)
    if listing.file:
        slug = scope.cloud.slug
        return await list_file(
            request, "statements", columns, found.rows, listing, more=more, cloud=slug
        )
    ended = _ended(request, scope)
    return page(
        request,
        "shared/referrals/statements.html",
        block="rows",
        scope=scope,
        columns=columns,
        rows=found.rows,
        totals=[""] * (len(COLUMNS) - 1)
        + [money(found.amount, scope.cloud.currency, person.locale)],
        listing=listing,
        states=[(str(one), state_word(one)) for one in SHOWN],
        ended=ended.start,
        may_write=can(scope.actor, Permission.PAYMENTS_WRITE),
    )


def _ended(request: HTMXRequest, scope: CloudScope) -> Period:
    """The month that ended last where the cloud is."""
    return Period.of(local_date(books_now(request), scope.zone)).previous()


@post("/statements/draft", guards=WRITERS, status_code=HTTPStatus.OK)
async def draft_statements(request: HTMXRequest) -> Answer:
    """Draft those of the month that ended last: of all referrals, or of the one that is named."""
    scope, sent = await CloudScope.of(request), await texts(request)
    code, period = sent.get("referral") or None, _ended(request, scope)
    now, path = books_now(request), scope.at("statements")
    if code is not None:
        await kept.get(scope.actor, scope.cloud, code)
    try:
        made = await actions.draft(scope.actor, scope.cloud, period, referral=code, now=now)
    except Conflict as conflict:
        return redirect(request, path, Toast(conflict.message, "error"))
    if code is not None:
        return redirect(request, scope.at("statements", made[0].id))
    drafts = sum(one.state == StatementState.DRAFT for one in made)
    told = ngettext(
        "%(count)s statement of %(month)s to approve.",
        "%(count)s statements of %(month)s to approve.",
        drafts,
    )
    facts = {"count": drafts, "month": month(period.start, person_of(request).locale)}
    return redirect(request, path, told % facts)


@get("/statements/{key:str}", guards=GUARDS)
async def statement(
    request: HTMXRequest, key: FromPath[str]
) -> Response[str] | Response[bytes] | Stream:
    """What it is made of, and what is done with it next; "….pdf" is its file."""
    scope = await CloudScope.of(request)
    if key.endswith(PDF):
        return await statement_file(request, key, scope.cloud)
    found = await reads.get(scope.actor, scope.cloud, key)
    return await statement_page(request, scope, found, {}, {})


async def statement_page(
    request: HTMXRequest,
    scope: CloudScope,
    found: Statement,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response[str] | Stream:
    """The page, with what was typed of its payment."""
    listing = read_listing(
        scope.at("statements", found.title),
        request.query_params,
        ENTRIES,
        filters=(),
        default_sort="document",
    )

    async def more(part: Listing) -> Sequence[CommissionRow]:
        return await lists.entries(
            scope.actor,
            scope.cloud,
            found,
            now=books_now(request),
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    listing, columns = listing.found(found.entries), in_currency(ENTRIES, found.currency)
    rows = await more(listing)
    if listing.file:
        what, slug = f"statement-{found.title}", scope.cloud.slug
        return await list_file(request, what, columns, rows, listing, more=more, cloud=slug)
    today = local_date(books_now(request), scope.zone)
    return page(
        request,
        "shared/referrals/statement.html",
        block="rows",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        scope=scope,
        statement=found,
        columns=columns,
        rows=rows,
        listing=listing,
        payee=await kept.get(scope.actor, scope.cloud, found.referral),
        values={"paid_on": today.isoformat(), "reference": "", **values},
        errors=errors,
        may_write=can(scope.actor, Permission.PAYMENTS_WRITE),
    )


@post("/statements/{key:str}/approve", guards=WRITERS, status_code=HTTPStatus.OK)
async def approve_statement(request: HTMXRequest, key: FromPath[str]) -> Answer:
    """Give it its number."""
    scope = await CloudScope.of(request)
    try:
        made = await actions.approve(
            *(scope.actor, scope.cloud, key),
            now=books_now(request),
            queue=request.app.state.queue,
        )
    except Conflict as conflict:
        return redirect(request, scope.at("statements", key), Toast(conflict.message, "error"))
    told = _("%(number)s is approved.") % {"number": made.title}
    return redirect(request, scope.at("statements", made.title), told)


@get("/statements/{key:str}/void", guards=WRITERS)
async def ask_void(request: HTMXRequest, key: FromPath[str]) -> Response[str]:
    """Ask first, and why."""
    scope = await CloudScope.of(request)
    found = await reads.get(scope.actor, scope.cloud, key)
    is_draft = found.state == StatementState.DRAFT
    name = found.title if found.number else found.name
    facts = {"name": name, "number": name}
    return confirm(
        request,
        title=_("Drop the draft") if is_draft else _("Void the statement"),
        question=(_("Drop the draft of %(name)s?") if is_draft else _("Void statement %(number)s?"))
        % facts,
        warnings=() if is_draft else (_("Its number stays used."),),
        lead=_("Its commissions are payable again."),
        action=scope.at("statements", found.title, "void"),
        cancel=scope.at("statements", found.title),
        crumbs=(*scope.above, (_("Statements"), scope.at("statements"))),
        danger=True,
        template="shared/referrals/void.html",
    )


@post("/statements/{key:str}/void", guards=WRITERS, status_code=HTTPStatus.OK)
async def void_statement(request: HTMXRequest, key: FromPath[str]) -> Answer:
    """Drop a draft, or void what was approved."""
    scope, sent = await CloudScope.of(request), await texts(request)
    form = parse_texts(VoidStatement, {"reason": sent.get("reason", "")})
    now = books_now(request)
    try:
        made = await actions.void(scope.actor, scope.cloud, key, form.reason, now=now)
    except Conflict as conflict:
        return redirect(request, scope.at("statements", key), Toast(conflict.message, "error"))
    told = _("%(number)s is void.") if made.number else _("The draft is dropped.")
    return redirect(request, scope.at("statements"), told % {"number": made.title})


@post("/statements/{key:str}/pay", guards=WRITERS, status_code=HTTPStatus.OK)
async def pay_statement(request: HTMXRequest, key: FromPath[str]) -> Answer | Stream:
    """Note when it was paid, and under which reference."""
    scope, sent = await CloudScope.of(request), await texts(request)
    found = await reads.get(scope.actor, scope.cloud, key)
    values = {name: sent.get(name, "") for name in ("paid_on", "reference")}
    try:
        form = parse_texts(PayStatement, values)
        pay = partial(actions.pay, scope.actor, scope.cloud, key, form, now=books_now(request))
        await done_once(request, pay)
    except Invalid as invalid:
        return await statement_page(request, scope, found, values, invalid.fields)
    except Conflict as conflict:
        path = scope.at("statements", found.title)
        return redirect(request, path, Toast(conflict.message, "error"))
    told = _("%(number)s is paid.") % {"number": found.title}
    return redirect(request, scope.at("statements", found.title), told)


def _held(scope: CloudScope, code: str) -> str:
    return scope.at("referrals", code, state=str(Due.HELD))


async def _ask_release(
    request: HTMXRequest, scope: CloudScope, found: CommissionRow, errors: Mapping[str, str]
) -> Response[str]:
    one, locale = found.referral, person_of(request).locale
    return confirm(
        request,
        title=_("Release the commission"),
        question=_("Pay %(name)s for %(document)s all the same?")
        % {"name": found.name, "document": found.document},
        lead=_("Referral and subscriber seem to be the same person."),
        facts=((_("Commission"), money(found.amount, found.currency, locale)),),
        action=scope.at("referrals", one, "commissions", found.id, "release"),
        cancel=_held(scope, one),
        crumbs=(
            *scope.above,
            (_("Referrals"), scope.at("referrals")),
            (found.name, scope.at("referrals", one)),
        ),
        errors=errors,
        template="shared/referrals/void.html",
    )


@get("/referrals/{code:str}/commissions/{id:int}/release", guards=WRITERS)
async def ask_release(request: HTMXRequest, id: FromPath[int]) -> Response[str]:  # noqa: A002 - the path's word
    """Ask why a commission that is held is paid."""
    scope = await CloudScope.of(request)
    found = await commissions.get(scope.actor, scope.cloud, id, now=books_now(request))
    return await _ask_release(request, scope, found, {})


@post(
    "/referrals/{code:str}/commissions/{id:int}/release",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def release_commission(request: HTMXRequest, id: FromPath[int]) -> Answer:  # noqa: A002 - the path's word
    """Pay it in time."""
    scope, sent, now = await CloudScope.of(request), await texts(request), books_now(request)
    found = await commissions.get(scope.actor, scope.cloud, id, now=now)
    try:
        form = parse_texts(ReleaseCommission, {"reason": sent.get("reason", "")})
        await actions.release(scope.actor, scope.cloud, id, form.reason, now=now)
    except Invalid as invalid:
        return await _ask_release(request, scope, found, invalid.fields)
    except Conflict as conflict:
        return redirect(request, _held(scope, found.referral), Toast(conflict.message, "error"))
    told = _("The commission on %(document)s is released.") % {"document": found.document}
    return redirect(request, scope.at("referrals", found.referral), told)


STATEMENTS: Final = (
    ask_release,
    release_commission,
    statements,
    draft_statements,
    statement,
    approve_statement,
    ask_void,
    void_statement,
    pay_statement,
)
