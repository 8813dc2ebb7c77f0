"""A world in which cards are charged: both clouds at the stand-in, Sue's card saved there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from portal import jobs
from portal.access import SYSTEM, Actor
from portal.books.actions.cards import accounts, charging, events, refunding, saving, working
from portal.books.actions.cards.events import Hands
from portal.books.forms.cards import GatewayForm
from portal.books.queries.cards import charges
from portal.books.queries.cards.charges import Charge
from portal.db import atomic, bound_by_policies
from portal.demo.card_gateway.delivery import signature
from portal.demo.card_gateway.state import State
from portal.gateways.cards import card_gateways
from portal.gateways.vault import Vault
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Cards
from tests.card_gateway.cards import NORTH_KEY, SOUTH_KEY, TAKEN, gateway, type_card
from tests.cast import NORA, SAM, SUE, TIM
from tests.conftest import NOW
from tests.queues import RecordingQueue

SECRETS = {"north": "whsec_north_of_the_tests", "south": "whsec_south_of_the_tests"}


@dataclass
class Shop:
    """North and South with their accounts; `at` is the books' time, `wall` the machine's."""

    north: CloudFacts
    south: CloudFacts
    cards: Cards
    state: State
    control: httpx.AsyncClient
    queue: RecordingQueue
    wall: datetime
    at: datetime = NOW

    @property
    def hands(self) -> Hands:
        return Hands(self.cards, self.at, self.wall)

    async def save(self, who: Actor = SUE, number: str = TAKEN) -> None:
        """Somebody saves a card, as one's own people do: bound by the policies."""
        cloud = self.north if who.cloud == self.north.id else self.south
        back = "http://portal.test/my/cards?session={CHECKOUT_SESSION_ID}"
        with bound_by_policies():
            page = await saving.begin(
                who, cloud, None, back=back, cancel=back, cards=self.cards, wall=self.wall
            )
            await type_card(str(page.url), number)
            assert await saving.finish(who, cloud, page.session, cards=self.cards, wall=self.wall)

    async def ask(self, number: str, who: Actor = NORA, **more: Any) -> tuple[Charge, bool]:
        cloud = self.north if who.cloud == self.north.id else self.south
        with bound_by_policies():
            return await charging.ask(who, cloud, number, wall=self.wall, queue=self.queue, **more)

    async def work(self) -> None:
        """Do what workers were asked for, once."""
        asked, self.queue.enqueued = self.queue.enqueued, []
        for job, ids in asked:
            if job == jobs.CHARGE_CARD:
                await self.charge(ids[0])
            elif job == jobs.REFUND_CARD:
                await refunding.work_on_refund(
                    ids[0], cards=self.cards, now=self.at, wall=datetime.now(UTC)
                )
            elif job == jobs.READ_GATEWAY:
                await events.work_on_event(ids[0], self.hands)

    async def charge(self, row: int) -> bool:
        return await working.work_on_charge(row, cards=self.cards, now=self.at, wall=self.wall)

    async def charged(self, number: str, who: Actor = NORA, **more: Any) -> Charge:
        """An invoice is charged, and what came of it."""
        asked, _ = await self.ask(number, who, **more)
        await self.work()
        return await self.seen(asked.id)

    async def seen(self, row: int) -> Charge:
        async with atomic(SYSTEM) as tx:
            cloud = await tx.fetchval("select cloud from card_charge where id = $1", row)
            return await charges.find(tx, cloud, row)

    async def truth(self, kind: str = "charge") -> list[dict[str, Any]]:
        """What happened at the gateway, the newest first."""
        found: list[dict[str, Any]] = (await self.control.get("/_sim/truth")).json()[kind]
        return found

    async def tell(
        self, kind: str, about: dict[str, Any], slug: str = "north", name: str = ""
    ) -> bool:
        """An event comes from the gateway, and is read; whether it was new."""
        import msgspec

        body = msgspec.json.encode(
            {"id": name or f"evt_{kind}_{about['id']}", "type": kind, "data": {"object": about}}
        )
        now = int(datetime.now(UTC).timestamp())
        new = await events.receive(
            slug, "stripe", body, signature(body, SECRETS[slug], now),
            cards=self.cards, wall=self.wall, queue=self.queue,
        )  # fmt: skip
        await self.work()
        return new

    def later(self, **length: float) -> None:
        """Time goes on, in the books, at the machine and at the gateway."""
        self.at += timedelta(**length)
        self.wall += timedelta(**length)
        self.state.clock.ahead += int(timedelta(**length).total_seconds())


@asynccontextmanager
async def shop() -> AsyncIterator[Shop]:
    """Both clouds have set up their account; nobody has saved a card."""
    north, south = [await tenancy.get(SYSTEM, slug) for slug in ("north", "south")]
    async with gateway() as (url, state), httpx.AsyncClient(base_url=url) as control:
        cards = card_gateways(
            Vault(["a key of the tests, of any length"]),
            installation="tests",
            public_url="http://portal.test",
            stripe_url=url,
        )
        for who, cloud, key in ((NORA, north, NORTH_KEY), (SAM, south, SOUTH_KEY)):
            form = GatewayForm(
                secret_key=key, webhook_secrets=(SECRETS[cloud.slug],), charge_on="manual"
            )
            with bound_by_policies():
                await accounts.put(who, cloud, form, vault=cards.vault)
        yield Shop(north, south, cards, state, control, RecordingQueue(), wall=datetime.now(UTC))


__all__ = ["SECRETS", "TIM", "Shop", "shop"]
