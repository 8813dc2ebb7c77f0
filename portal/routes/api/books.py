"""The books: periods and their close, charges, documents, commissions, margins."""

from typing import Final

from portal.access import Permission
from portal.books.actions import periods as period_actions
from portal.books.forms.period import CloseForm
from portal.books.queries import (
    charges,
    commissions,
    invoice_files,
    invoices,
    margins,
    periods,
    why,
)
from portal.customers.forms.filters import (
    ChargeFilter,
    CommissionFilter,
    InvoiceFilter,
    MarginFilter,
)
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import PDF, Call, Register, Reply
from portal.routes.api.kit.paging import make_cursor
from portal.routes.api.kit.rows import answer, month_key
from portal.routes.files import sent

period_register: Final = Register("Periods")
charge_register: Final = Register("Charges")
invoice_register: Final = Register("Invoices")
commission_register: Final = Register("Commissions")
margin_register: Final = Register("Margins")
CSV: Final = "text/csv"


@period_register(
    "POST",
    "/clouds/{cloud}/periods/{period}/close",
    Permission.PERIODS_CLOSE,
    summary="Close a period",
    answer=answers.Period,
    form=CloseForm,
    status=202,
    conflicts="the month has not ended, or has days without complete usage (`errors` lists them)",
)
async def close_period(call: Call, form: CloseForm) -> answers.Period:
    """Begins the close; workers do the rest. A month that is closing or closed stays as it is."""
    await period_actions.start_close(
        call.actor,
        call.cloud,
        call.period,
        accept_gaps=form.accept_gaps,
        reason=form.reason,
        now=call.now,
        queue=call.queue,
    )
    return await read_period(call)


@period_register(
    "GET",
    "/clouds/{cloud}/periods/{period}",
    Permission.PERIODS_READ,
    summary="Read a period",
    answer=answers.Period,
)
async def read_period(call: Call) -> answers.Period:
    """Its state, how far a close has come, its gaps, and what it made.

    404 for a month that has not begun, and for one before the cloud had any data.
    """
    return period_answer(await periods.get(call.actor, call.cloud, call.period, now=call.now))


def period_answer(facts: periods.PeriodFacts) -> answers.Period:
    """A month as it is answered."""
    return answer(
        answers.Period,
        facts,
        progress=answer(answers.Progress, facts),
        totals=answer(answers.Totals, facts),
    )


