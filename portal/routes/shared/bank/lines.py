"""Lines of bank files: those that wait for a person, those of a file, and one of them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.books.actions.bank import worklist
from portal.books.forms.bank_file import IgnoreForm, MatchCloudForm, MatchForm
from portal.books.queries.bank import line_lists, lines, uploads
from portal.books.queries.bank.line_lists import Guess, LinePage
from portal.books.queries.bank.lines import StoredLine
from portal.books.queries.bank.reasons import reason_in_words
from portal.books.queries.money import payments
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.kit.forms.nested import intent_of, parse_nested
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of
from portal.routes.list_files import read_page
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.bank.files import READERS, WRITERS, states_of
from portal.routes.shared.bank.words import FORMATS, rule_word
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.money.placing import Asked, again, boxes_of, count_of, preview_of
from portal.routes.shared.money.words import box_of, told_of
from portal.routes.shared.sending import done_once
from portal.values.amounts import currency_sign, money
from portal.words import _


def _invoices(row: StoredLine) -> str:
    return ", ".join(one.invoice for one in row.allocations)


WAITING: Final = (
    Column(_("Payer"), "name", of=lambda row: row.name or "–"),
    Column(_("Booked on"), "booked_on", of="booked_on", kind="day", wide=True, fact=True),
    Column(_("Text"), of="text", wide=True),
    Column(_("Reference"), of="bank_reference", only_file=True),
    Column(_("End-to-end id"), of="end_to_end", only_file=True),
    Column(
        _("Best guess"), of=lambda row: row.suggestions[0] if row.suggestions else None, wide=True
    ),
    Column(_("Reason"), of=lambda row: reason_in_words(row.state, row.reason), only_file=True),
    Column(_("Amount"), "amount", of="amount", kind="money"),
    Column(_("Actions"), kind="action"),
)
OF_FILE: Final = (
    Column(_("Payer"), of=lambda row: row.name or "–"),
    Column(_("Line"), "line", of="line", kind="number", wide=True),
    Column(_("Booked on"), "booked_on", of="booked_on", kind="day", wide=True, fact=True),
    Column(_("Text"), of="text", wide=True),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Invoices"), of=_invoices, wide=True),
    Column(_("Rule"), of="rule", only_file=True, says=lambda row: rule_word(row.rule)),
    Column(_("Note"), of="note", only_file=True),
    Column(_("Amount"), "amount", of="amount", kind="money"),
)


@get("/payments/unmatched", guards=READERS)
async def unmatched(request: HTMXRequest) -> Response[str] | Stream:
    """What waits, the oldest first, each with the best guess and one click for it."""
    book = await BookScope.of(request)
    listing = read_listing(
        book.at("payments", "unmatched"),
        request.query_params,
        WAITING,
        filters=("q",),
        default_sort="booked_on",
    )

    async def read(part: Listing) -> LinePage:
        return await line_lists.list_for_page(
            *(book.actor, book.cloud),
            state="open",
            text=part.filters["q"],
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    found, listing, file = await read_page(
        request, "unmatched", WAITING, listing, read, cloud=book.slug
    )
    if file is not None:
        return file
    locale = person_of(request).locale
    return page(
        request,
        "shared/bank/unmatched.html",
        block="rows",
        book=book,
        tab_rows=book.tab_rows("payments/unmatched", 0 if listing.filtered else found.total),
        columns=WAITING,
        rows=found.rows,
        listing=listing,
        guess=lambda row: _best(row, found.guesses),
        sure=_sure,
        left=lambda one: money(one.left, one.currency, locale),
        why=lambda row: reason_in_words(row.state, row.reason),
        plain=lambda row: box_of(row.amount, row.currency, locale),
    )


def _best(row: StoredLine, guesses: Mapping[str, Guess]) -> Guess | None:
    return next((guesses[one] for one in row.suggestions if one in guesses), None)


def _sure(row: StoredLine, guess: Guess) -> bool:
    """Whether one click may do it: the amount is what is left of the invoice."""
    return bool(row.payments) and row.amount == guess.left and row.currency == guess.currency


@get("/payments/bank/{file:int}", guards=READERS)
async def import_page(request: HTMXRequest, file: FromPath[int]) -> Response[str] | Stream:
    """What a file has brought, line by line, as it stands now."""
    book = await BookScope.of(request)
    row = await uploads.get_import(book.actor, book.cloud, file)
    listing = read_listing(
        book.at("payments", "bank", file),
        request.query_params,
        OF_FILE,
        filters=("state",),
        default_sort="line",
    )
    state = listing.filters["state"]

    async def read(part: Listing) -> LinePage:
        return await line_lists.list_for_page(
            *(book.actor, book.cloud),
            state=state if state in line_lists.STATES else None,
            file=file,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    found, listing, sheet = await read_page(
        request, f"bank-file-{file}", OF_FILE, listing, read, cloud=book.slug
    )
    if sheet is not None:
        return sheet
    counts = await uploads.count_lines(book.actor, book.cloud, file)
    return page(
        request,
        "shared/bank/import.html",
        block="rows",
        book=book,
        crumbs=book.crumbs((_("Bank files"), book.at("payments", "bank"))),
        file=row,
        format=FORMATS[row.format],
        columns=OF_FILE,
        rows=found.rows,
        listing=listing,
        states=states_of(counts, listing, person_of(request).locale),
    )


@get("/payments/lines/{line:int}", guards=READERS)
async def line_page(request: HTMXRequest, line: FromPath[int]) -> Response[str]:
    """One line, and where it waits the form that says what it is."""
    book = await BookScope.of(request)
    found = await lines.get(book.actor, book.cloud, line)
    locale = person_of(request).locale
    guesses = await line_lists.guesses(book.actor, book.cloud, found.suggestions)
    suggestions = [
        (one.number, box_of(min(one.left, found.amount), found.currency, locale))
        for one in guesses.values()
        if len(guesses) == 1 or found.amount == one.left
    ][:1]
    offered = boxes_of(None, suggestions)
    return await _line_page(request, book, found, offered)


async def _line_page(
    request: HTMXRequest,
    book: BookScope,
    found: StoredLine,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    wrong: Invalid | None = None,
    refused: str = "",
    verb: str = "",
) -> Response[str]:
    locale = person_of(request).locale
    guesses = await line_lists.guesses(book.actor, book.cloud, found.suggestions)
    waits = found.state in {"open", "ignored"} and bool(found.payments) and book.may_write
    moved, told = None, ""
    if waits:
        payment = await payments.get(book.actor, book.cloud, found.payments[0])
        asked = Asked.of(values, book.field)
        moved, told = await preview_of(book, payment, asked, "")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    at = book.at("payments", "lines", found.id)
    return page(
        request,
        "shared/bank/line.html",
        block="computed" if verb == "recalculate" else "form",
        status=HTTPStatus.CONFLICT if refused else status,
        book=book,
        line=found,
        waits=waits,
        may_ignore=found.state == "open" and book.may_write,
        guesses=list(guesses.values()),
        left=lambda one: money(one.left, one.currency, locale),
        why=reason_in_words(found.state, found.reason),
        rule=rule_word(found.rule),
        customer=None,
        lefts={one.number: money(one.left, one.currency, locale) for one in guesses.values()},
        choice=await book.choice(wrong) if waits else None,
        rows=range(count_of(values)),
        crumbs=book.crumbs((_("Unmatched"), book.at("payments", "unmatched"))),
        action=f"{at}/match",
        ignore=f"{at}/ignore",
        cancel=book.at("payments", "unmatched"),
        sign=currency_sign(found.currency, locale),
        told=told_of(moved, locale),
        refused=refused or told,
        values=values,
        errors=errors or {},
    )


@post("/payments/lines/{line:int}/match", guards=WRITERS, status_code=HTTPStatus.OK)
async def match_line(request: HTMXRequest, line: FromPath[int]) -> Answer:
    """Put its money there, once for a form; or show what that does."""
    book, sent = await BookScope.of(request), await texts(request)
    found = await lines.get(book.actor, book.cloud, line)
    intent, boxes = intent_of(sent), again(sent)
    show = partial(_line_page, request, book, found, boxes)
    if not intent.saves:
        return await show(verb=intent.verb)
    asked = Asked.of(boxes, book.field)
    back = book.at("payments", "unmatched")
    try:
        asked = replace(asked, customer=await book.chosen(asked.customer))
        values = {**asked.values(book.field, ""), "remember": boxes.get("remember", "")}
        form: MatchForm | MatchCloudForm
        if book.is_platform:
            form = parse_nested(MatchCloudForm, values)
        else:
            form = parse_nested(MatchForm, values)
        of, now = (book.actor, book.cloud, line, form), books_now(request)
        await done_once(request, partial(worklist.match, *of, now=now))
    except Invalid as invalid:
        return await show(errors=asked.boxes(invalid.fields), wrong=invalid)
    except Conflict as conflict:
        if found.state not in {"open", "ignored"}:
            return redirect(request, back, Toast(conflict.message, "info"))
        return await show(refused=conflict.message)
    told = _("The line of %(name)s is matched.") % {"name": found.name or found.text or line}
    return redirect(request, back, told)


@post("/payments/lines/{line:int}/ignore", guards=WRITERS, status_code=HTTPStatus.OK)
async def ignore_line(request: HTMXRequest, line: FromPath[int]) -> Answer:
    """Take it off the list; again changes nothing."""
    book, sent = await BookScope.of(request), await texts(request)
    found = await lines.get(book.actor, book.cloud, line)
    boxes = {"reason": sent.get("reason", "").strip()}
    back = book.at("payments", "unmatched")
    try:
        form = parse_texts(IgnoreForm, boxes)
        await worklist.ignore(book.actor, book.cloud, line, form)
    except Invalid as invalid:
        return await _line_page(request, book, found, boxes, errors=invalid.fields)
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "info"))
    return redirect(request, back, _("The line is off the list. Its money stays of nobody."))


LINES: Final = (unmatched, import_page, line_page, match_line, ignore_line)
