"""Cards: a cloud's gateway, the cards that subscribers saved there, and what was charged."""

from datetime import datetime
from typing import Final, Literal

from litestar import Request, Response, post
from litestar.params import FromPath
from msgspec import Struct

from portal.access import Permission
from portal.books.actions.cards import accounts as account_actions
from portal.books.actions.cards import charging, events, saving
from portal.books.forms.cards import ChargeFilter, GatewayForm
from portal.books.queries.cards import accounts, charges, methods
from portal.errors import Invalid
from portal.kit.queries.clock import wall_clock
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import PREFIX, Call, Register, Reply
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.request_context import RequestContext
from portal.routes.api.kit.rows import Amount, answer
from portal.routes.api.money.books import again
from portal.values.cards import EVENT_BYTES_MAX, STRIPE

card_register: Final = Register("Cards")
GATEWAY: Final = "/clouds/{cloud}/gateways/stripe"
METHODS: Final = "/clouds/{cloud}/subscribers/{number}/payment-methods"
SIGNATURE: Final = "stripe-signature"


class CardGateway(Struct, frozen=True):
    """A cloud's account at Stripe; its secrets are not told. `trouble` is what went wrong last."""

    gateway: Literal["stripe"]
    charge_on: Literal["issue", "due", "manual"]
    trouble: str
    created_at: datetime


class CardSetUp(Struct, frozen=True):
    """Where a card is saved, and until when."""

    url: str
    expires_at: datetime


class Card(Struct, frozen=True):
    """A saved card: never its number. `expires` is its last month, "2034-12"."""

    id: int
    brand: str
    last4: str
    expires: str
    default: bool


class CardCharge(Struct, frozen=True):
    """An attempt to charge what was left of an invoice.

    `failure` is the gateway's code, null where it has not failed; `retry_on` is when the next
    attempt is made by itself.
    """

    id: int
    invoice: str
    attempt: int
    currency: str
    amount: Amount
    state: Literal["created", "unknown", "pending", "succeeded", "failed"]
    failure: str | None
    payment: int | None
    created_at: datetime
    retry_on: str | None


class Asked(Struct, frozen=True):
    """How many charges were asked for."""

    asked: int


def _gateway(row: accounts.CardAccount) -> CardGateway:
    return answer(CardGateway, row)


def _method(row: methods.Method) -> Card:
    return Card(row.id, row.brand, row.last4, row.expires, row.preferred)


def _charge(row: charges.Charge) -> CardCharge:
    retry = None if row.retry_on is None else row.retry_on.isoformat()
    return answer(CardCharge, row, failure=row.failure or None, retry_on=retry)


@card_register(
    "GET", GATEWAY, Permission.GATEWAYS_READ, summary="Read the card gateway", answer=CardGateway
)
async def read_gateway(call: Call) -> CardGateway:
    """404 where none is set up. Its secrets never come out."""
    return _gateway(await accounts.get(call.actor, call.cloud))


@card_register(
    "PUT",
    GATEWAY,
    Permission.GATEWAYS_WRITE,
    summary="Set up the card gateway",
    answer=CardGateway,
    form=GatewayForm,
    conflicts="what is kept cannot be read with the installation's keys",
)
async def put_gateway(call: Call, form: GatewayForm) -> CardGateway:
    """Secrets that are not sent stay. Two `webhook_secrets` are believed during a rotation.

    Tell Stripe to send events to `…/gateways/stripe/events`.
    """
    vault = call.context.cards.vault
    return _gateway(await account_actions.put(call.actor, call.cloud, form, vault=vault))


