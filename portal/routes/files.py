"""PDFs of documents and CSVs of their cameras, as they were made when they were issued."""

from http import HTTPStatus
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.books.queries import invoice_files, invoices
from portal.routes.guards import actor_of

PDF: Final = "application/pdf"
CSV: Final = "text/csv"
SUFFIX: Final = ".pdf"
USAGE_SUFFIX: Final = ".csv"
# A document is the same for ever, but whether one may see it is asked each time.
CACHING: Final = "private, no-cache"


async def pdf(request: HTMXRequest, number: str) -> Response[bytes]:
    """The PDF of a document that the actor sees, by its number; 304 to whoever has it already.

    `NotFound` when it is not there or not this actor's to see, `Conflict` while it is being made.
    """
    actor = actor_of(request)
    cloud = await invoices.cloud_of(actor, number)
    file = await invoice_files.file(actor, cloud, number)
    return _answer(request, file, SUFFIX, PDF)


async def usage_csv(request: HTMXRequest, number: str) -> Response[bytes]:
    """The CSV that is attached to a document's PDF. Answers and raises like `pdf`.

    `NotFound`, too, for a document that lists its cameras itself.
    """
    actor = actor_of(request)
    cloud = await invoices.cloud_of(actor, number)
    file = await invoice_files.usage_file(actor, cloud, number)
    return _answer(request, file, USAGE_SUFFIX, CSV)


def _answer(
    request: HTMXRequest, file: invoice_files.InvoiceFile, suffix: str, media_type: str
) -> Response[bytes]:
    tag = f'"{file.sha256}"'
    headers = {"ETag": tag, "Cache-Control": CACHING}
    known = request.headers.get("if-none-match", "")
    if tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{file.number}{suffix}"'
    return Response(file.content, media_type=media_type, headers=headers)
