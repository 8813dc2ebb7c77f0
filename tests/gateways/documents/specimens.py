"""The documents that the tests print, and how a test looks into a PDF."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from pypdf import PdfReader

from portal.gateways.documents import render as documents
from portal.values.document import CameraUsageValue, DocumentValue, LineValue, Party
from portal.values.rendering import RendererMissing

GATE = CameraUsageValue(
    external_id="gate",
    name="Gate to the street",
    tariff="home-7",
    days=31,
    rows=(("Motion recording", "7", "days"), ("Licence plates", "1", "channels")),
    amount=990,
)
YARD = replace(GATE, external_id="yard", name="Back yard", days=16, amount=511)
SUE = DocumentValue(
    type="invoice",
    side="retail",
    number="NORTH-2026-000001",
    issued_on=date(2026, 11, 4),
    due_on=date(2026, 11, 18),
    period="2026-10",
    period_start=date(2026, 10, 1),
    period_end=date(2026, 11, 1),
    currency="EUR",
    locale="en",
    seller=Party(
        name="North Video",
        address=("Via dell'Orologio 14", "20121 Milano"),
        tax_number="IT 04172930968",
        email="billing@north.example",
        bank=("IBAN IT60 X054 2811 1010 0000 0123 456",),
    ),
    buyer=Party(name="Sue Bianchi", address=("Corso Vercelli 9",), customer_number="1007"),
    lines=(
        LineValue(
            kind="recurring",
            description="Home 7",
            detail="October 2026 · home-7 · version of 1 Oct 2026",
            quantity="1.516129",
            unit="camera-months",
            unit_price="9.90",
            amount=1501,
        ),
    ),
    subtotal=1501,
    discount_percent="10",
    discount=150,
    taxable=1351,
    tax_percent="22",
    tax=297,
    total=1648,
    payment_terms="Payable within 14 days.",
    usage=(GATE, YARD),
)
CREDIT = replace(
    SUE,
    type="credit_note",
    number="NORTH-2026-000002",
    due_on=None,
    lines=(replace(SUE.lines[0], quantity="-1.516129", amount=-1501),),
    subtotal=-1501,
    discount=-150,
    taxable=-1351,
    tax=-297,
    total=-1648,
    note="It reduces invoice NORTH-2026-000001. Reason: the yard was under water.",
    usage=(),
)


def in_currency(currency: str, locale: str, total: int) -> DocumentValue:
    """Sue's invoice for one sum, without discount and tax."""
    line = replace(SUE.lines[0], amount=total, unit_price=None)
    return totalling(replace(SUE, currency=currency, locale=locale, lines=(line,), usage=()), total)


def totalling(value: DocumentValue, total: int) -> DocumentValue:
    """`value` with one sum throughout, without discount and tax."""
    return replace(value, subtotal=total, discount=0, taxable=total, tax=0, total=total)


def read(pdf: bytes) -> Any:
    """The PDF's objects, which are whatever a file says they are."""
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """All pages' text with single ordinary spaces."""
    pages = "\n".join(page.extract_text() for page in read(pdf).pages)
    return "\n".join(" ".join(line.split()) for line in pages.splitlines())


def need_printing() -> None:
    """Skip, saying what to install, where Pango is not."""
    try:
        documents._weasyprint()
    except RendererMissing as missing:
        pytest.skip(missing.message)


DEJAVU = Path("/usr/share/fonts/truetype/dejavu")


def font_configuration(directory: Path) -> Path:
    """A configuration of fontconfig that knows DejaVu and the fonts in `directory`, no others.

    What it has read of DejaVu it keeps beside the directory, for the configurations of other tests.
    """
    if not DEJAVU.is_dir():
        pytest.skip(f"DejaVu is not in {DEJAVU}.")
    fonts = directory / "fonts"
    fonts.mkdir()
    path = directory / "fonts.conf"
    path.write_text(
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{DEJAVU}</dir><dir>{fonts}</dir><cachedir>{directory.parent / 'fonts'}</cachedir>"
        "</fontconfig>"
    )
    return path


def install_font(directory: Path, family: str, characters: str) -> None:
    """Put a font that draws a square for each of `characters` where the configuration looks."""
    names = [".notdef", *(f"u{ord(c):X}" for c in characters)]
    builder = FontBuilder(1000)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f"u{ord(c):X}" for c in characters})
    pen = TTGlyphPen(None)
    for step, point in enumerate([(100, 0), (100, 700), (900, 700), (900, 0)]):
        pen.lineTo(point) if step else pen.moveTo(point)
    pen.closePath()
    square = pen.glyph()
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.save(directory / "fonts" / f"{family.replace(' ', '')}.ttf")


def wholesale_of(cameras: int, customers: int) -> DocumentValue:
    """What the platform asks of a cloud for so many cameras, those of a customer in a row."""
    usage = tuple(
        replace(
            GATE,
            external_id=f"cam-{n:05d}",
            name=f"Camera {n}",
            tariff="",
            amount=100 + n,
            customer=f"Customer No {n * customers // cameras + 1} Ltd",
            customer_number=n * customers // cameras + 1,
            rows=(("Motion archive", "3.6129032258", "day"), ("Archive", "12.3456", "GB")),
        )
        for n in range(cameras)
    )
    total = sum(camera.amount for camera in usage)
    return totalling(replace(SUE, side="wholesale", usage=usage), total)
