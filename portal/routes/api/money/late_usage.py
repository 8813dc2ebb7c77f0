"""Late usage of months that no close corrects by itself: read, billed, waived."""

from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.billing.money import format_minor
from portal.books.actions import late_usage
from portal.books.forms.late_usage import LateFilter, SettleLateForm
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import Amount, MonthKey, month_key

late_register: Final = Register("Usage")


class LateUsageRow(Struct, frozen=True, kw_only=True):
    """A camera's late usage of a month; the amounts are what each side would be charged more."""

    period: MonthKey
    camera: str
    subscriber: int | None
    retail: Amount
    wholesale: Amount
    bills: bool


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
