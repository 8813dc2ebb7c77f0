"""The JSON API, version 1: an application of its own, mounted at /api.

So that nothing of the portals reaches it: no session, no cookie, no form token; its own errors,
also for addresses and methods that do not exist.
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from litestar import Litestar
from litestar.handlers import asgi
from litestar.types import Receive, Scope, Send

from portal.routes.api import (
    accounts,
    audit,
    books,
    camera_changes,
    clock,
    company,
    connections,
    customers,
    details,
    drafts,
    looked_at,
    mail,
    many,
    mapping_many,
    platform,
    referrals,
    sending,
    tariffs,
    usage,
)
from portal.routes.api import catalog as prices
from portal.routes.api.bank import files, mappings
from portal.routes.api.kit import documentation
from portal.routes.api.kit.authentication import with_key
from portal.routes.api.kit.endpoint import Operation
from portal.routes.api.kit.handler import handler_of
from portal.routes.api.kit.request_context import RequestContext
from portal.routes.api.money import (
    cards,
    claims,
    dunning,
    late_usage,
    ledger,
    outages,
    payments,
    questions,
    statements,
)
from portal.routes.api.overview import reports
from portal.routes.api.webhooks import endpoints as webhooks
from portal.routes.problems import answer_problem

MOUNT: Final = "/api"

OPERATIONS: Final[Sequence[Operation]] = tuple(
    operation
    for register in (
        platform.meter_register,
        platform.service_register,
        platform.cloud_register,
        prices.rate_register,
        tariffs.tariff_register,
        customers.subscriber_register,
        looked_at.referred_register,
        details.details_register,
        customers.camera_register,
        camera_changes.lines_register,
        customers.subscription_register,
        camera_changes.camera_change_register,
        camera_changes.preset_register,
        many.many_subscriptions_register,
        many.many_subscribers_register,
        usage.usage_register,
        late_usage.late_register,
        books.period_register,
        drafts.draft_register,
        books.charge_register,
        books.invoice_register,
        claims.claim_register,
        outages.outage_register,
        payments.payment_register,
        cards.card_register,
        questions.question_register,
        dunning.dunning_register,
        ledger.ledger_register,
        sending.sending_register,
        files.file_register,
        mappings.mapping_register,
        referrals.referral_register,
        looked_at.agents_register,
        books.commission_register,
        statements.statement_register,
        books.margin_register,
        reports.report_register,
        connections.connection_register,
        connections.mapping_register,
        mapping_many.many_mappings_register,
        connections.interval_register,
        connections.reconciliation_register,
        webhooks.webhook_register,
        company.company_register,
        accounts.user_register,
        mail.mail_register,
        accounts.key_register,
        audit.audit_register,
        clock.clock_register,
    )
    for operation in register.operations
)

api_app: Final = Litestar(
    [
        *(handler_of(operation) for operation in OPERATIONS if operation.routed),
        cards.take_event,
        *documentation.handlers(OPERATIONS),
    ],
    guards=[with_key],
    exception_handlers={Exception: answer_problem},
    openapi_config=None,
    logging_config=None,
)


def _context(scope: Scope) -> RequestContext:
    """What the outer application's state holds, by name."""
    state: Any = scope["litestar_app"].state
    return RequestContext(
        clock=state["clock"],
        queue=state["queue"],
        integrations=state["integrations"],
        public_url=state["public_url"],
        machine_clock=state["machine_clock"],
        post=state["post"],
        read_bank_file=state["read_bank_file"],
        payer_marks=state["payer_marks"],
        cards=state["cards"],
    )


@asgi(MOUNT, is_mount=True, copy_scope=True, opt={"exclude_from_csrf": True, "no_session": True})
async def api_router(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a request below /api over, its path as it came: "%2F" within a part stays there."""
    context = _context(scope)
    scope["state"] = {}  # what Litestar keeps there of the outer application is not the inner one's
    context.put(scope)
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else MOUNT + quote(scope["path"].rstrip("/"))
    scope["path"] = path[path.find(MOUNT) :].partition("?")[0]
    scope["root_path"] = ""
    await api_app(scope, receive, send)


__all__ = ["OPERATIONS", "api_app", "api_router"]
