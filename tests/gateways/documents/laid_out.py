"""A document's pages as WeasyPrint lays them out, before they are a PDF."""

from portal.gateways.documents import render as documents
from portal.gateways.documents.format import Formats
from portal.values.document import DocumentValue

LONG = "W" * 300


def laid_out(value: DocumentValue) -> list:
    """The pages as WeasyPrint's boxes."""
    paper = Formats(value.currency, value.locale).paper
    with documents._quietly():
        html = documents._weasyprint().HTML(string=documents.html_of(value))
        return html.render(
            stylesheets=documents._stylesheets(paper), font_config=documents._fonts()
        ).pages


def boxes(page, kind: str) -> list:
    return [box for box in page._page_box.descendants() if type(box).__name__ == kind]


def words(box) -> str:
    """The text inside a box, with single spaces."""
    texts = [part.text for part in box.descendants() if type(part).__name__ == "TextBox"]
    return " ".join(" ".join(texts).split())


def camera_rows(page) -> list:
    """The rows of the appendix on a page, without the table's head."""
    tables = [box for box in boxes(page, "TableBox") if box.element.get("class") == "cameras"]
    return [
        row
        for table in tables
        for row in table.descendants()
        if type(row).__name__ == "TableRowBox" and row.element.find("td") is not None
    ]
