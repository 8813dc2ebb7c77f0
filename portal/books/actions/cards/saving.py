"""Saving a card: at the gateway's page, never at ours. Then the cards that are kept."""

from __future__ import annotations

import secrets as random
from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import Actor, Permission, Role
from portal.books.queries.cards import accounts, methods
from portal.books.queries.cards.methods import METHODS_MAX, Method
from portal.books.queries.money.customers import Customer
from portal.db import Transaction, atomic
from portal.errors import Conflict, no_such
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import CardGateway, Cards
from portal.values.cards import STRIPE, GatewaySecrets, SavedCard, SetUp
from portal.words import _

FIRST_LOOK: Final = timedelta(minutes=5)
"""After which workers look whether a card was saved by somebody who did not come back."""
_NO_GATEWAY: Final = _("No card gateway is set up: an administrator does that in the settings.")
_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('cards of ' || $1::bigint, 0))"


def permission_of(actor: Actor) -> Permission:
    """What saving a card takes: of a subscriber its own account, of an operator the books."""
    own = actor.role is Role.SUBSCRIBER
    return Permission.ACCOUNT_WRITE if own else Permission.PAYMENTS_WRITE


async def begin(
    actor: Actor,
    cloud: CloudFacts,
    number: int | None,
    *,
    back: str,
    cancel: str,
    cards: Cards,
    wall: datetime,
) -> SetUp:
    """A page of the gateway's where a subscriber saves a card; without `number` whoever acts.

    `back` and `cancel` are addresses, the first with a place for the session. Raises `Conflict`
    without a gateway, and for too many cards. No transaction is open while the gateway is asked.
    """
    require(actor, permission_of(actor))
    async with atomic(actor) as tx:
        await accounts.needed(tx, cloud.id)
        customer = await methods.customer_of(tx, actor, cloud, number)
        subscriber = _row_of(customer)
        if len(await methods.of_subscriber(tx, cloud.id, subscriber)) >= METHODS_MAX:
            raise Conflict(_("There are enough cards: remove one first."))
        known = await tx.fetchval(
            "select customer from card_customer where cloud = $1 and subscriber = $2"
            " and gateway = $3",
            cloud.id,
            subscriber,
            STRIPE,
        )
    async with cards.open[STRIPE](await _secrets(cloud, cards)) as gateway:
        if known is None:
            known = await _make_customer(actor, cloud, customer, cards, gateway)
        key = f"clk-{cards.installation}-set-up-{random.token_hex(12)}"
        made = await gateway.begin_set_up(key, known, customer.currency, back=back, cancel=cancel)
    async with atomic(actor) as tx:
        row = {
            "cloud": cloud.id,
            "subscriber": subscriber,
            "gateway": STRIPE,
            "session": made.session,
            "created_at": wall,
            "expires_at": made.expires_at,
            "look_at": wall + FIRST_LOOK,
        }
        await insert(tx, tables.CardSetUp, row)
        about = f"subscriber {customer.name}"
        await audit.record(tx, actor, "card.invite", about, cloud=cloud.id)
    return made


async def _secrets(cloud: CloudFacts, cards: Cards) -> GatewaySecrets:
    found = await accounts.secrets(cloud.id, STRIPE, cards.vault)
    if found is None:
        raise Conflict(_NO_GATEWAY)
    return found


def _row_of(customer: Customer) -> int:
    assert customer.subscriber is not None, "the book is a cloud's"
    return customer.subscriber


async def _make_customer(
    actor: Actor, cloud: CloudFacts, customer: Customer, cards: Cards, gateway: CardGateway
) -> str:
    """The gateway's id of a subscriber: two that ask at once get the same, by the key."""
    metadata = {
        "installation": cards.installation,
        "cloud": cloud.slug,
        "subscriber": customer.name,
    }
    key = f"clk-{cards.installation}-customer-{_row_of(customer)}"
    made = await gateway.make_customer(key, f"{cloud.name} {customer.name}", metadata)
    async with atomic(actor) as tx:
        row = {
            "cloud": cloud.id,
            "subscriber": _row_of(customer),
            "gateway": STRIPE,
            "customer": made,
        }
        await insert(tx, tables.CardCustomer, row, unless_there=True)
        known: str = await tx.fetchval(
            "select customer from card_customer where cloud = $1 and subscriber = $2"
            " and gateway = $3",
            cloud.id,
            _row_of(customer),
            STRIPE,
        )
        return known


