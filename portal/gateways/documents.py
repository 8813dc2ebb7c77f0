"""A document's value in, its PDF out: Jinja, WeasyPrint, PDF/A-3b. No file or address is opened.

Importing this module is cheap. WeasyPrint and Pango are loaded at the first rendering, and where
they are missing the error says which command installs them.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final

import jinja2

from portal.errors import PortalError
from portal.gateways.document_format import Formats, decimal_places, direction, plain
from portal.gateways.document_value import CameraUsageValue, DocumentValue, LineValue

TEMPLATES: Final = Path(__file__).parents[1] / "templates" / "documents"
SYSTEM_PACKAGES: Final = (
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "libharfbuzz-subset0",
    "fonts-dejavu-core",
)
INSTALL_COMMAND: Final = f"apt-get install --no-install-recommends {' '.join(SYSTEM_PACKAGES)}"
# More services than fit, and the appendix lists them in one column instead of one column each.
COLUMNS_BESIDE_TARIFFS: Final = 5
COLUMNS_WITHOUT_TARIFFS: Final = 6
GROUP_TITLES: Final = {
    "recurring": "Monthly plans",
    "setup": "One-time charges",
    "overage": "Use beyond the plan",
    "service": "Services",
}
VARIANT: Final = "pdf/a-3b"
MISSING_GLYPH: Final = "notdef glyph rendered"


class DocumentFailed(PortalError):
    """The document was not made into a PDF. The books are untouched, so it can be tried again."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Document not rendered"


class RendererMissing(PortalError):
    """A system library for rendering is not installed; everything but PDFs works."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = "PDF rendering is not installed"


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """The bytes of a PDF and their SHA-256 in hex.

    `missing` holds the characters that no installed font could draw; empty when all is well.
    """

    pdf: bytes
    sha256: str
    pages: int
    missing: str = ""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines printed under one heading; `amount` is their sum in minor units."""

    title: str
    lines: tuple[LineValue, ...]
    amount: int


@dataclass(frozen=True, slots=True)
class ServiceColumn:
    """A service's column of the appendix; its quantities all get `places` decimals, to line up."""

    label: str
    unit: str
    places: int


def render(value: DocumentValue) -> RenderedDocument:
    """Print `value`. Equal values give equal bytes on one installation (fonts and versions alike).

    Takes about half a second of one processor for a short invoice, some seconds for hundreds of
    cameras: call it through a DocumentPool. Raises RendererMissing where Pango is not installed and
    DocumentFailed for a value that contradicts itself.
    """
    html = html_of(value)
    weasyprint = _weasyprint()
    with _quietly(), _missing_glyphs() as missing:
        document = weasyprint.HTML(string=html, url_fetcher=_fetcher()).render(
            font_config=_fonts(),
            stylesheets=_stylesheets(Formats(value.currency, value.locale).paper),
            pdf_variant=VARIANT,
        )
        pdf = document.write_pdf(pdf_variant=VARIANT, pdf_identifier=_identifier(value))
    return RenderedDocument(
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        pages=len(document.pages),
        missing="".join(sorted(missing)),
    )


def html_of(value: DocumentValue) -> str:
    """The page that gets printed. Raises DocumentFailed when the totals do not add up."""
    if value.subtotal - value.discount != value.taxable or value.taxable + value.tax != value.total:
        raise DocumentFailed(f"{value.number} was not printed: its totals do not add up.")
    formats = Formats(value.currency, value.locale)
    return (
        _templates()
        .get_template("document.html")
        .render(
            value=value,
            formats=formats,
            groups=line_groups(value, formats),
            columns=service_columns(value.usage),
            usage_total=sum(camera.amount for camera in value.usage),
        )
    )


def line_groups(value: DocumentValue, formats: Formats) -> list[LineGroup]:
    """Neighbouring lines of one kind, and of one corrected month, under a heading."""

    def title(line: LineValue) -> str:
        if line.original_period and line.original_period != value.period:
            return f"Corrections for {formats.month(line.original_period)}"
        return GROUP_TITLES.get(line.kind, "")

    return [
        LineGroup(name, lines, sum(line.amount for line in lines))
        for name, lines in ((name, tuple(group)) for name, group in groupby(value.lines, title))
    ]


def service_columns(usage: tuple[CameraUsageValue, ...]) -> list[ServiceColumn]:
    """The services that become columns, by first use; none when they are too many for the paper."""
    places: dict[tuple[str, str], int] = {}
    for camera in usage:
        for label, quantity, unit in camera.rows:
            places[label, unit] = max(places.get((label, unit), 0), decimal_places(quantity))
    most = COLUMNS_BESIDE_TARIFFS if any(c.tariff for c in usage) else COLUMNS_WITHOUT_TARIFFS
    if len(places) > most:
        return []
    return [ServiceColumn(label, unit, count) for (label, unit), count in places.items()]


def bare_pdf(html: str, paper: str = "A4") -> bytes:
    """WeasyPrint alone on `html`, parsing the style sheet anew: the measure for benchmarks."""
    weasyprint = _weasyprint()
    style = weasyprint.CSS(string=_css() + f"@page {{ size: {paper} }}", url_fetcher=_fetcher())
    with _quietly():
        pdf = weasyprint.HTML(string=html, url_fetcher=_fetcher()).write_pdf(
            stylesheets=[style], pdf_variant=VARIANT
        )
    return bytes(pdf)


def _identifier(value: DocumentValue) -> bytes:
    """The file identifier that PDF/A asks for: the same for the same number of the same issuer."""
    return hashlib.sha256(f"{value.seller.name}\n{value.number}".encode()).digest()[:16]


def _weasyprint() -> ModuleType:
    """WeasyPrint, or an error that tells what to install."""
    try:
        with _quietly():
            return importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise RendererMissing(
            f"PDFs need Pango, which is not installed here. Install it with: {INSTALL_COMMAND}"
        ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings that are WeasyPrint's own affair.

    It leaves its colour profile's file to the collector, and says at import that its slower way of
    cutting fonts, used where libharfbuzz-subset0 is not installed, will go one day.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@lru_cache(maxsize=1)
def _fetcher() -> Any:
    """A fetcher for `data:` alone: whatever a name contains, no file and no address is opened."""
    urls = importlib.import_module("weasyprint.urls")
    return urls.URLFetcher(allowed_protocols=["data"], allow_redirects=False)


@lru_cache(maxsize=1)
def _fonts() -> Any:
    return importlib.import_module("weasyprint.text.fonts").FontConfiguration()


@lru_cache(maxsize=1)
def _css() -> str:
    return (TEMPLATES / "document.css").read_text(encoding="utf-8")


@lru_cache(maxsize=2)
def _stylesheets(paper: str) -> list[Any]:
    """The style sheet for one size of paper, parsed once in a process."""
    text = _css() + f"@page {{ size: {paper} }}"
    return [_weasyprint().CSS(string=text, url_fetcher=_fetcher(), font_config=_fonts())]


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=lambda shown: plain(shown) if type(shown) is str else shown,
    )
    environment.filters["direction"] = direction
    return environment


class _MissingGlyphs(logging.Handler):
    """Collects from WeasyPrint's log the characters that no font could draw."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.characters: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if MISSING_GLYPH in str(record.msg) and isinstance(record.args, tuple):
            self.characters.add(str(record.args[0]))


@contextmanager
def _missing_glyphs() -> Iterator[set[str]]:
    handler = _MissingGlyphs()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield handler.characters
    finally:
        logger.removeHandler(handler)
