"""Drafts of months that are not closed, and what a person looks at in them."""

from datetime import date, datetime
from typing import Any, Final, Literal

from msgspec import Struct

from portal.access import Permission, can
from portal.billing.drafting.surprises import Cause, Rule
from portal.billing.money import format_minor
from portal.books.actions import drafts as actions
from portal.books.forms.draft import DraftFilter, FineForm
from portal.books.queries.drafts import kept, reasons
from portal.books.queries.drafts.looks import SurpriseRow
from portal.errors import Forbidden, no_such
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import make_cursor
from portal.routes.api.kit.rows import Amount, MonthKey, Percent, answer
from portal.words import _

draft_register: Final = Register("Drafts")


class DraftTotals(Struct, frozen=True):
    """Sums over a month's documents; `wholesale` is after discount, before tax."""

    invoices: int
    charges: Amount
    discounts: Amount
    revenue: Amount
    wholesale: Amount
    commission: Amount
    margin: Amount
    tax: Amount
    to_collect: Amount


class Bridge(Struct, frozen=True):
    """The steps from the last month's revenue to this one; they sum to the difference."""

    existing: Amount
    new: Amount
    gone: Amount
    prices: Amount
    corrections: Amount


class Surprise(Struct, frozen=True, kw_only=True):
    """Something to look at before a month is closed; `id` stays when the draft is made anew.

    `subject` is one of `subscriber`, `camera`, `service`, `organization`, `preset` or `tariff` with
    its number, id or code; `cause` says why money is lost, "" where none is. Whoever found it
    `fine` did so for exactly this `amount`.
    """

    id: str
    rule: Rule
    subject: dict[str, str | int]
    name: str
    amount: Amount | None
    last: Amount | None
    detail: str
    cause: Cause
    fine: bool
    fine_by: str | None
    fine_at: datetime | None
    note: str


class Draft(Struct, frozen=True):
    """What the close of a month would issue now.

    `stale`: something changed, and workers make it anew. `last` and `bridge` are null where the
    month before is not closed, `totals` while the first draft is being made.
    """

    period: MonthKey
    currency: str
    state: Literal["ready", "making"]
    made_at: datetime | None
    stale: bool
    totals: DraftTotals | None
    last: DraftTotals | None
    bridge: Bridge | None
    surprises: list[Surprise]


class DraftInvoice(Struct, frozen=True):
    """A document as the close would issue it now: without a number, and nothing is due of it.

    `last` is the total of the month before, null where that is not closed.
    """

    type: Literal["invoice", "credit_note"]
    side: answers.Side
    subscriber: int | None
    period: MonthKey
    issued_at: datetime | None
    issued_on: date | None
    due_on: date | None
    currency: str
    lines: list[answers.Line]
    subtotal: Amount
    discount_percent: Percent
    discount: Amount
    taxable: Amount
    tax_percent: Percent
    tax: Amount
    total: Amount
    paid: Amount
    credited: Amount
    credits: str | None
    status: Literal["draft"]
    last: Amount | None
    difference: Amount | None


NUMBERED: Final = frozenset({"subscriber", "organization", "preset"})
"""Subjects whose names are numbers."""
NOT_YET: Final[dict[str, Any]] = {
    "issued_at": None,
    "issued_on": None,
    "due_on": None,
    "credits": None,
    "status": "draft",
}


@draft_register(
    "GET",
    "/clouds/{cloud}/periods/{period}/draft",
    Permission.MARGINS_READ,
    summary="Read a draft",
    answer=Draft,
)
async def read_draft(call: Call) -> Draft:
    """What the close of the month would issue now, beside the month before.

    Workers make it anew within 30 seconds of any change. 404 for a month that has not begun, is
    before any data, or has ended without a subscription.
    """
    facts = await kept.get(call.actor, call.cloud, call.period, now=call.now)
    currency = call.cloud.currency
    return answer(
        Draft,
        facts,
        surprises=[_surprise(one, currency) for one in facts.surprises],
        totals=_figures(facts.totals, currency),
        last=_figures(facts.last, currency),
        bridge=None if facts.bridge is None else answer(Bridge, facts.bridge, currency=currency),
    )


