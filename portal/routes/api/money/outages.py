"""An outage: what is given back for it, looked at before and credited in one step."""

from typing import Any, Final

from msgspec import Struct

from portal.access import Permission
from portal.billing.money import format_minor
from portal.books.actions.money.outages import credit_outage
from portal.books.forms.outage import OutageForm
from portal.books.queries.money import outages
from portal.books.queries.money.outages import Planned
from portal.routes.api.answers import Side
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import Amount

outage_register: Final = Register("Invoices")


class OutageNote(Struct, frozen=True, kw_only=True):
    """A credit note of an outage; `total` is what it gives back, with tax."""

    number: str
    invoice: str
    month: str
    side: Side
    subscriber: int | None
    cameras: int
    camera_days: int
    total: Amount


class Outage(Struct, frozen=True):
    """What was credited; `left` documents are for the next request."""

    notes: list[OutageNote]
    left: int


class OutagePreviewNote(Struct, frozen=True, kw_only=True):
    """A credit note that is not made yet; `commission` is below 0 where referrals lose it."""

    invoice: str
    month: str
    side: Side
    subscriber: int | None
    cameras: int
    camera_days: int
    net: Amount
    tax: Amount
    total: Amount
    commission: Amount


class OutagePreview(Struct, frozen=True):
    """What would be credited; `left` documents are for a second request."""

    notes: list[OutagePreviewNote]
    left: int


@outage_register(
    "POST", "/clouds/{cloud}/outages", Permission.CREDITS_WRITE,
    summary="Credit an outage", answer=Outage, form=OutageForm, status=201,
    conflicts="a month is not closed, or nothing is left to give back for these days",
)  # fmt: skip
async def credit_an_outage(call: Call, form: OutageForm) -> Outage:
    """One credit note on each document concerned, for the days and cameras that failed.

    Of the cameras named, of a subscriber, a Watcher's connection or an organization of it; what is
    said together narrows. `share` is what percent of a day comes back in all, 100 if it is missing:
    no day of a camera is given back twice, nor above its share. `left` documents are for the next,
    same request.
    """
    made, left = await credit_outage(call.actor, call.cloud, form, now=call.now, queue=call.queue)
    notes = [OutageNote(number=one.note, **_facts(one.planned)) for one in made]
    return Outage(notes=notes, left=left)


@outage_register(
    "POST", "/clouds/{cloud}/outages/preview", Permission.CREDITS_WRITE,
    summary="Look at what an outage gives back", answer=OutagePreview, form=OutageForm,
    conflicts="a month is not closed",
)  # fmt: skip
async def preview_an_outage(call: Call, form: OutageForm) -> OutagePreview:
    """The same before it is done: nothing is stored."""
    found, left = await outages.preview(call.actor, call.cloud, form)
    notes = [
        OutagePreviewNote(
            net=format_minor(one.net, one.planned.currency),
            tax=format_minor(one.tax, one.planned.currency),
            commission=format_minor(one.commission, one.planned.currency),
            **_facts(one.planned),
        )
        for one in found
    ]
    return OutagePreview(notes=notes, left=left)


def _facts(one: Planned) -> dict[str, Any]:
    return {
        "invoice": one.number,
        "month": one.period.key,
        "side": one.side,
        "subscriber": int(one.customer) if one.customer else None,
        "cameras": len(one.cameras),
        "camera_days": one.days,
        "total": format_minor(one.gross, one.currency),
    }