async def finish(
    actor: Actor, cloud: CloudFacts, session: str, *, cards: Cards, wall: datetime
) -> Method | None:
    """Look whether a card was saved on a page, and keep what may be known of it; None where not.

    Raises `NotFound` for a page that is nobody's, or not the actor's to see. Twice is once.
    """
    async with atomic(actor) as tx:
        row = await tx.fetchrow(
            "select id, subscriber, expires_at, look_at from card_set_up"
            " where cloud = $1 and gateway = $2 and session = $3",
            cloud.id,
            STRIPE,
            session[:255],
        )
    if row is None:
        raise no_such(_("page of the card gateway"), session)
    async with cards.open[STRIPE](await _secrets(cloud, cards)) as gateway:
        found = await gateway.read_set_up(session)
    async with atomic(actor) as tx:
        over = found.card is not None or found.is_over or row["expires_at"] <= wall
        if row["look_at"] is not None:
            again = None if over else wall + FIRST_LOOK
            await update(tx, tables.CardSetUp, row["id"], {"look_at": again})
        if found.card is None:
            return None
        return await _keep(tx, actor, cloud, row["subscriber"], card=found.card, wall=wall)


async def _keep(
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts,
    subscriber: int,
    *,
    card: SavedCard,
    wall: datetime,
) -> Method:
    await tx.execute(_LOCK, subscriber)
    columns = {
        "cloud": cloud.id,
        "subscriber": subscriber,
        "gateway": STRIPE,
        "method": card.method,
        "brand": card.brand,
        "last4": card.last4,
        "month": card.month,
        "year": card.year,
        "added_at": wall,
    }
    made = await insert(tx, tables.PaymentMethod, columns, unless_there=True)
    if made is not None:
        # The card that was saved last is the one that its holder means.
        await _prefer(tx, cloud.id, subscriber, made)
        told = {"brand": card.brand, "last4": card.last4}
        about = f"card {made}"
        await audit.record(tx, actor, "card.save", about, cloud=cloud.id, after=told)
    found = await tx.fetchrow(
        "select id, brand, last4, month, year, preferred from payment_method"
        " where cloud = $1 and gateway = $2 and method = $3",
        cloud.id,
        STRIPE,
        card.method,
    )
    assert found is not None, "it is there now"
    return Method(**found)


async def _prefer(tx: Transaction, cloud: int, subscriber: int, method: int) -> None:
    of = tables.PaymentMethod
    theirs = (of.cloud == cloud) & (of.subscriber == subscriber) & (of.preferred == True)  # noqa: E712 - Piccolo's words
    await update(tx, tables.PaymentMethod, theirs, {"preferred": False})
    await update(tx, tables.PaymentMethod, method, {"preferred": True})


async def prefer(actor: Actor, cloud: CloudFacts, number: int | None, method: int) -> None:
    """Charge this card from now on. Raises `NotFound`."""
    require(actor, permission_of(actor))
    async with atomic(actor) as tx:
        customer = await methods.customer_of(tx, actor, cloud, number)
        subscriber = _row_of(customer)
        await tx.execute(_LOCK, subscriber)
        await _one_of(tx, cloud, subscriber, method)
        await _prefer(tx, cloud.id, subscriber, method)
        await audit.record(tx, actor, "card.prefer", f"card {method}", cloud=cloud.id)


async def remove(
    actor: Actor,
    cloud: CloudFacts,
    number: int | None,
    method: int,
    *,
    cards: Cards,
    wall: datetime,
) -> None:
    """Keep a card no more, neither here nor at the gateway. Raises `NotFound`.

    Raises `Conflict` while it is charged, and `GatewayFailed` where the gateway cannot be asked:
    then it stays.
    """
    require(actor, permission_of(actor))
    async with atomic(actor) as tx:
        customer = await methods.customer_of(tx, actor, cloud, number)
        subscriber = _row_of(customer)
        await tx.execute(_LOCK, subscriber)
        name = await _one_of(tx, cloud, subscriber, method)
        busy = await tx.fetchval(
            "select exists (select from card_charge where cloud = $1 and payment_method = $2"
            " and state in ('created', 'unknown', 'pending'))",
            cloud.id,
            method,
        )
        if busy:
            raise Conflict(_("This card is being charged: wait until that has ended."))
    async with cards.open[STRIPE](await _secrets(cloud, cards)) as gateway:
        await gateway.forget(name)
    async with atomic(actor) as tx:
        await tx.execute(_LOCK, subscriber)
        columns = {"removed_at": wall, "preferred": False}
        await update(tx, tables.PaymentMethod, method, columns)
        left = await methods.of_subscriber(tx, cloud.id, subscriber)
        if left and not left[0].preferred:
            await _prefer(tx, cloud.id, subscriber, left[0].id)
        await audit.record(tx, actor, "card.remove", f"card {method}", cloud=cloud.id)


async def _one_of(tx: Transaction, cloud: CloudFacts, subscriber: int, method: int) -> str:
    found: str | None = await tx.fetchval(
        "select method from payment_method where cloud = $1 and subscriber = $2 and id = $3"
        " and removed_at is null",
        cloud.id,
        subscriber,
        method,
    )
    if found is None:
        raise no_such(_("card"), method)
    return found
