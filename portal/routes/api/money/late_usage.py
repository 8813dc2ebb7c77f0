"""Late usage of months that no close corrects by itself: read, billed, waived."""

from datetime import date
from typing import Final, Literal, cast

from msgspec import Struct

from portal.access import Permission
from portal.billing.money import format_minor, plain
from portal.books.actions import late_usage
from portal.books.actions.corrected import corrections_of
from portal.books.forms.late_usage import LateFilter, SettleLateForm
from portal.routes.api.answers import Page, Side
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import Amount, MonthKey, Quantity, month_key

late_register: Final = Register("Usage")


class LateUsageRow(Struct, frozen=True, kw_only=True):
    """A camera's late usage of a month; the amounts are what each side would be charged more."""

    period: MonthKey
    camera: str
    subscriber: int | None
    retail: Amount
    wholesale: Amount
    bills: bool


class CorrectionRow(Struct, frozen=True, kw_only=True):
    """What a charge of an older month becomes; `reason` is why.

    On `days` usage changed: empty where that is not known, as of a pool that another camera moved.
    Quantities are in `unit`, to six places; "" is months of a camera, or set-ups.
    """

    original_period: MonthKey
    side: Side
    kind: str
    camera: str
    subscriber: int | None
    days: list[date]
    unit: str
    quantity_before: Quantity
    quantity_after: Quantity
    before: Amount
    after: Amount
    amount: Amount
    reason: Literal["late_usage", "usage_corrected"]


class LateUsageSettled(Struct, frozen=True):
    """How many were not settled so before."""

    settled: int


@late_register(
    "GET", "/clouds/{cloud}/late-usage", Permission.MARGINS_READ,
    summary="List late usage that waits for a person", answer=Page[LateUsageRow],
    query=LateFilter,
)  # fmt: skip
async def list_late_usage(call: Call, query: LateFilter) -> Page[LateUsageRow]:
    """Of closed months that the next close does not correct, the oldest first, 500 at most.

    What is settled leaves the list: waived at once, billed with the next close.
    """
    rows, _more = await late_usage.waiting(call.actor, call.cloud, query)
    currency = call.cloud.currency
    items = [
        LateUsageRow(
            period=month_key(row.month),
            camera=row.camera,
            subscriber=row.subscriber,
            retail=format_minor(row.retail, currency),
            wholesale=format_minor(row.wholesale, currency),
            bills=row.bills,
        )
        for row in rows
    ]
    return Page(items=items, next=None)


@late_register(
    "POST", "/clouds/{cloud}/late-usage/settle", Permission.CREDITS_WRITE,
    summary="Settle late usage", answer=LateUsageSettled, form=SettleLateForm,
)  # fmt: skip
async def settle_late_usage(call: Call, form: SettleLateForm) -> LateUsageSettled:
    """Bill with the next close, or waive with a reason; again, it changes nothing."""
    settled = await late_usage.settle(call.actor, call.cloud, form, now=call.now)
    return LateUsageSettled(settled=settled)


@late_register(
    "GET", "/clouds/{cloud}/periods/{period}/corrections", Permission.MARGINS_READ,
    summary="List what a month corrects", answer=Page[CorrectionRow],
)  # fmt: skip
async def list_corrections(call: Call) -> Page[CorrectionRow]:
    """Of a closed month what it charged for older ones, of another what its close would charge now.

    By older month, side and camera, 10 000 at most; amounts are before discount and tax.
    """
    rows = await corrections_of(call.actor, call.cloud, call.period)
    currency = call.cloud.currency
    items = [
        CorrectionRow(
            original_period=month_key(row.original_period),
            side=cast("Side", row.side),
            kind=row.kind,
            camera=row.camera,
            subscriber=row.subscriber,
            days=row.changed_on,
            unit=row.unit,
            quantity_before=plain(row.quantity_before),
            quantity_after=plain(row.quantity_after),
            before=format_minor(row.before, currency),
            after=format_minor(row.after, currency),
            amount=format_minor(row.amount, currency),
            reason="usage_corrected" if row.by_hand else "late_usage",
        )
        for row in rows
    ]
    return Page(items=items, next=None)
