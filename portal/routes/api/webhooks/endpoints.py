"""Webhooks over the API: where events are told, and how that went."""

from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal

from msgspec import Struct

from portal.access import Permission
from portal.kit.queries.clock import wall_clock
from portal.overview.actions.webhooks import endpoints as actions
from portal.overview.actions.webhooks import replaying
from portal.overview.forms.webhook import (
    DeliveryFilter,
    NewWebhook,
    ReplaySince,
    WebhookChange,
)
from portal.overview.queries.webhooks import deliveries, endpoints
from portal.routes.api.answers import Page, Secret
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer
from portal.words import told

webhook_register: Final = Register("Webhooks")
WEBHOOKS: Final = "/clouds/{cloud}/webhooks"
ONE: Final = WEBHOOKS + "/{id}"
OFF: Final = "the webhook is switched off"
P = Permission


class Webhook(Struct, frozen=True):
    """Where events are told. `off_reason` is why it was switched off by itself, "" else."""

    id: int
    url: str
    types: list[str]
    description: str
    enabled: bool
    failing_since: datetime | None
    off_reason: str
    created_at: datetime


class SecretWebhook(Webhook, frozen=True, kw_only=True):
    """An endpoint with the secret that its events are verified with."""

    secret: Secret


class WebhookTry(Struct, frozen=True):
    """A try; `status` is null, and `error` says why, where nothing was answered."""

    at: datetime
    status: int | None
    ms: int
    error: str
    answer: str


class WebhookDelivery(Struct, frozen=True):
    """An event for an endpoint; `event` is its `webhook-id` at every try.

    `due_at` is when it is tried next, null where it is not.
    """

    id: int
    event: str
    type: str
    state: Literal["waiting", "sending", "delivered", "failed"]
    happened_at: datetime
    created_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None
    tries: list[WebhookTry]


class WholeDelivery(WebhookDelivery, frozen=True, kw_only=True):
    """One with the `body` that is sent, null before the first try."""

    body: str | None


class Replayed(Struct, frozen=True):
    """How many events are told again."""

    count: int


def _webhook(row: endpoints.Endpoint) -> Webhook:
    return answer(Webhook, row, off_reason=str(told(row.off_reason)))


def _with_secret(made: tuple[endpoints.Endpoint, str]) -> SecretWebhook:
    row, secret = made
    return answer(SecretWebhook, row, off_reason=str(told(row.off_reason)), secret=secret)


@webhook_register("GET", WEBHOOKS, P.WEBHOOKS_READ, summary="List webhooks", answer=Page[Webhook])
async def list_webhooks(call: Call) -> Page[Webhook]:
    """As they were made, all on one page. Their secrets are not told."""
    return Page([_webhook(row) for row in await endpoints.list_all(call.actor, call.cloud)], None)


@webhook_register(
    "POST", WEBHOOKS, P.WEBHOOKS_WRITE, summary="Add a webhook", answer=SecretWebhook,
    form=NewWebhook, status=201, secrets=("secret",), conflicts="the cloud has 10 already",
)  # fmt: skip
async def create_webhook(call: Call, form: NewWebhook) -> SecretWebhook:
    """Events of these `types` are told there from now on; "*" is all.

    The answer alone has the `secret`: receivers verify with it, as Standard Webhooks says.
    """
    return _with_secret(
        await actions.create(
            call.actor,
            call.cloud,
            form,
            vault=call.integrations.vault,
            addresses=call.integrations.addresses,
        )
    )


@webhook_register("GET", ONE, P.WEBHOOKS_READ, summary="Read a webhook", answer=Webhook)
async def read_webhook(call: Call) -> Webhook:
    """As it stands."""
    return _webhook(await endpoints.get(call.actor, call.cloud, call.number("id")))


