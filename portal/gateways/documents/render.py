"""A document's value in, its PDF out: Jinja, WeasyPrint, PDF/A-3b. No file or address is opened.

Importing this module is cheap. WeasyPrint and Pango are loaded at the first rendering, and where
they are missing the error says which command installs them.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import logging
import warnings
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import jinja2

from portal.gateways.documents.fonts import (
    REPLACEMENT,
    InstalledFonts,
    install_command,
    printing_command,
)
from portal.gateways.documents.format import Formats, direction, plain
from portal.gateways.documents.layout import (
    LineRow,
    account_numbers,
    appendix,
    line_widths,
    style_of,
)
from portal.gateways.documents.paying import code_to_pay, reference_to_pay
from portal.gateways.documents.usage import csv_name, usage_csv
from portal.values import languages
from portal.values.document import DocumentValue, LineValue
from portal.values.rendering import DocumentFailed, GlyphsMissing, RenderedDocument, RendererMissing
from portal.words import _, speaking, spoken

TEMPLATES: Final = Path(__file__).parents[2] / "templates" / "documents"
GROUP_TITLES: Final = {
    "recurring": _("Monthly plans"),
    "setup": _("One-time charges"),
    "overage": _("Use beyond the plan"),
    "service": _("Services"),
    "commission": _("Commissions of the month"),
    "carried": _("Carried from earlier months"),
}
VARIANT: Final = "pdf/a-3b"
MISSING_GLYPH: Final = "notdef glyph rendered"


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines printed under one heading; `amount` is their sum as printed."""

    title: str
    lines: tuple[LineRow, ...]
    amount: str


def render(value: DocumentValue) -> RenderedDocument:
    """Print `value`. Equal values give equal bytes on one installation (fonts and versions alike).

    Takes about half a second of one processor for a short invoice, some seconds for hundreds of
    cameras: call it through a DocumentPool. Raises RendererMissing where Pango is not installed,
    DocumentFailed for a value that contradicts itself, and GlyphsMissing where a font is to be
    installed first.
    """
    html, usage = html_of(value), usage_csv(value)
    missing, made = _print(value, html, usage)
    if not missing:
        return made
    installed = InstalledFonts()
    if installed.undrawn(missing) != missing:
        _fonts.cache_clear()  # a font has come since this process began
        _stylesheets.cache_clear()
        missing, made = _print(value, html, usage)
    # What a font of this machine has and Pango does not draw is not for drawing, like U+FFF9.
    lacking = installed.undrawn(missing)
    if packages := installed.to_install(lacking):
        raise GlyphsMissing("".join(sorted(lacking)), install_command(packages))
    replaced = "".join(sorted(missing))
    if replaced:
        _, made = _print(
            value, html.translate(dict.fromkeys(map(ord, missing), REPLACEMENT)), usage
        )
    return replace(made, replaced=replaced)


def still_waiting(waits: Iterable[tuple[str, str]]) -> list[bool]:
    """Of each wait (characters, command), whether that command is still what it waits for.

    Not so once a font draws the characters, once another package is to be named, or once every
    package that could be named is here without them: then the document is to be printed anew.
    Raises RendererMissing where the libraries are not installed.
    """
    _weasyprint()
    installed = InstalledFonts()

    def waits_for(characters: str) -> str:
        packages = installed.to_install(installed.undrawn(characters))
        return install_command(packages) if packages else ""

    return [waits_for(characters) == command for characters, command in waits]


def _print(
    value: DocumentValue, html: str, usage: bytes | None
) -> tuple[set[str], RenderedDocument]:
    """The characters that no font drew, and the document with boxes in their places."""
    weasyprint = _weasyprint()
    with _quietly(), _missing_glyphs() as missing:
        document = weasyprint.HTML(string=html, url_fetcher=_fetcher()).render(
            font_config=_fonts(),
            stylesheets=_stylesheets(Formats(value.currency, value.locale).paper),
            pdf_variant=VARIANT,
            pdf_tags=True,
        )
        if usage is not None:
            document.metadata.attachments = [_attachment(weasyprint, value, usage)]
        pdf = document.write_pdf(
            pdf_variant=VARIANT, pdf_tags=True, pdf_identifier=_identifier(value)
        )
    made = RenderedDocument(
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        pages=len(document.pages),
        usage=usage,
    )
    return missing, made


