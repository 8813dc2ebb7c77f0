"""How wide the columns of a document are: numbers get what they need, text takes what is left.

A number never breaks. Where a table's numbers leave too little for its text, the whole table gets
a smaller size. Widths are worked out from the widest font that may be installed, so that no other
font overflows them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from portal.gateways.documents.format import Formats, decimal_places
from portal.gateways.documents.usage import UsageRow, is_summed, services_of, usage_rows
from portal.values.document import DocumentValue, LineValue
from portal.values.look import is_colour, tint
from portal.words import _

MM_PER_POINT: Final = 25.4 / 72
WIDTH: Final = {"A4": 172.0, "letter": 177.8}
"""Between the margins, in millimetres."""
GAP: Final = 2.5
"""Before a column of numbers, in millimetres."""

LINES_SIZE: Final = 9.0
DESCRIPTION_LEAST: Final = 42.0
UNIT_LEAST, UNIT_MOST = 16.0, 29.0
APPENDIX_SIZE: Final = 7.5
APPENDIX_READABLE: Final = 6.0
"""Below it services go into one column of text instead of one column each."""
NAME_LEAST, TARIFF_LEAST, SERVICES_LEAST = 34.0, 20.0, 30.0
HEADING_SIZE, HEADING_LEAST, HEADING_MOST = 6.5, 13.0, 32.0
TOTAL_EM: Final = 1.13
SERVICE_COLUMNS_MAX: Final = 7
TOTAL_SIZE: Final = 13.0
SUMS_LEAST, SUMS_MOST = 84.0, 122.0
DUE_SIZE: Final = 12.0
DUE_MOST: Final = 76.0
DUE_PADDING: Final = 9.5
FACT_SIZE: Final = 9.0
FACT_WIDTH: Final = 45.0
ACCOUNT_MOST: Final = 50
"""Letters of a bank line that is an account's number; a longer one is text, and may break."""

# The advance of DejaVu Sans Bold, in ems; other fonts are narrower.
_EMS: Final = {
    **dict.fromkeys("0123456789", 0.70),
    **dict.fromkeys(".,·:;'’|", 0.42),
    **dict.fromkeys(" \u00a0\u202f\u2009", 0.36),
    **dict.fromkeys("-()[]/", 0.50),
    **dict.fromkeys("fijlrtIJ", 0.55),
    **dict.fromkeys("mwMW%", 1.11),
    "\u2212": 0.84,
}
_WIDE: Final = frozenset({"W", "F"})


def ems(text: str) -> float:
    """How wide a text is at most, in ems."""
    return sum(map(_em, text))


@lru_cache(maxsize=2_000)
def _em(character: str) -> float:
    if (known := _EMS.get(character)) is not None:
        return known
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    if unicodedata.east_asian_width(character) in _WIDE:
        return 1.05
    return 0.86 if character.isupper() or not character.isascii() else 0.73


def _widest(texts: Iterable[str]) -> float:
    return max(map(ems, texts), default=0.0)


def _millimetres(width: float, size: float) -> float:
    return width * size * MM_PER_POINT


def _size(width: float, room: float, most: float) -> float:
    """The size at which `width` ems take `room` millimetres, `most` points at most."""
    return min(most, room / (width * MM_PER_POINT)) if width else most


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line with its figures as they are printed."""

    line: LineValue
    quantity: str
    price: str
    amount: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column of numbers in the appendix."""

    label: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class AppendixRow:
    """A row of the appendix as it is printed: `figures` in the order of the headings.

    `services` (label, quantity, unit) are those that have no columns of their own.
    """

    row: UsageRow
    figures: tuple[str, ...]
    services: tuple[tuple[str, str, str], ...]
    amount: str


@dataclass(frozen=True, slots=True)
class Appendix:
    """The appendix: `size` in points, widths in millimetres in the order of the columns."""

    kind: str
    cameras: int
    has_tariffs: bool
    has_services: bool
    headings: tuple[Heading, ...]
    rows: tuple[AppendixRow, ...]
    total: str
    is_subtotal: bool
    size: float
    widths: tuple[float, ...]


def line_widths(
    rows: Sequence[LineRow], sums: Sequence[str], formats: Formats
) -> tuple[float, tuple[float, ...]]:
    """The size of the table of lines and the widths of its columns but the first.

    `sums` are the amounts of its groups.
    """
    head = str(_("Amount, %(currency)s") % {"currency": formats.currency})
    figures = (
        _widest([*(row.quantity for row in rows), str(_("Quantity"))]),
        _widest([*(row.price for row in rows), str(_("Unit price"))]),
        _widest(
            [
                *(row.amount for row in rows),
                *sums,
                head,
            ]
        ),
    )
    unit = _widest(row.line.unit for row in rows)
    room = WIDTH[formats.paper] - DESCRIPTION_LEAST - 4 * GAP
    size = _size(sum(figures), room - UNIT_LEAST, LINES_SIZE)
    quantity, price, amount = (_millimetres(width, size) + GAP for width in figures)
    left = room + 4 * GAP - quantity - price - amount
    of_unit = max(UNIT_LEAST, min(UNIT_MOST, left, _millimetres(unit, size) + GAP))
    return size, (quantity, of_unit, price, amount)


