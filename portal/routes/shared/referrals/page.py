"""One referral: what it is owed and why, the agents above and below it, and who signs in for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.accounts.queries import people
from portal.billing.payouts.statement import Due
from portal.billing.period import Period, local_date, parse_month
from portal.books.queries import referral_commissions as earned
from portal.books.queries.referral_commissions import EarnedPage, EarnedRow
from portal.customers.actions import referrals as actions
from portal.customers.queries import referrals as kept
from portal.customers.queries.referrals import Referral
from portal.errors import Invalid
from portal.overview.queries import referrals as reads
from portal.overview.queries.referrals import Agent
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import options_of
from portal.routes.shared.referrals.words import BASIS
from portal.routes.shared.sending import checked_off
from portal.values.amounts import money
from portal.values.numbers import number_in
from portal.values.states import state_word
from portal.words import _

WRITERS: Final = [requires(Permission.REFERRALS_WRITE)]
COMMISSIONS: Final = (
    Column(_("Invoice"), "document", of="document"),
    Column(_("Customer"), of="subscriber", kind="number", only_file=True),
    Column(_("Subscriber"), "subscriber", of="name", wide=True, fact=True),
    Column(_("Month"), "month", of="month", kind="month", wide=True, fact=True),
    Column(_("Level"), "level", of="level", kind="number", wide=True),
    Column(_("Before tax"), "base", of="base", kind="money", wide=True),
    Column(_("Percent"), of="percent", kind="percent", wide=True),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Commission"), "amount", of="amount", kind="money"),
)


AGENTS: Final = (
    Column(_("Agent"), of="agent.name"),
    Column(_("Code"), of="agent.code", only_file=True),
    Column(_("Stands"), of=lambda row: "above" if row.is_above else "below", only_file=True),
    Column(_("Level"), of="agent.level", kind="number"),
    Column(_("Is paid"), of="percent", kind="percent"),
    Column(_("Subscribers"), of="agent.subscribers", kind="number", wide=True, fact=True),
    Column(_("Since"), of="agent.created_at", kind="moment", wide=True),
)
PEOPLE: Final = (
    Column(_("Name"), of="name"),
    Column(_("E-mail address"), of="email", only_file=True),
    Column(_("State"), of="state", kind="state"),
    Column(_("Last sign-in"), of="signed_in_at", kind="moment", wide=True, fact=True),
)


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent above or below, and the percent of the level; None where none is paid."""

    agent: Agent
    percent: Decimal | None
    is_above: bool


@get("/referrals/{code:str}", guards=[requires(Permission.REFERRALS_READ)])
async def referral(request: HTMXRequest, code: FromPath[str]) -> Response[str] | Stream:
    """Its figures, its commissions, its agents and its people."""
    scope, now = await CloudScope.of(request), books_now(request)
    one = await kept.get(scope.actor, scope.cloud, code)
    listing = read_listing(
        scope.at("referrals", one.code),
        request.query_params,
        COMMISSIONS,
        filters=("q", "month", "level", "state"),
        default_sort="-month",
    )

    async def read(part: Listing) -> EarnedPage:
        return await earned.list_page(
            scope.actor,
            scope.cloud,
            one.code,
            now=now,
            period=_month(part.filters["month"]),
            level=number_in(part.filters["level"]),
            state=part.filters["state"] or None,
            text=part.filters["q"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[EarnedRow]:
        return (await read(part)).rows

    found = await read(listing)
    listing = listing.found(found.total)
    columns = in_currency(COMMISSIONS, scope.cloud.currency)
    agents, their_people = await _agents(scope, one), await _people(scope, one.code)
    if not listing.file:
        shown = _Shown(found, columns, agents, their_people)
        return await _page(request, scope, one, listing, shown)
    slug = scope.cloud.slug
    for name, of, lines in (("agents", AGENTS, agents), ("people", PEOPLE, their_people)):
        if listing.wants(name):
            what = f"{name}-{one.code}"
            return await list_file(request, what, of, lines, listing, cloud=slug, zone=scope.zone)
    what = f"commissions-{one.code}"
    return await list_file(request, what, columns, found.rows, listing, more=more, cloud=slug)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The lists of the page."""

    found: EarnedPage
    columns: Sequence[Column]
    agents: list[AgentRow]
    people: list[people.PersonRow]


async def _page(
    request: HTMXRequest, scope: CloudScope, one: Referral, listing: Listing, shown: _Shown
) -> Response[str]:
    locale, currency, now = person_of(request).locale, scope.cloud.currency, books_now(request)
    months = await earned.months(scope.actor, scope.cloud, one.code)
    return page(
        request,
        "shared/referrals/referral.html",
        block="rows",
        scope=scope,
        zone=scope.zone,
        referral=one,
        basis=BASIS[one.basis],
        balance=await reads.balance(scope.actor, scope.cloud, one.code, now=now),
        currency=currency,
        year=local_date(now, scope.zone).year,
        columns=shown.columns,
        rows=shown.found.rows,
        totals=["", "", "", "", "", "", "", "", money(shown.found.amount, currency, locale)],
        listing=listing,
        months=options_of(months, locale),
        levels=[(level, str(level)) for level in range(1, 2 + len(scope.cloud.level_percents))],
        states=[(str(one), state_word(one)) for one in Due],
        percents=(one.percent, *scope.cloud.level_percents),
        sponsor=next((row.agent for row in shown.agents if row.is_above), None),
        agents=shown.agents,
        agent_columns=AGENTS,
        people=shown.people,
        people_columns=PEOPLE,
        may_write=can(scope.actor, Permission.REFERRALS_WRITE),
        may_pay=can(scope.actor, Permission.PAYMENTS_WRITE),
        may_see_people=can(scope.actor, Permission.USERS_READ),
        may_invite=can(scope.actor, Permission.USERS_WRITE),
    )


@post("/referrals/{code:str}/check", guards=WRITERS, status_code=HTTPStatus.OK)
async def check_referral(request: HTMXRequest, code: FromPath[str]) -> Answer:
    """Store that somebody has looked at an invited agent; a second look finds it done."""
    scope = await CloudScope.of(request)
    check = partial(actions.check, scope.actor, scope.cloud, code, now=books_now(request))
    return await checked_off(request, scope.at("referrals", code), check)


async def _agents(scope: CloudScope, one: Referral) -> list[AgentRow]:
    """Its sponsors, then its agents, each with the percent of its level."""
    above, below = await reads.agents(scope.actor, scope.cloud, one)
    percents = dict(enumerate((one.percent, *scope.cloud.level_percents), start=1))
    rows = [AgentRow(agent, percents.get(agent.level), is_above=True) for agent in above]
    return rows + [AgentRow(agent, percents.get(agent.level), is_above=False) for agent in below]


async def _people(scope: CloudScope, code: str) -> list[people.PersonRow]:
    if not can(scope.actor, Permission.USERS_READ):
        return []
    return await people.list_of(scope.actor, scope.cloud, referral=code)


def _month(text: str) -> Period | None:
    """The month of a filter; None for all, and for what is no month."""
    try:
        return parse_month(text) if text else None
    except Invalid:
        return None
