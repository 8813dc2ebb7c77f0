"""Files of documents, sent as they were made when those were issued: the one way, for all doors."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.books.queries import invoice_files, invoices
from portal.books.queries.invoice_files import InvoiceFile
from portal.books.queries.payouts import papers
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.guards import actor_of

# A document is the same for ever, but whether one may see it is asked each time.
CACHING: Final = "private, no-cache"
KNOWN: Final = "If-None-Match"
"""The header in which a request names what it has already."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What answers a request for a file."""

    content: bytes
    media_type: str
    status: HTTPStatus
    headers: Mapping[str, str]


def sent(file: InvoiceFile, known: str) -> Sent:
    """A file to be saved by its name, or 304 to whoever has it: `known` is what KNOWN says."""
    tag = f'"{file.sha256}"'
    headers = {"ETag": tag, "Cache-Control": CACHING}
    if tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Sent(b"", file.media_type, HTTPStatus.NOT_MODIFIED, headers)
    headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return Sent(file.content, file.media_type, HTTPStatus.OK, headers)


async def document_file(
    request: HTMXRequest, name: str, cloud: CloudFacts | None = None
) -> Response[bytes]:
    """A file of a document of a cloud, or of whichever the actor sees, by the file's name.

    `NotFound` when it is not there or not this actor's to see, `Conflict` while it is being made.
    """
    actor = actor_of(request)
    cloud = cloud or await invoices.cloud_of(actor, invoice_files.number_of(name))
    return _answer(request, await invoice_files.get(actor, cloud, name))


async def statement_file(request: HTMXRequest, name: str, cloud: CloudFacts) -> Response[bytes]:
    """The PDF of a statement of a cloud's referral, by its name. Raises as `document_file` does."""
    return _answer(request, await papers.get_file(actor_of(request), cloud, name))


def _answer(request: HTMXRequest, file: InvoiceFile) -> Response[bytes]:
    one = sent(file, request.headers.get(KNOWN, ""))
    return Response(
        one.content, status_code=one.status, media_type=one.media_type, headers=dict(one.headers)
    )
