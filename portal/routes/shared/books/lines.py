"""What a line of a document is made of: camera by camera, with the reason of each amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.money import rounded
from portal.billing.period import Period
from portal.books.queries import why
from portal.books.queries.why import Agreement, ChargeReason
from portal.errors import no_such
from portal.routes.format import quantity
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.page import page
from portal.routes.reasons import said
from portal.routes.shared.books.invoice import document_of
from portal.routes.shared.books.invoices import InvoiceListConfig
from portal.values.numbers import number_in
from portal.words import _

ROWS: Final = 50
LINES_MAX: Final = 9_999
ID_DIGITS: Final = 18
COLUMNS: Final = (
    Column(_("Camera"), of=lambda row: row.name or row.camera),
    Column(_("External id"), of="camera", only_file=True),
    Column(_("Month"), of="month", kind="month", only_file=True),
    Column(_("Billed with"), of="billed_in", kind="month", only_file=True),
    Column(_("Days"), of="days", kind="number", wide=True, fact=True),
    Column(_("Quantity"), of="quantity", kind="quantity", wide=True),
    Column(_("Unit"), of="unit", only_file=True),
    Column(_("Unit price"), of="unit_price", kind="price", only_file=True),
    Column(_("How it comes about"), of="reason", wide=True),
    Column(_("Amount"), of="amount", kind="money"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A charge as it is shown. `billed_in` is the month that billed it, None where its own did.

    `told` is its quantity with the unit; `differs` and `changed` say how it stands to the books.
    """

    camera: str
    name: str
    href: str
    days: int | None
    quantity: Decimal
    told: str
    unit: str
    unit_price: Decimal | None
    reason: str
    amount: int
    month: date
    billed_in: date | None
    differs: bool
    changed: bool


async def line_page(
    request: HTMXRequest, number: str, line: str, config: InvoiceListConfig
) -> Response[str] | Stream:
    """The charges of a line of a document, lines counted from 0; 50 at a time, or all as a file."""
    person = person_of(request)
    position = number_in(line) if line != "0" else 0
    cloud, invoice = await document_of(request, number, config)
    if position is None or position >= len(invoice.lines):
        raise no_such(_("line"), line)
    of = invoice.lines[position]
    camera = config.of(config.camera, cloud, None)
    path = f"{config.path}/{number}/lines/{position}"
    columns = in_currency(COLUMNS, invoice.currency)
    listing = read_listing(path, request.query_params, columns, size=ROWS)
    seen, after = _after(request)

    async def read(size: int) -> list[Row]:
        nonlocal after
        if after is None:
            return []
        found, after = await why.of_line(
            person.actor, cloud, number, position, after=after, limit=size
        )
        return [row_of(one, camera, person.locale) for one in found]

    if listing.file:
        seen, after = 0, (0, 0)
        rows = await read(listing.size)
        listing = listing.found(await why.count_of_line(person.actor, cloud, number, position))

        async def more(part: Listing) -> Sequence[Row]:
            return await read(part.size)

        return await list_file(
            request,
            f"line-{position}-{number}",
            columns,
            rows,
            listing,
            more=more,
            cloud=cloud.slug,
        )
    rows = await read(ROWS)
    return page(
        request,
        "shared/books/line.html",
        block="rows",
        config=config,
        invoice=invoice,
        line=of,
        columns=columns,
        rows=rows,
        sum=sum(row.amount for row in rows),
        first=seen + 1,
        last=seen + len(rows),
        whole=seen == 0 and after is None,
        top=path if seen else "",
        further=_further(path, after, seen + len(rows)),
        listing=listing,
    )


def row_of(one: ChargeReason, camera: str, locale: str) -> Row:
    """A charge as pages and files show it; `camera` is the address of cameras."""
    month = Period.of(one.original_period)
    words = urlencode({"id": one.camera, "month": month.key})
    units = units_of(one.kind, one.unit if one.quantity == 1 else one.unit_plural)
    return Row(
        camera=one.camera,
        name=one.name,
        href=f"{camera}?{words}",
        days=one.days,
        quantity=rounded(one.quantity),
        told=quantity(one.quantity, units, locale),
        unit=one.unit,
        unit_price=one.unit_price,
        reason=said(one, locale),
        amount=one.amount,
        month=one.original_period,
        billed_in=None if one.billed_in == one.original_period else one.billed_in,
        differs=one.agreement is Agreement.DIFFERS,
        changed=one.agreement is Agreement.CHANGED,
    )


def units_of(kind: str, units: str) -> str:
    """What a charge's quantity is counted in: a recurring one's is months of a camera."""
    return _("camera-month") if kind == "recurring" else units


def _after(request: HTMXRequest) -> tuple[int, tuple[int, int] | None]:
    """How many rows stand before the page, and the camera and charge (row ids) it begins after."""
    words = request.query_params.get("after", "").split(".")
    if len(words) == 3 and all(
        word.isascii() and word.isdigit() and len(word) <= ID_DIGITS for word in words
    ):
        seen, camera, charge = map(int, words)
        return seen, (camera, charge)
    return 0, (0, 0)


def _further(path: str, after: tuple[int, int] | None, seen: int) -> str:
    return "" if after is None else f"{path}?after={seen}.{after[0]}.{after[1]}"
