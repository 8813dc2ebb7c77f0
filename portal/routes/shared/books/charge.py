"""Charging cards: one invoice from its page, or all of a month that can be."""

from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.books.actions.cards import charging
from portal.books.queries.cards import around
from portal.errors import Conflict
from portal.kit.queries.clock import wall_clock
from portal.routes.accounts.auth import Answer
from portal.routes.format import number as number_text
from portal.routes.guards import person_of, requires
from portal.routes.page import Toast, redirect
from portal.routes.reading import get
from portal.routes.shared.books.claims import claim_of, crumbs_to
from portal.routes.shared.books.send.step import month_of, way_back
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.money.card_words import card_name
from portal.routes.shared.sending import done_once
from portal.values.amounts import money
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]


@get("/invoices/{number:str}/charge", guards=WRITERS)
async def ask_charge(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Ask whether what is left of it is charged, and to which card."""
    scope, invoice = await claim_of(request, number)
    back = scope.at("invoices", number)
    found = await around.beside(scope.actor, scope.cloud, invoice)
    if not invoice.left or found.running is not None or found.card is None:
        why = _("There is nothing to charge, or no card to charge it to.")
        return redirect(request, back, Toast(why, "info"))
    left = money(invoice.left, invoice.currency, person_of(request).locale)
    return confirm(
        request,
        title=_("Charge %(number)s") % {"number": number},
        crumbs=crumbs_to(scope, invoice),
        question=_("Charge what is left of this invoice?"),
        facts=[
            (_("Customer"), invoice.name),
            (_("Card"), card_name(found.card)),
            (_("Amount"), left),
        ],
        action=f"{back}/charge",
        submit=_("Charge %(amount)s") % {"amount": left},
        cancel=back,
    )


@post("/invoices/{number:str}/charge", guards=WRITERS, status_code=HTTPStatus.OK)
async def charge(request: HTMXRequest, number: FromPath[str]) -> Response[None]:
    """Ask for the charge: while one is running, that one goes on."""
    scope, _invoice = await claim_of(request, number)
    back = scope.at("invoices", number)
    act = partial(
        charging.ask,
        scope.actor,
        scope.cloud,
        number,
        wall=wall_clock(),
        queue=request.app.state.queue,
    )
    try:
        await done_once(request, act)
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "error"))
    return redirect(request, back, _("The card is being charged."))


@get("/periods/{month:str}/send/charge", guards=WRITERS)
async def ask_charge_month(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Ask whether all that can be charged of a month is."""
    scope, period = await CloudScope.of(request), month_of(month)
    back, locale = await way_back(scope, period), person_of(request).locale
    found = await around.of_month(scope.actor, scope.cloud, period)
    if not found.count:
        why = _("No open invoice of this month has a card to charge.")
        return redirect(request, back, Toast(why, "info"))
    first = _("The first %(count)s are charged; ask again for the rest.")
    return confirm(
        request,
        title=_("Charge cards"),
        crumbs=(*scope.above, (_("Send documents"), back)),
        question=_("Charge these invoices to the cards of their customers?"),
        facts=[
            (_("Invoices"), number_text(found.count, locale)),
            (_("Sum"), money(found.left, scope.cloud.currency, locale)),
        ],
        warnings=[first % {"count": around.AT_ONCE}] if found.count > around.AT_ONCE else [],
        action=scope.at("periods", period.key, "send", "charge"),
        cancel=back,
    )


@post("/periods/{month:str}/send/charge", guards=WRITERS, status_code=HTTPStatus.OK)
async def charge_month(request: HTMXRequest, month: FromPath[str]) -> Response[None]:
    """Ask for all of them; what is being charged already is not asked for again."""
    scope, period = await CloudScope.of(request), month_of(month)
    asked = await charging.ask_month(
        scope.actor, scope.cloud, period, wall=wall_clock(), queue=request.app.state.queue
    )
    told = ngettext("%(count)s card is being charged.", "%(count)s cards are being charged.", asked)
    return redirect(request, await way_back(scope, period), told % {"count": asked})


CHARGES: Final = (ask_charge, charge, ask_charge_month, charge_month)
