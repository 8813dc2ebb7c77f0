"""Mail, how far each is, and how the sign-in pages look that mails lead to."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from portal.access import Permission
from portal.accounts.actions import deliveries as actions
from portal.accounts.forms.delivery import TestMessage
from portal.accounts.queries import deliveries
from portal.accounts.queries.deliveries import DeliveryRow
from portal.customers.actions import look as look_actions
from portal.customers.forms.look import LookChange
from portal.errors import no_such
from portal.kit.queries import look
from portal.kit.queries.look import Look
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut

mail_register: Final = Register("Mail")
DELIVERIES: Final = "/deliveries"
LOOK: Final = "/look"
OF_CLOUD: Final = "/clouds/{cloud}"


class Delivery(Struct, frozen=True):
    """One mail. `error` says why it was not taken; `due_at` when it is tried next, if it waits."""

    id: int
    cloud: str | None
    kind: str
    recipient: str
    subject: str
    state: Literal["waiting", "sending", "sent", "failed", "dropped"]
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None


class SignInLook(Struct, frozen=True):
    """How a sign-in page looks: `logo` is where the picture is, below the public address."""

    name: str
    colour: str | None
    logo: str | None


@mail_register(
    "GET", DELIVERIES, Permission.STAFF_READ, summary="List the platform's mail",
    answer=Page[Delivery], paged=True,
)  # fmt: skip
async def list_platform_deliveries(call: Call) -> Page[Delivery]:
    """The latest first; kept for a year."""
    return await _list(call)


@mail_register(
    "GET", OF_CLOUD + DELIVERIES, Permission.USERS_READ, summary="List a cloud's mail",
    answer=Page[Delivery], paged=True,
)  # fmt: skip
async def list_deliveries(call: Call) -> Page[Delivery]:
    """The latest first; kept for a year."""
    return await _list(call)


async def _list(call: Call) -> Page[Delivery]:
    rows = await deliveries.list_page(
        call.actor, call.found, before=call.after(int), limit=call.limit + 1
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return Page([delivery_of(row) for row in page], following)


@mail_register(
    "POST", DELIVERIES + "/{id}/send-again", Permission.STAFF_WRITE,
    summary="Send a mail of the platform again", answer=Delivery,
    conflicts="it has not failed",
)  # fmt: skip
async def send_platform_delivery_again(call: Call) -> Delivery:
    """One that has failed is tried again at once, and as often as a new one."""
    return await _send_again(call)


@mail_register(
    "POST", OF_CLOUD + DELIVERIES + "/{id}/send-again", Permission.USERS_WRITE,
    summary="Send a mail of a cloud again", answer=Delivery, conflicts="it has not failed",
)  # fmt: skip
async def send_delivery_again(call: Call) -> Delivery:
    """One that has failed is tried again at once, and as often as a new one."""
    return await _send_again(call)


@mail_register(
    "POST", DELIVERIES + "/test", Permission.STAFF_WRITE,
    summary="Send a test message of the platform", answer=Delivery, form=TestMessage, status=202,
    conflicts="no mail server is set up, or the key stands for no person and none is named",
)  # fmt: skip
async def send_platform_test(call: Call, form: TestMessage) -> Delivery:
    """To the person of the key, or to `user`; what becomes of it is in the list of mail."""
    return await _send_test(call, form)


@mail_register(
    "POST", OF_CLOUD + DELIVERIES + "/test", Permission.USERS_WRITE,
    summary="Send a test message of a cloud", answer=Delivery, form=TestMessage, status=202,
    conflicts="no mail server is set up, or the key stands for no person and none is named",
)  # fmt: skip
async def send_test(call: Call, form: TestMessage) -> Delivery:
    """To the person of the key, or to `user`; what becomes of it is in the list of mail."""
    return await _send_test(call, form)


async def _send_test(call: Call, form: TestMessage) -> Delivery:
    now, post = call.context.machine_clock(), call.context.post
    made = await actions.send_test(call.actor, call.found, now=now, post=post, user=form.user)
    return delivery_of(made)


async def _send_again(call: Call) -> Delivery:
    found = await deliveries.get(call.actor, call.number("id"))
    if found.cloud != call.path.get("cloud"):
        raise no_such("mail", found.id)
    now = call.context.machine_clock()
    return delivery_of(await actions.send_again(call.actor, found, now=now, post=call.context.post))


@mail_register(
    "GET", LOOK, Permission.STAFF_READ, summary="See the platform's sign-in page",
    answer=SignInLook,
)  # fmt: skip
async def get_platform_look(call: Call) -> SignInLook:
    """Name, colour and logo."""
    return _look(await look.get(None, call.actor))


@mail_register(
    "GET", OF_CLOUD + LOOK, Permission.USERS_READ, summary="See a cloud's sign-in page",
    answer=SignInLook,
)  # fmt: skip
async def get_look(call: Call) -> SignInLook:
    """Name, colour and logo; the colour is the platform's where the cloud has none."""
    return _look(await look.get(call.cloud.slug, call.actor))


@mail_register(
    "PATCH", LOOK, Permission.STAFF_WRITE, summary="Change the platform's sign-in page",
    answer=SignInLook, form=LookChange,
)  # fmt: skip
async def change_platform_look(call: Call, form: LookChange) -> SignInLook:
    """A logo is made anew as a PNG that fits into 320 by 96; null takes it away."""
    return _look(await look_actions.change(call.actor, None, form))


@mail_register(
    "PATCH", OF_CLOUD + LOOK, Permission.USERS_WRITE, summary="Change a cloud's sign-in page",
    answer=SignInLook, form=LookChange,
)  # fmt: skip
async def change_look(call: Call, form: LookChange) -> SignInLook:
    """A logo is made anew as a PNG that fits into 320 by 96; null takes it away."""
    return _look(await look_actions.change(call.actor, call.cloud, form))


def _look(found: Look) -> SignInLook:
    logo = f"{found.folder}/logo.png?v={found.version}" if found.version else None
    return SignInLook(found.name, found.colour, logo)


def delivery_of(row: DeliveryRow) -> Delivery:
    """A mail as it is answered."""
    return Delivery(
        row.id,
        row.cloud,
        row.kind,
        row.recipient,
        row.subject,
        row.state,  # type: ignore[arg-type] # one of five words
        row.attempts,
        row.error,
        row.created_at,
        row.due_at if row.state in {"waiting", "sending"} else None,
        row.sent_at,
    )
