"""The step of a month on which its documents are sent and handed over: a block of pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.billing.period import Period, parse_month
from portal.books.queries.cards import accounts
from portal.books.queries.sending import deliveries, hand_overs
from portal.books.queries.sending import refused as refusals
from portal.books.queries.sending.deliveries import Sending
from portal.books.queries.sending.hand_overs import HandOver
from portal.books.queries.sending.troubles import Trouble
from portal.errors import Invalid, no_such
from portal.routes.format import month as month_name
from portal.routes.guards import person_of
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.shared.books.cockpit import StepState
from portal.routes.shared.cloud_scope import CloudScope
from portal.words import _

TROUBLES_SHOWN: Final = 20
HAND_OVERS_SHOWN: Final = 10


TROUBLES: Final = (
    Column(_("Document"), of="number"),
    Column(_("Customer"), of="name", wide=True),
    Column(_("Customer number"), of="subscriber", only_file=True),
    Column(_("E-mail address"), of=lambda row: ", ".join(row.recipients), only_file=True),
    Column(_("Why"), of="error", wide=True),
    Column(_("Action"), kind="action"),
)
HAND_OVERS: Final = (
    Column(_("When"), of="made_at", kind="moment"),
    Column(_("By"), of="made_by", wide=True),
    Column(_("File"), of=lambda row: row.kind.upper()),
    Column(_("Documents"), of="documents", kind="number", wide=True),
    Column(_("Sum"), of="total", kind="money"),
)
FORMATS: Final = (("csv", "CSV"), ("json", "JSON"), ("zip", _("PDFs as ZIP")))
"""What documents are handed over as."""


@dataclass(frozen=True, slots=True)
class SendStep:
    """How far a month's documents are, and what may be done: for `shared/books/send/step.html`.

    `path` is the address of its pages, `month` as addresses write it. `more` says whether there are
    further troubles; `refused` are documents that would go to an address that was refused before.
    `letters` is where an administrator sees all mail, "" for others.
    """

    path: str
    month: str
    name: str
    sending: Sending
    troubles: Sequence[Trouble]
    more: bool
    refused: Sequence[Trouble]
    hand_overs: Sequence[HandOver]
    may_send: bool
    may_charge: bool
    may_correct: bool
    has_server: bool
    letters: str
    listing: Listing

    columns: ClassVar[tuple[Column, ...]] = TROUBLES
    hand_over_columns: ClassVar[tuple[Column, ...]] = HAND_OVERS
    formats: ClassVar[tuple[tuple[str, str], ...]] = FORMATS

    @property
    def done(self) -> int:
        """Those that have come to an end, of which were sent at all."""
        return self.sending.sent + self.sending.failed

    @property
    def begun(self) -> int:
        """Those that were written to somebody."""
        return self.done + self.sending.waiting


def month_of(month: str) -> Period:
    """The month of an address; one that is not in the calendar has no page."""
    try:
        return parse_month(month)
    except Invalid:
        raise no_such(_("month"), month) from None


async def way_back(scope: CloudScope, period: Period) -> str:
    """Where one goes on after something was done: the page of a month without documents is none."""
    sending = await deliveries.of_month(scope.actor, scope.cloud, period.start)
    if sending.documents or not can(scope.actor, Permission.PERIODS_READ):
        return scope.at("periods", period.key, "send")
    return scope.at("periods", period.key)


async def send_step(request: HTMXRequest, scope: CloudScope, period: Period) -> SendStep:
    """The step of a closed month, as far as the person sees its documents."""
    actor, cloud = scope.actor, scope.cloud
    sending = await deliveries.of_month(actor, cloud, period.start)
    troubles: list[Trouble] = []
    following = None
    if sending.failed or sending.without_address:
        troubles, following = await deliveries.troubles(actor, cloud, period, limit=TROUBLES_SHOWN)
    refused: list[Trouble] = []
    if sending.refused_before:
        refused = await refusals.refused(actor, cloud, period.start, limit=TROUBLES_SHOWN)
    return SendStep(
        path=scope.at("periods", period.key, "send"),
        month=period.key,
        name=month_name(period.start, person_of(request).locale),
        sending=sending,
        troubles=troubles,
        more=following is not None,
        refused=refused,
        hand_overs=await hand_overs.list_page(actor, cloud, period=period, limit=HAND_OVERS_SHOWN),
        may_send=can(actor, Permission.INVOICES_SEND),
        may_charge=can(actor, Permission.PAYMENTS_WRITE)
        and await accounts.is_set_up(actor, cloud.id),
        may_correct=can(actor, Permission.SUBSCRIBERS_WRITE),
        has_server=request.app.state.post.is_set_up,
        letters=scope.at("settings", "mail") if can(actor, Permission.USERS_READ) else "",
        listing=read_listing(
            scope.at("periods", period.key, "send"), request.query_params, TROUBLES
        ),
    )


async def send_step_if_any(
    request: HTMXRequest, scope: CloudScope, period: Period
) -> SendStep | None:
    """The same for the page of the month; None where the person sees no document of it."""
    step = await send_step(request, scope, period)
    return step if step.sending.documents else None


def mark_of(step: SendStep | None) -> StepState:
    """How the step stands among those of its month; None where there is nothing to send yet."""
    if step is None:
        return StepState("waits", _("After the close"))
    sending = step.sending
    facts = {"sent": sending.sent, "count": sending.documents}
    told = _("%(sent)s of %(count)s sent") % facts
    if sending.failed:
        return StepState("stopped", told)
    return StepState("done" if sending.sent == sending.documents else "now", told)
