"""Paying statements out: what is to be transferred, and the file for the bank."""

from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import local_date
from portal.books.forms.statement import PayoutFile
from portal.books.queries.payouts import transfers
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope

WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]
XML: Final = "application/xml"
SHOWN: Final = 200
"""Transfers that the page lists; the file has all."""


def file_name(slug: str, form: PayoutFile) -> str:
    """What the file is saved as: "north-payouts-2026-12-07.xml"."""
    return f"{slug}-payouts-{form.on}.xml"


@get("/statements/payouts", guards=WRITERS)
async def payouts_page(request: HTMXRequest) -> Response[str]:
    """Approved statements that are not paid, and when they are to be."""
    scope = await CloudScope.of(request)
    today = local_date(books_now(request), scope.zone)
    return await _page(request, scope, {"on": today.isoformat()}, {})


async def _page(
    request: HTMXRequest, scope: CloudScope, values: dict[str, str], errors: dict[str, str]
) -> Response[str]:
    found = await transfers.get(scope.actor, scope.cloud)
    return page(
        request,
        "shared/referrals/payouts.html",
        status=422 if errors else 200,
        scope=scope,
        payouts=found,
        rows=found.rows[:SHOWN],
        values=values,
        errors=errors,
    )


@get("/statements/payouts/file", guards=WRITERS)
async def payouts_file(request: HTMXRequest) -> Answer | Response[bytes]:
    """The pain.001. What stops it is said on the page."""
    scope, now = await CloudScope.of(request), books_now(request)
    values = {"on": request.query_params.get("on", "")}
    try:
        form = parse_texts(PayoutFile, values)
        found = await transfers.get(scope.actor, scope.cloud)
        content = transfers.pain_001(found, on=form.on, now=now, timezone=scope.zone)
    except Invalid as invalid:
        return await _page(request, scope, values, dict(invalid.fields))
    except Conflict as conflict:
        where = scope.at("statements", "payouts")
        return redirect(request, where, Toast(conflict.message, "error"))
    return Response(
        content,
        media_type=XML,
        headers={
            "Content-Disposition": f'attachment; filename="{file_name(scope.cloud.slug, form)}"',
            "Cache-Control": "no-store",
        },
    )


PAYOUTS: Final = (payouts_page, payouts_file)