def _figures(row: kept.Figures | None, currency: str) -> DraftTotals | None:
    return None if row is None else answer(DraftTotals, row, currency=currency)


@draft_register(
    "POST",
    "/clouds/{cloud}/periods/{period}/draft",
    Permission.PERIODS_CLOSE,
    summary="Make a draft anew",
    answer=Draft,
    status=202,
    conflicts="the close of the month has begun",
)
async def make_draft(call: Call) -> Draft:
    """Workers make it, although nothing may have changed; until they have, it is `stale`."""
    await actions.make_anew(call.actor, call.cloud, call.period, now=call.now, queue=call.queue)
    return await read_draft(call)


@draft_register(
    "GET",
    "/clouds/{cloud}/periods/{period}/draft/invoices",
    Permission.INVOICES_READ,
    summary="List the documents of a draft",
    answer=answers.Page[DraftInvoice],
    query=DraftFilter,
    paged=True,
)
async def list_draft_invoices(call: Call, query: DraftFilter) -> answers.Page[DraftInvoice]:
    """By subscriber number those to subscribers; with `side=wholesale` the platform's to the cloud.

    Those that would be issued. An account manager reads those of own subscribers.
    """
    await kept.check(call.actor, call.cloud, call.period, now=call.now)
    if query.side == "wholesale":
        if not can(call.actor, Permission.MARGINS_READ):
            raise Forbidden(_("What the platform charges is not yours to read."))
        rows = await kept.wholesale(call.actor, call.cloud, call.period)
        return answers.Page([_invoice(row) for row in rows if query.subscriber is None], None)
    rows, last = await kept.invoices(
        call.actor,
        call.cloud,
        call.period,
        subscriber=query.subscriber,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    following = None if last is None else make_cursor(last)
    return answers.Page([_invoice(row) for row in rows], following)


@draft_register(
    "GET",
    "/clouds/{cloud}/periods/{period}/draft/invoices/{number}/lines/{n}",
    Permission.INVOICES_READ,
    summary="List the charges of a draft's line",
    answer=answers.Page[answers.LineRow],
    paged=True,
)
async def list_draft_line_rows(call: Call) -> answers.Page[answers.LineRow]:
    """By camera, of a subscriber's document, lines counted from 0; `limit` counts cameras.

    They are rated now, as the draft was; those of a correction are what is due for the older month
    now less what was billed for it.
    """
    await kept.check(call.actor, call.cloud, call.period, now=call.now)
    subscriber, position = call.number("number"), call.number("n")
    found = await kept.invoice(call.actor, call.cloud, call.period, subscriber)
    if position >= len(found.lines):
        raise no_such(_("line"), f"{subscriber} {position}")
    sold = await reasons.sold_on(call.actor, call.cloud, call.period, subscriber, position)
    if sold is None:
        raise no_such(_("line"), f"{subscriber} {position}")
    rows, last = await reasons.of_line(
        call.actor,
        call.cloud,
        call.period,
        subscriber,
        sold,
        now=call.now,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    following = None if last is None else make_cursor(last)
    return answers.Page([answer(answers.LineRow, row) for row in rows], following)


@draft_register(
    "POST",
    "/clouds/{cloud}/periods/{period}/draft/surprises/{id}/fine",
    Permission.PERIODS_CLOSE,
    summary="Find a surprise fine",
    answer=Surprise,
    form=FineForm,
)
async def find_fine(call: Call, form: FineForm) -> Surprise:
    """It stays listed, and is no longer waited for, until its amount changes."""
    row = await actions.find_fine(
        call.actor, call.cloud, call.period, call.path["id"], note=form.note
    )
    return _surprise(row, call.cloud.currency)


def _surprise(row: SurpriseRow, currency: str) -> Surprise:
    subject = int(row.subject) if row.subject_kind in NUMBERED else row.subject
    return answer(
        Surprise,
        row,
        currency=currency,
        subject={row.subject_kind: subject},
        fine_by=row.by or None,
        fine_at=row.at,
    )


def _invoice(row: kept.DraftInvoice) -> DraftInvoice:
    nothing = format_minor(0, row.currency)
    return answer(DraftInvoice, row, paid=nothing, credited=nothing, **NOT_YET)
