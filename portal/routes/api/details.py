"""What subscribers ask to have on their documents."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.customers.actions import details as actions
from portal.customers.forms.details import Declined
from portal.customers.queries import details
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

details_register: Final = Register("Subscribers")
REQUESTS: Final = "/clouds/{cloud}/subscribers/{number}/details-requests"
DECIDED: Final = "it was decided before, or the subscriber has asked for others"


class DetailsRequest(Struct, frozen=True):
    """Other details asked for; `state` is waiting, confirmed, declined or withdrawn."""

    id: int
    subscriber: int
    name: str
    address: list[str]
    tax_number: str
    note: str
    state: str
    asked_by: str
    asked_at: datetime
    answer: str
    decided_by: str
    decided_at: datetime | None


@details_register(
    "GET",
    REQUESTS,
    Permission.SUBSCRIBERS_READ,
    summary="List what a subscriber asked to have on its documents",
    answer=answers.Page[DetailsRequest],
    paged=True,
)
async def list_details_requests(call: Call) -> answers.Page[DetailsRequest]:
    """In the order in which they were asked."""
    rows = await details.list_page(
        call.actor,
        call.cloud,
        call.number("number"),
        after=call.after(int) or 0,
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return answers.Page([answer(DetailsRequest, row) for row in page], following)


@details_register(
    "POST",
    REQUESTS + "/{id}/confirm",
    Permission.SUBSCRIBERS_WRITE,
    summary="Confirm other details",
    answer=answers.Subscriber,
    conflicts=DECIDED,
)
async def confirm_details_request(call: Call) -> answers.Subscriber:
    """Documents issued from now on have them."""
    number, asked = call.number("number"), call.number("id")
    row = await actions.confirm(call.actor, call.cloud, number, asked, now=call.now)
    return answer(answers.Subscriber, row)


@details_register(
    "POST",
    REQUESTS + "/{id}/decline",
    Permission.SUBSCRIBERS_WRITE,
    summary="Decline other details",
    answer=DetailsRequest,
    form=Declined,
    conflicts=DECIDED,
)
async def decline_details_request(call: Call, form: Declined) -> DetailsRequest:
    """The subscriber reads why."""
    number, asked = call.number("number"), call.number("id")
    row = await actions.decline(call.actor, call.cloud, number, asked, form.answer, now=call.now)
    return answer(DetailsRequest, row)
