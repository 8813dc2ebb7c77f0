"""Saying how a bank's CSV is read: what each column of it means, once for all files like it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.books.actions.bank import csv_mappings
from portal.books.actions.bank import uploads as actions
from portal.books.forms.csv_mapping import COLUMNS_MAX, CsvMappingForm
from portal.books.queries.bank import uploads
from portal.books.queries.bank.uploads import Upload
from portal.errors import Conflict, Invalid, InvalidLines
from portal.kit.forms.form import parse_typed
from portal.routes.accounts.auth import Answer
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.shared.bank.files import WRITERS, head_of, look_at, reader_of
from portal.routes.shared.money.book import BookScope
from portal.values.bank_files import CSV, CsvHead
from portal.words import _

SAYS: Final = (
    ("booked_on", _("Day of booking")),
    ("amount", _("Amount with its sign")),
    ("credit", _("Came in")),
    ("debit", _("Went out")),
    ("text", _("Text")),
    ("payer", _("Payer")),
    ("iban", _("Payer's account")),
    ("reference", _("Reference of the bank")),
)
DAYS: Final = (
    ("%d.%m.%Y", "31.10.2026"),
    ("%d/%m/%Y", "31/10/2026"),
    ("%Y-%m-%d", "2026-10-31"),
    ("%d-%m-%Y", "31-10-2026"),
    ("%m/%d/%Y", "10/31/2026"),
    ("%d.%m.%y", "31.10.26"),
    ("%d/%m/%y", "31/10/26"),
    ("%Y%m%d", "20261031"),
)
# What columns are often called, in small letters: the first that fits is proposed.
_OFTEN: Final = (
    ("booked_on", r"buchung|booking|booked|data|date|datum|valuta|giorno"),
    ("debit", r"debit|dare|soll|addebit|out|uscit"),
    ("credit", r"credit|avere|haben|accredit|entrat"),
    ("amount", r"betrag|amount|importo|umsatz"),
    ("iban", r"iban|konto|account|conto"),
    ("payer", r"name|payer|ordinante|auftraggeber|beneficiar|controparte|partner"),
    ("reference", r"referenz|reference|riferimento|id\b|cro|trn"),
    ("text", r"text|zweck|causale|descri|memo|details"),
)


@dataclass(frozen=True, slots=True)
class Csv:
    """A file that waits to be told of, with its first rows."""

    book: BookScope
    upload: Upload
    head: CsvHead


async def _csv(request: HTMXRequest, upload: int) -> Csv | None:
    """None where the file is no CSV, or is looked at already. Raises `NotFound`."""
    book = await BookScope.of(request)
    found = await uploads.get(book.actor, book.cloud, upload)
    if found.format != CSV or found.looked:
        return None
    content = await actions.bytes_of(book.actor, book.cloud, found, reader=reader_of(request))
    head = await head_of(request, content)
    return Csv(book, found, head)


def _begun(of: Csv) -> dict[str, str]:
    """What is proposed: by the names of the columns, and by what stands in the first rows."""
    values = {
        "name": re.sub(r"[^a-z0-9]+", "-", of.upload.name.lower().partition(".")[0]).strip("-")[:40]
        or "bank",
        "decimal": ",",
        "date_format": DAYS[0][0],
    }
    taken: set[str] = set()
    for place, column in enumerate(of.head.columns[:COLUMNS_MAX]):
        says = next(
            (one for one, like in _OFTEN if one not in taken and re.search(like, column.lower())),
            "",
        )
        values[f"column-{place}"] = says
        taken.add(says)
    cells = [cell for row in of.head.rows for cell in row]
    if any(re.fullmatch(r"-?[0-9]+\.[0-9]{2}", cell) for cell in cells):
        values["decimal"] = "."
    shapes = {
        r"[0-9]{2}/[0-9]{2}/[0-9]{4}": "%d/%m/%Y",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}": "%Y-%m-%d",
        r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}": "%d.%m.%y",
    }
    for shape, pattern in shapes.items():
        if any(re.fullmatch(shape, cell) for cell in cells):
            values["date_format"] = pattern
    return values


# Litestar's `get`, for a file is read, and no transaction waits for that.
@get("/payments/bank/files/{upload:int}/columns", guards=WRITERS)
async def ask_columns(request: HTMXRequest, upload: FromPath[int]) -> Answer:
    """The form, with what the names of the columns let one guess."""
    of = await _csv(request, upload)
    if of is None:
        book = await BookScope.of(request)
        return redirect(request, book.at("payments", "bank"))
    return _page(request, of, _begun(of), {})


def _page(
    request: HTMXRequest, of: Csv, values: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    book = of.book
    samples = [
        (place, name, [row[place] for row in of.head.rows if place < len(row)])
        for place, name in enumerate(of.head.columns[:COLUMNS_MAX])
    ]
    return form_page(
        request,
        "shared/bank/columns.html",
        errors=dict(errors),
        book=book,
        crumbs=book.crumbs((_("Bank files"), book.at("payments", "bank"))),
        name=of.upload.name,
        samples=samples,
        says=SAYS,
        days=DAYS,
        action=book.at("payments", "bank", "files", of.upload.id, "columns"),
        cancel=book.at("payments", "bank"),
        values=dict(values),
    )


@post("/payments/bank/files/{upload:int}/columns", guards=WRITERS, status_code=HTTPStatus.OK)
async def keep_columns(request: HTMXRequest, upload: FromPath[int]) -> Answer:
    """Keep it, and look at the file by it."""
    sent, of = await texts(request), await _csv(request, upload)
    book = await BookScope.of(request)
    here = book.at("payments", "bank", "files", upload)
    if of is None:
        return redirect(request, here)
    try:
        form = parse_typed(CsvMappingForm, _form(of.head, sent))
        await csv_mappings.put(book.actor, book.cloud, form.named(sent.get("name", "").strip()))
        await look_at(request, book, of.upload)
    except InvalidLines as wrong:
        line, problem = wrong.lines[0]
        told = _("Line %(line)s %(problem)s.") % {"line": line, "problem": problem}
        return _page(request, of, sent, {"date_format": told})
    except Invalid as wrong:
        return _page(request, of, sent, _boxes(of.head, sent, wrong.fields))
    except Conflict as conflict:
        return _page(request, of, sent, {"name": conflict.message})
    return redirect(request, here)


def _form(head: CsvHead, sent: Mapping[str, str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    unused = []
    for place, name in enumerate(head.columns[:COLUMNS_MAX]):
        says = sent.get(f"column-{place}", "")
        if says in dict(SAYS) and says not in columns:
            columns[says] = name
        elif says in dict(SAYS):
            raise Invalid({f"column-{place}": _("is said of another column already")})
        else:
            unused.append(name)
    return {
        "delimiter": head.delimiter,
        "decimal": sent.get("decimal", ""),
        "date_format": sent.get("date_format", ""),
        "columns": {**columns, **({"unused": unused} if unused else {})},
    }


def _boxes(head: CsvHead, sent: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """Messages by the boxes of the page; what no box says is told at the first column."""
    known = {"name", "decimal", "date_format"}
    found = {}
    for path, told in fields.items():
        said = path.rpartition(".")[2]
        places: Sequence[int] = [
            place
            for place in range(len(head.columns))
            if sent.get(f"column-{place}") == said or path == f"column-{place}"
        ]
        box = path if path in known else f"column-{places[0] if places else 0}"
        found[box] = f"{dict(SAYS)[said]}: {told}" if said in dict(SAYS) else told
    return found


COLUMNS_OF_CSV: Final = (ask_columns, keep_columns)