@card_register(
    "POST",
    METHODS + "/setup",
    Permission.PAYMENTS_WRITE,
    summary="Invite a subscriber to save a card",
    answer=CardSetUp,
    status=201,
    waits_outside=True,
    conflicts="no gateway is set up, or the subscriber has as many cards as it may have",
)
async def set_up_card(call: Call) -> CardSetUp:
    """An address of the gateway's, to be opened by the card's holder: no card comes by here."""
    public = call.context.public_url
    made = await saving.begin(
        call.actor,
        call.cloud,
        call.number("number"),
        back=f"{public}/my/cards?session={{CHECKOUT_SESSION_ID}}",
        cancel=f"{public}/my/cards",
        cards=call.context.cards,
        wall=wall_clock(),
    )
    return CardSetUp(made.url or "", made.expires_at)


@card_register(
    "GET",
    METHODS,
    Permission.PAYMENTS_READ,
    summary="List a subscriber's cards",
    answer=Page[Card],
)
async def list_cards(call: Call) -> Page[Card]:
    """The one that is charged first. All on one page."""
    found = await methods.list_of(call.actor, call.cloud, call.number("number"))
    return Page([_method(row) for row in found], None)


@card_register(
    "DELETE",
    METHODS + "/{id}",
    Permission.PAYMENTS_WRITE,
    summary="Remove a card",
    answer=None,
    status=204,
    conflicts="it is being charged",
)
async def remove_card(call: Call) -> None:
    """Neither here nor at the gateway it is kept any more."""
    await saving.remove(
        call.actor,
        call.cloud,
        call.number("number"),
        call.number("id"),
        cards=call.context.cards,
        wall=wall_clock(),
    )


@card_register(
    "POST",
    "/clouds/{cloud}/invoices/{number}/charge",
    Permission.PAYMENTS_WRITE,
    summary="CardCharge an invoice to a card",
    answer=CardCharge,
    status=202,
    conflicts="nothing is left to pay, it is disputed, or there is no card to charge",
)
async def charge_invoice(call: Call) -> CardCharge | Reply:
    """What is left of it, once: while a charge is not finished, that one is answered with 200."""
    made, before = await charging.ask(
        call.actor, call.cloud, call.path["number"], wall=wall_clock(), queue=call.queue
    )
    return again(_charge(made)) if before else _charge(made)


@card_register(
    "POST",
    "/clouds/{cloud}/periods/{period}/charge",
    Permission.PAYMENTS_WRITE,
    summary="Charge a month's invoices to cards",
    answer=Asked,
    status=202,
)
async def charge_month(call: Call) -> Asked:
    """Those of subscribers with a card, at most 500; again asks for the rest."""
    asked = await charging.ask_month(
        call.actor, call.cloud, call.period, wall=wall_clock(), queue=call.queue
    )
    return Asked(asked)


@card_register(
    "GET",
    "/clouds/{cloud}/charges-made",
    Permission.PAYMENTS_READ,
    summary="List charges of cards",
    answer=Page[CardCharge],
    query=ChargeFilter,
    paged=True,
)
async def list_card_charges(call: Call, query: ChargeFilter) -> Page[CardCharge]:
    """In the order they were made; of one invoice with `invoice`."""
    rows = await charges.list_page(
        call.actor,
        call.cloud,
        invoice=query.invoice,
        after=call.after(int) or 0,
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return Page([_charge(row) for row in page], following)


@post(
    PREFIX + "/clouds/{cloud:str}/gateways/stripe/events",
    status_code=200,
    request_max_body_size=EVENT_BYTES_MAX,
)
async def take_event(request: Request, cloud: FromPath[str]) -> Response[bytes]:  # type: ignore[type-arg]
    """What Stripe sends by itself: it has no key of ours, its signature vouches for it.

    400 where that does not, and nothing is kept; else 200 at once: a worker reads the rest.
    """
    context = RequestContext.of(request.scope)
    content = await request.body()
    signature = request.headers.get(SIGNATURE, "")
    try:
        await events.receive(
            cloud,
            STRIPE,
            content,
            signature[:4096],
            cards=context.cards,
            wall=wall_clock(),
            queue=context.queue,
        )
    except Invalid:
        return Response(b"", status_code=400)
    return Response(b"", status_code=200)
