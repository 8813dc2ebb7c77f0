"""What a form sent: read once, strictly, and before anything is done for it.

`portal/routes/middleware/csrf.py` reads it ahead of every handler, so that what cannot be read
changes nothing, whichever form it was meant for.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.plugins.htmx import HTMXRequest

from portal.errors import Invalid, PortalError, TooLarge, UnsupportedType
from portal.routes.guards import WebConnection
from portal.values.text import shown
from portal.words import _

FORM_BYTES: Final = 16_384
"""Of a body, wherever a handler does not say otherwise."""
FIELDS_MAX: Final = 1_000
"""Of a form; the longest are those with rows, a tariff of many services."""
_PLAIN: Final = frozenset({"", "identity"})
_UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_SENT: Final = "camledger_sent"
_FILES: Final = "camledger_files"
_FILE_NAMES: Final = "camledger_file_names"
_KEY: Final = "camledger_form_key"
KEY: Final = "idempotency_key"
"""The box of a form that tells it from another: what was sent twice is done once."""
UPLOADS: Final = "takes_files"
"""`opt` of a handler whose form has files; it says how large its body may be, too."""
UPLOAD_BYTES: Final = 600_000
"""Of such a body, where one picture is sent."""


class Unreadable(PortalError):
    """The body is not what its type says."""

    status = HTTPStatus.BAD_REQUEST
    title = _("Unreadable")


def refuse_encoded(request: WebConnection) -> None:
    """Raise `UnsupportedType` for a compressed body: 2.6 kB may be 10 GB."""
    named = request.headers.getall("content-encoding", [])
    if ",".join(named).strip().lower() not in _PLAIN:
        raise UnsupportedType(_("Send the body as it is, without a Content-Encoding."))


async def texts(request: HTMXRequest) -> dict[str, str]:
    """What a form sent, by field, without its key; nothing where the body is empty.

    Raises `UnsupportedType` (415) for what no form of ours sends, `TooLarge` (413), `Unreadable`
    (400), and `Invalid` (422) for a field that is there twice.
    """
    kept = request.scope["state"]
    if _SENT not in kept:
        kept[_SENT] = await _read(request)
        kept[_KEY] = kept[_SENT].pop(KEY, "")
    found: dict[str, str] = kept[_SENT]
    return found


async def form_key(request: HTMXRequest) -> str:
    """What tells the form that was sent from every other; "" of one that has no key."""
    await texts(request)
    found: str = request.scope["state"][_KEY]
    return found


async def file(request: HTMXRequest, name: str) -> bytes | None:
    """The content of a file that a form sent; None where none was chosen."""
    await texts(request)
    found: dict[str, bytes] = request.scope["state"].get(_FILES, {})
    return found.get(name) or None


async def file_name(request: HTMXRequest, name: str) -> str:
    """What its sender calls a file, without folders; "" where none was chosen."""
    await texts(request)
    found: dict[str, str] = request.scope["state"].get(_FILE_NAMES, {})
    return shown(found.get(name, "").replace("\\", "/").rpartition("/")[2])


async def file_text(request: HTMXRequest, name: str, bytes_max: int) -> str:
    """The text of a file that a form sent. Raises `Invalid` at `name` for none, or an odd one."""
    content = await file(request, name)
    if content is None:
        raise Invalid({name: _("Choose a file.")})
    if len(content) > bytes_max:
        raise Invalid({name: _("It has more than %(bytes)s bytes.") % {"bytes": bytes_max}})
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid({name: _("It is not in UTF-8: save it as CSV UTF-8.")}) from None


async def _parts(request: HTMXRequest) -> dict[str, str]:
    """The texts of a form with files; the files stay beside them. Raises as `texts`."""
    try:
        form = await request.form()
    except (HTTPException, UnicodeDecodeError, ValueError):
        raise Unreadable(_("The form cannot be read.")) from None
    pairs = list(form.multi_items())
    if len(pairs) > FIELDS_MAX:
        raise TooLarge(_("A form has at most %(fields_max)s fields.") % {"fields_max": FIELDS_MAX})
    names = [name for name, _value in pairs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Invalid({shown(name): _("was sent more than once") for name in twice})
    files = {name: value for name, value in pairs if isinstance(value, UploadFile)}
    kept: dict[str, bytes] = {}
    for name, one in files.items():
        kept[name] = await one.read()
        await one.close()
    request.scope["state"][_FILES] = kept
    request.scope["state"][_FILE_NAMES] = {name: one.filename for name, one in files.items()}
    return {name: str(value) for name, value in pairs if name not in files}


async def _read(request: HTMXRequest) -> dict[str, str]:
    refuse_encoded(request)
    body = await request.body()
    if not body:
        return {}
    kind, options = request.content_type
    if kind == RequestEncodingType.MULTI_PART and UPLOADS in request.scope["route_handler"].opt:
        return await _parts(request)
    if kind != RequestEncodingType.URL_ENCODED:
        raise UnsupportedType(
            _("Forms are sent as %(value)s.") % {"value": RequestEncodingType.URL_ENCODED.value}
        )
    if options.get("charset", "utf-8").strip().lower() not in _UTF_8:
        raise UnsupportedType(_("Forms are sent in UTF-8."))
    if body.count(b"&") >= FIELDS_MAX:
        raise TooLarge(_("A form has at most %(fields_max)s fields.") % {"fields_max": FIELDS_MAX})
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Unreadable(_("The form is not in UTF-8.")) from None
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise Invalid({shown(n): _("was sent more than once") for n in found if names.count(n) > 1})
    return found