def appendix(value: DocumentValue, formats: Formats) -> Appendix | None:
    """The appendix of a document, None without usage.

    Services have a column each while their figures can be read, else one for all of them.
    """
    if not value.usage:
        return None
    rows = usage_rows(value)
    services = services_of(value.usage)
    if len(services) <= SERVICE_COLUMNS_MAX:
        made = _appendix(value, formats, rows, services)
        if made.size >= APPENDIX_READABLE:
            return made
    return _appendix(value, formats, rows, [])


def _appendix(
    value: DocumentValue,
    formats: Formats,
    rows: Sequence[UsageRow],
    columns: Sequence[tuple[str, str]],
) -> Appendix:
    summed = is_summed(value)
    places = {
        service: max(
            (decimal_places(row.quantities.get(service, ""), service[1]) for row in rows), default=0
        )
        for service in columns
    }
    counted = (
        [Heading(str(_("Cameras"))), Heading(str(_("Camera-days")))]
        if summed
        else [Heading(str(_("Days")))]
    )
    headings = (*counted, *(Heading(*service) for service in columns))

    def figure(row: UsageRow, service: tuple[str, str]) -> str:
        quantity = row.quantities.get(service)
        return "–" if quantity is None else formats.quantity(quantity, service[1], places[service])

    printed = tuple(
        AppendixRow(
            row=row,
            figures=(
                *([formats.quantity(str(row.cameras))] if summed else []),
                formats.quantity(str(row.days)),
                *(figure(row, service) for service in columns),
            ),
            services=tuple(
                (label, formats.quantity(quantity, unit), unit)
                for (label, unit), quantity in row.quantities.items()
                if not columns
            ),
            amount=formats.amount(row.amount),
        )
        for row in rows
    )
    total = sum(row.amount for row in rows)
    has_tariffs = any(row.tariff for row in rows)
    size, widths = _appendix_widths(
        printed, headings, formats.amount(total), WIDTH[formats.paper], has_tariffs=has_tariffs
    )
    return Appendix(
        kind="" if not summed else str(_("customer") if value.side == "wholesale" else _("tariff")),
        cameras=len(value.usage),
        has_tariffs=has_tariffs,
        has_services=not columns,
        headings=headings,
        rows=printed,
        total=formats.amount(total),
        is_subtotal=total == value.subtotal,
        size=size,
        widths=widths,
    )


def _appendix_widths(
    rows: Sequence[AppendixRow],
    headings: Sequence[Heading],
    total: str,
    room: float,
    *,
    has_tariffs: bool,
) -> tuple[float, tuple[float, ...]]:
    """The size of the appendix and the widths of its columns: name, tariff, figures, amount."""
    figures = [
        max(
            _widest(row.figures[place] for row in rows),
            0.0 if heading.unit else ems(heading.label) * HEADING_SIZE / APPENDIX_SIZE,
        )
        for place, heading in enumerate(headings)
    ]
    # The row of the total is a size larger than the others.
    amount = max(_widest(row.amount for row in rows), ems(total) * TOTAL_EM, ems(str(_("Amount"))))
    listed = _widest(quantity for row in rows for _, quantity, _ in row.services)
    least = NAME_LEAST + (TARIFF_LEAST if has_tariffs else 0) + GAP * (len(headings) + 1)
    least += SERVICES_LEAST if listed else 0
    size = _size(sum(figures) + amount + listed, room - least, APPENDIX_SIZE)
    widths = [_millimetres(width, size) + GAP for width in (*figures, amount)]
    # Headings may be broken, but not into single letters: what the text can spare is theirs, first
    # for all of them, then so much that no word is broken.
    spare = room - sum(widths) - least + GAP * (len(headings) + 1)
    for asked in ([HEADING_LEAST] * len(headings), list(map(_unbroken, headings))):
        for place in range(1, len(headings)):
            more = min(max(0.0, asked[place] - widths[place]), max(0.0, spare))
            widths[place] += more
            spare -= more
    text = room - sum(widths)
    shares = [3.0, *([2.0] if has_tariffs else []), *([4.0] if listed else [])]
    parts = [text * share / sum(shares) for share in shares]
    if listed:
        wanted = max(parts[-1], _millimetres(listed, size) + GAP)
        parts = [part * (text - wanted) / (text - parts[-1]) for part in parts[:-1]] + [wanted]
        return size, (*parts[:-1], *widths[:-1], parts[-1], widths[-1])
    return size, (*parts, *widths)


