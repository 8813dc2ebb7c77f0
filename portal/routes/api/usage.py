"""Usage: sent in bulk, read, corrected."""

from datetime import date
from typing import Final

from portal.access import Permission
from portal.customers.forms.filters import Partially, UsageFilter
from portal.errors import UnsupportedType
from portal.routes.api import answers
from portal.routes.api.kit.body import TYPES, type_of
from portal.routes.api.kit.endpoint import JSON, Call, Register
from portal.routes.api.kit.paging import make_cursor
from portal.routes.api.kit.rows import answer
from portal.usage.actions import usage as usage_actions
from portal.usage.forms.correction import NewCorrection
from portal.usage.forms.usage import NDJSON, ROWS_MAX, Sheet, parse_usage
from portal.usage.queries import usage

usage_register: Final = Register("Usage")
_TYPES: Final = TYPES | {NDJSON, ""}
BODY_MAX: Final = 32 * 1024 * 1024
"""Bytes; 50 000 rows with long names are about 8 MB."""


def read_usage(body: bytes, content_type: str) -> Sheet:
    """The rows of a body. Raises `UnsupportedType` (415), and what `parse_usage` raises."""
    if type_of(content_type) not in _TYPES:
        raise UnsupportedType(f"Send {JSON} or {NDJSON}, at most {ROWS_MAX} rows.")
    return parse_usage(body, content_type)


async def check_usage(call: Call, query: Partially, sheet: Sheet) -> usage_actions.Checked:
    """The sheet with its rows looked at."""
    return await usage_actions.check(
        call.actor, call.cloud, sheet, now=call.now, partial=query.partial
    )


@usage_register(
    "POST",
    "/clouds/{cloud}/usage",
    Permission.USAGE_WRITE,
    summary="Send usage",
    answer=answers.Ingested,
    query=Partially,
    read=read_usage,
    prepare=check_usage,
    types=(JSON, NDJSON),
    body_max=BODY_MAX,
)
async def send_usage(
    call: Call, query: Partially, sheet: usage_actions.Checked
) -> answers.Ingested:
    """At most 50 000 rows, merged by maximum: twice, late or out of order, the result is the same.

    Rows are `{camera, day, meter, quantity}`, an array or one object a line, quantities in the
    meter's base unit. A bad row refuses them all with its line, unless `partial` is true. Where two
    Watchers have a camera of that name, `connection` says which is meant.
    """
    done = await usage_actions.ingest(call.actor, sheet)
    if not query.partial:
        return answers.Ingested(done.accepted, done.unchanged)
    rejected = [answers.Rejected(line, message) for line, message in done.rejected]
    return answers.Ingested(done.accepted, done.unchanged, rejected)


@usage_register(
    "GET",
    "/clouds/{cloud}/usage",
    Permission.USAGE_READ,
    summary="Read usage",
    answer=answers.Page[answers.Usage],
    query=UsageFilter,
    paged=True,
)
async def list_usage(call: Call, query: UsageFilter) -> answers.Page[answers.Usage]:
    """Of a month, camera by camera."""
    rows, last = await usage.list_page(
        call.actor,
        call.cloud,
        query.period,
        camera=query.camera,
        after=call.after(tuple[int, int, date]),
        limit=call.limit,
    )
    items = [answer(answers.Usage, row) for row in rows]
    return answers.Page(items, None if last is None else make_cursor(last))


@usage_register(
    "POST",
    "/clouds/{cloud}/usage/corrections",
    Permission.USAGE_WRITE,
    summary="Correct usage",
    answer=answers.Correction,
    form=NewCorrection,
    status=201,
)
async def correct_usage(call: Call, form: NewCorrection) -> answers.Correction:
    """Sets a day's quantity, which may be lower than before; audited with its reason.

    Usage of a closed month is charged or given back by the next close.
    """
    row = {
        "camera": form.camera,
        "connection": form.connection,
        "day": form.day.isoformat(),
        "meter": form.meter,
        "quantity": form.quantity,
        "reason": form.reason,
    }
    camera = await usage_actions.correct(call.actor, call.cloud, row, now=call.now)
    return answer(answers.Correction, form, camera=camera)