@webhook_register(
    "PATCH", ONE, P.WEBHOOKS_WRITE, summary="Change a webhook", answer=Webhook, form=WebhookChange
)
async def change_webhook(call: Call, form: WebhookChange) -> Webhook:
    """What is sent is changed. While it is not `enabled` nothing is told, and nothing kept."""
    addresses = call.integrations.addresses
    return _webhook(
        await actions.change(call.actor, call.cloud, call.number("id"), form, addresses=addresses)
    )


@webhook_register(
    "DELETE", ONE, P.WEBHOOKS_WRITE, summary="Remove a webhook", answer=None, status=204
)
async def remove_webhook(call: Call) -> None:
    """Nothing is told there any more."""
    await actions.remove(call.actor, call.cloud, call.number("id"), now=wall_clock())


@webhook_register(
    "POST", ONE + "/rotate", P.WEBHOOKS_WRITE, summary="Rotate the secret of a webhook",
    answer=SecretWebhook, secrets=("secret",),
)  # fmt: skip
async def rotate_webhook(call: Call) -> SecretWebhook:
    """A new secret signs from now on; for 24 hours the one before signs, too."""
    vault = call.integrations.vault
    return _with_secret(
        await actions.rotate(
            call.actor, call.cloud, call.number("id"), vault=vault, now=wall_clock()
        )
    )


@webhook_register(
    "POST", ONE + "/test", P.WEBHOOKS_WRITE, summary="Test a webhook", answer=WholeDelivery,
    status=HTTPStatus.ACCEPTED, conflicts=OFF,
)  # fmt: skip
async def test_webhook(call: Call) -> WholeDelivery:
    """Tells it a `webhook.test`, whatever its types: look at the delivery for what came of it."""
    of = call.number("id")
    made = await actions.test(call.actor, call.cloud, of, now=call.now)
    return answer(WholeDelivery, await deliveries.get(call.actor, call.cloud, of, made))


@webhook_register(
    "GET", ONE + "/deliveries", P.WEBHOOKS_READ, summary="List deliveries of a webhook",
    answer=Page[WebhookDelivery], query=DeliveryFilter, paged=True,
)  # fmt: skip
async def list_webhook_deliveries(call: Call, query: DeliveryFilter) -> Page[WebhookDelivery]:
    """The latest first, of the last 30 days."""
    rows = await deliveries.list_page(
        call.actor,
        call.cloud,
        call.number("id"),
        state=query.state,
        before=call.after(int),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return Page([answer(WebhookDelivery, row) for row in page], following)


@webhook_register(
    "GET", ONE + "/deliveries/{delivery}", P.WEBHOOKS_READ, summary="Read a delivery",
    answer=WholeDelivery,
)  # fmt: skip
async def read_delivery(call: Call) -> WholeDelivery:
    """With the body that is sent, and what was answered at each try."""
    found = await deliveries.get(call.actor, call.cloud, call.number("id"), call.number("delivery"))
    return answer(WholeDelivery, found)


@webhook_register(
    "POST", ONE + "/deliveries/{delivery}/replay", P.WEBHOOKS_WRITE, summary="Replay a delivery",
    answer=WholeDelivery, status=HTTPStatus.ACCEPTED, conflicts=OFF,
)  # fmt: skip
async def replay_delivery(call: Call) -> WholeDelivery:
    """The event is told again under the same id, with all its tries before it."""
    found = await replaying.replay(
        call.actor, call.cloud, call.number("id"), call.number("delivery"), now=wall_clock()
    )
    return answer(WholeDelivery, found)


@webhook_register(
    "POST", ONE + "/replay", P.WEBHOOKS_WRITE, summary="Replay what has failed", answer=Replayed,
    form=ReplaySince, status=HTTPStatus.ACCEPTED, conflicts=OFF,
)  # fmt: skip
async def replay_webhook(call: Call, form: ReplaySince) -> Replayed:
    """All deliveries that were given up, of events since a time."""
    count = await replaying.replay_since(
        call.actor, call.cloud, call.number("id"), form.since, now=wall_clock()
    )
    return Replayed(count)