def _attachment(weasyprint: ModuleType, value: DocumentValue, usage: bytes) -> Any:
    """The CSV as PDF/A-3 wants it: named, dated, and related to the document as its data."""
    issued = datetime.combine(value.issued_on, time(), UTC)
    return weasyprint.Attachment(
        file_obj=io.BytesIO(usage),
        name=csv_name(value.number),
        description=_worded(value, _("Usage by camera, %(number)s") % {"number": value.number}),
        relationship="Data",
        created=issued,
        modified=issued,
    )


def html_of(value: DocumentValue) -> str:
    """The page that gets printed. Raises DocumentFailed when the totals do not add up."""
    if value.subtotal - value.discount != value.taxable or value.taxable + value.tax != value.total:
        raise DocumentFailed(
            _("%(number)s was not printed: its totals do not add up.") % {"number": value.number}
        )
    formats = Formats(value.currency, value.locale)
    with speaking(languages.catalogue(formats.language)):
        return _html(value, formats)


def _worded(value: DocumentValue, sentence: str) -> str:
    """A sentence in the language of the document."""
    with speaking(languages.catalogue(languages.of_locale(value.locale))):
        return str(sentence)


def _html(value: DocumentValue, formats: Formats) -> str:
    groups = line_groups(value, formats)
    lines = line_widths(
        [row for group in groups for row in group.lines],
        [group.amount for group in groups],
        formats,
    )
    usage = appendix(value, formats)
    return (
        _templates()
        .get_template("document.html")
        .render(
            value=value,
            formats=formats,
            groups=groups,
            usage=usage,
            attached=csv_name(value.number),
            accounts=account_numbers(value),
            reference=_in_fours(reference_to_pay(value)),
            code=code_to_pay(value),
            logo="" if value.logo is None else b64encode(value.logo).decode(),
            style=style_of(value, formats, lines, usage),
        )
    )


def _in_fours(reference: str) -> str:
    """As it is typed: "RF22 N202 6000 010"."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))


def _line_row(line: LineValue, formats: Formats) -> LineRow:
    return LineRow(
        line=line,
        quantity=formats.line_quantity(line),
        price=str(_("varies")) if line.unit_price is None else formats.price(line.unit_price),
        amount=formats.amount(line.amount),
    )


def line_groups(value: DocumentValue, formats: Formats) -> list[LineGroup]:
    """Neighbouring lines of one kind, and of one corrected month, under a heading."""

    def title(line: LineValue) -> str:
        if line.original_period and line.original_period != value.period:
            corrected = {"month": formats.month(line.original_period)}
            return str(_("Corrections for %(month)s") % corrected)
        return str(GROUP_TITLES.get(line.kind, ""))

    return [
        LineGroup(
            name,
            tuple(_line_row(line, formats) for line in lines),
            formats.amount(sum(line.amount for line in lines)),
        )
        for name, lines in ((name, tuple(group)) for name, group in groupby(value.lines, title))
    ]


def bare_pdf(html: str, paper: str = "A4") -> bytes:
    """WeasyPrint alone on `html`, parsing the style sheet anew: the measure for benchmarks."""
    weasyprint = _weasyprint()
    style = weasyprint.CSS(string=_css() + f"@page {{ size: {paper} }}", url_fetcher=_fetcher())
    with _quietly():
        pdf = weasyprint.HTML(string=html, url_fetcher=_fetcher()).write_pdf(
            stylesheets=[style], pdf_variant=VARIANT, pdf_tags=True
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
            _("PDFs need Pango, which is not installed here. Install it with: %(command)s")
            % {"command": printing_command()}
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
        extensions=["jinja2.ext.i18n"],
    )
    # Not of the new style: what is translated is escaped, and made plain, like any other text.
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension's
        lambda text: spoken().gettext(text),
        lambda one, many, number: spoken().ngettext(one, many, number),
        newstyle=False,
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