@charge_register(
    "GET",
    "/clouds/{cloud}/charges",
    Permission.CHARGES_READ,
    summary="List charges",
    answer=answers.Page[answers.Charge],
    query=ChargeFilter,
    paged=True,
)
async def list_charges(call: Call, query: ChargeFilter) -> answers.Page[answers.Charge]:
    """That the close of a month made; corrections have an older `original_period`."""
    rows, last = await charges.list_page(
        call.actor,
        call.cloud,
        query.period,
        camera=query.camera,
        side=query.side,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    return answers.Page([answer(answers.Charge, row) for row in rows], _next(last))


def _next(last: int | None) -> str | None:
    return None if last is None else make_cursor(last)


@charge_register(
    "GET",
    "/clouds/{cloud}/cameras/{external_id}/why",
    Permission.CHARGES_READ,
    summary="Explain a camera's charges",
    answer=answers.CameraReasons,
    query=MarginFilter,
)
async def explain_camera(call: Call, query: MarginFilter) -> answers.CameraReasons:
    """What a camera's month is charged, each with the formula that makes its amount."""
    name = call.path["external_id"]
    found = await why.of_camera(call.actor, call.cloud, name, query.period, now=call.now)
    rows = [answer(answers.CameraReason, row, period=_month(row)) for row in found.rows]
    return answers.CameraReasons(found.closed, rows, list(found.unpriced))


def _month(row: why.ChargeReason) -> str | None:
    return None if row.billed_in is None else month_key(row.billed_in)


@invoice_register(
    "GET",
    "/clouds/{cloud}/invoices",
    Permission.INVOICES_READ,
    summary="List invoices and credit notes",
    answer=answers.Page[answers.Invoice],
    query=InvoiceFilter,
    paged=True,
)
async def list_invoices(call: Call, query: InvoiceFilter) -> answers.Page[answers.Invoice]:
    """In order of issue."""
    rows, last = await invoices.list_page(
        call.actor,
        call.cloud,
        invoices.Filters(period=query.period, side=query.side, subscriber=query.subscriber),
        now=call.now,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    return answers.Page([invoice_answer(row) for row in rows], _next(last))


@invoice_register(
    "GET",
    "/clouds/{cloud}/invoices/{number}",
    Permission.INVOICES_READ,
    summary="Read a document",
    answer=answers.Invoice,
    # A file may be waited for: each look at it is a transaction of its own.
    own_transactions=True,
)
async def read_invoice(call: Call) -> answers.Invoice | Reply:
    """With its lines, as it was issued."""
    number = call.path["number"]
    if invoice_files.is_file(number):  # NORTH-2026-000001.pdf is one part of the path
        return await _file(call)
    return invoice_answer(await invoices.get(call.actor, call.cloud, number, now=call.now))


@invoice_register(
    "GET",
    "/clouds/{cloud}/invoices/{number}/lines/{n}",
    Permission.INVOICES_READ,
    summary="List the charges of a line",
    answer=answers.Page[answers.LineRow],
    paged=True,
)
async def list_line_rows(call: Call) -> answers.Page[answers.LineRow]:
    """By camera, lines counted from 0. Each charge with the formula that makes its amount."""
    rows, last = await why.of_line(
        call.actor,
        call.cloud,
        call.path["number"],
        call.number("n"),
        after=call.after(tuple[int, int]) or (0, 0),
        limit=call.limit,
    )
    following = None if last is None else make_cursor(last)
    return answers.Page([answer(answers.LineRow, row) for row in rows], following)


@invoice_register(
    "GET",
    "/clouds/{cloud}/invoices/{number}.pdf",
    Permission.INVOICES_READ,
    summary="Download a document",
    answer=bytes,
    media_type=PDF,
    routed=False,
    conflicts="the PDF is still being made, or waits for a font (`detail` has the command)",
)
async def read_invoice_pdf(call: Call) -> Reply:
    """The PDF/A-3 as it was made when it was issued."""
    return await _file(call)


@invoice_register(
    "GET",
    "/clouds/{cloud}/invoices/{number}.csv",
    Permission.INVOICES_READ,
    summary="Download the cameras of a document",
    answer=bytes,
    media_type=CSV,
    routed=False,
    conflicts="the PDF is still being made, or waits for a font (`detail` has the command)",
)
async def read_invoice_csv(call: Call) -> Reply:
    """A row per camera, as attached to the PDF; 404 for a document with less than 200 cameras."""
    return await _file(call)


async def _file(call: Call) -> Reply:
    file = await invoice_files.get(call.actor, call.cloud, call.path["number"])
    one = sent(file, call.known)
    return Reply(one.content, one.media_type, one.status, one.headers)


def invoice_answer(row: invoices.Invoice) -> answers.Invoice:
    """A document as it is answered."""
    return answer(answers.Invoice, row, period=month_key(row.month))


@commission_register(
    "GET",
    "/clouds/{cloud}/commissions",
    Permission.COMMISSIONS_READ,
    summary="List commissions",
    answer=answers.Page[answers.Commission],
    query=CommissionFilter,
    paged=True,
)
async def list_commissions(call: Call, query: CommissionFilter) -> answers.Page[answers.Commission]:
    """What referrals earned, document by document and level by level."""
    rows, last = await commissions.list_page(
        call.actor,
        call.cloud,
        now=call.now,
        period=query.period,
        referral=query.referral,
        state=query.state,
        statement=query.statement,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    return answers.Page([_commission(row) for row in rows], _next(last))


def _commission(row: commissions.CommissionRow) -> answers.Commission:
    return answer(answers.Commission, row, period=month_key(row.month))


@margin_register(
    "GET",
    "/clouds/{cloud}/margins",
    Permission.MARGINS_READ,
    summary="List margins",
    answer=answers.Page[answers.Margin],
    query=MarginFilter,
    paged=True,
)
async def list_margins(call: Call, query: MarginFilter) -> answers.Page[answers.Margin]:
    """Of a closed month, camera by camera."""
    rows, last = await margins.list_page(
        call.actor,
        call.cloud,
        query.period,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    return answers.Page([answer(answers.Margin, row) for row in rows], _next(last))