def _unbroken(heading: Heading) -> float:
    """How wide a column is, in millimetres, in which the words of its heading stay whole."""
    words = re.split(r"(?<=-)|\s", f"{heading.label} {heading.unit}")
    return min(HEADING_MOST, _millimetres(_widest(words), HEADING_SIZE) + GAP)


def style_of(
    value: DocumentValue,
    formats: Formats,
    lines: tuple[float, tuple[float, ...]],
    usage: Appendix | None,
) -> str:
    """The rules of one document's own: the widths of its columns and the sizes of its totals."""
    size, widths = lines
    rules = [f".lines {{ font-size: {size:.2f}pt }}", *_columns("lines", (None, *widths))]
    if usage is not None:
        rules.append(f".cameras {{ font-size: {usage.size:.2f}pt }}")
        rules += _columns("cameras", usage.widths)
    total = formats.money(value.total)
    label = max(
        (str(_("Total credited")), str(_("Total to be paid")), str(_("Total due"))), key=ems
    )
    sums = [
        formats.amount(one) for one in (value.subtotal, -value.discount, value.taxable, value.tax)
    ]
    label_width = _millimetres(
        _widest([str(_("Taxable amount")), str(_("Discount %(percent)s") % {"percent": "0" * 10})]),
        LINES_SIZE,
    )
    of_total = ems(label) + ems(total)
    wanted = max(
        label_width + _millimetres(_widest(sums), LINES_SIZE),
        _millimetres(of_total, TOTAL_SIZE),
    )
    width = min(SUMS_MOST, max(SUMS_LEAST, wanted + GAP))
    total_size = _size(of_total, width - GAP, TOTAL_SIZE)
    number = max(_millimetres(_widest(sums), LINES_SIZE), _millimetres(ems(total), total_size))
    third = WIDTH[formats.paper] / 3
    due = max(third, min(DUE_MOST, _millimetres(ems(total), DUE_SIZE) + DUE_PADDING))
    due_size = _size(ems(total), due - DUE_PADDING, DUE_SIZE)
    days = [formats.day(day) for day in (value.issued_on, value.due_on) if day is not None]
    rest = (WIDTH[formats.paper] - due) / 2 - DUE_PADDING
    rest_size = _size(_widest([*days, formats.month(value.period)]), rest, DUE_SIZE)
    rules += [
        f".sums {{ width: {width:.2f}mm }}",
        f".sums td {{ width: {number + 1:.2f}mm }}",
        f".sums .total th, .sums .total td {{ font-size: {total_size:.2f}pt }}",
        f".summary .due {{ width: {due:.2f}mm }}",
        f".summary .big {{ font-size: {rest_size:.2f}pt }}",
        f".summary .due .big {{ font-size: {due_size:.2f}pt }}",
        f".facts .figure {{ font-size: {_size(ems(value.number), FACT_WIDTH, FACT_SIZE):.2f}pt }}",
    ]
    if is_colour(value.colour):
        rules += _coloured(value.colour)
    if accounts := account_numbers(value):
        # An account's number is one number, whatever the sums beside it leave.
        left = WIDTH[formats.paper] - width - 2 * GAP
        account = _size(_widest(accounts), left, LINES_SIZE)
        rules.append(f".account {{ font-size: {account:.2f}pt; white-space: nowrap }}")
    return "\n".join(rules)


def _coloured(colour: str) -> list[str]:
    """The seller's colour in place of the usual one; the boxes of the summary have a tint of it."""
    return [
        f".strip {{ background: {colour} }}",
        f".wordmark, .lines .group th, .lines .group td {{ color: {colour} }}",
        f".summary {{ background: {tint(colour, 7)} }}",
        f".summary td {{ border-color: {tint(colour, 20)} }}",
        f".summary td.due {{ border-color: {colour} }}",
    ]


def account_numbers(value: DocumentValue) -> list[str]:
    """The bank lines that are an account's number: "IBAN IT60 X054 …"."""
    return [
        line
        for line in value.seller.bank
        if len(line) <= ACCOUNT_MOST and any(map(str.isdigit, line))
    ]


def _columns(table: str, widths: Sequence[float | None]) -> list[str]:
    return [
        f".{table} col:nth-child({place}) {{ width: {width:.2f}mm }}"
        for place, width in enumerate(widths, start=1)
        if width is not None
    ]
