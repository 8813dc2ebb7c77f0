"""Whatever people do with money, in any order, the books are right at every end of it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from portal.access import SYSTEM, Actor
from portal.billing.period import Period, local_date
from portal.books.actions.money import claims, credit_notes, payments, refunds
from portal.books.actions.payouts import statements
from portal.books.forms import payments as forms
from portal.books.forms.statement import PayStatement
from portal.db import atomic
from portal.errors import PortalError
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.usage.actions import usage
from tests.books.right import differences
from tests.books.test_closing import close
from tests.cast import CARL, NORTH, PAUL
from tests.conftest import NOW, Database
from tests.factories import camera, days, subscribe, tariff, use, worked_example
from tests.queues import RecordingQueue

HISTORIES: Final = int(os.environ.get("HISTORIES", "4"))
"""So many are lived through; whoever looks for something rare asks for hundreds."""
STEPS: Final = 12
LATER: Final = datetime(2026, 12, 5, 12, tzinfo=UTC)
_NUMBERS: Final = "select number from invoice where issuer = $1 and total > 0 order by id"
_OVERAGE: Final = """
update tariff_item set overage = '{"model": "per_unit", "unit_price": "2.00"}'
where version = (select v.id from tariff_version v where v.tariff = $1)
"""


async def october() -> None:
    """Closed in both clouds: Bob's *hall* used more than his tariff includes, and is no more.

    Rex earns as his customers pay, Liz at once; what they earn is payable at once.
    """
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        plan = await tariff(
            tx, NORTH, "small", "Small", "2026-01-01", "1.00", {world.services["motion-day"]: "1"}
        )
        await tx.execute(_OVERAGE, plan)
        hall = await camera(tx, NORTH, "hall", 2)
        await subscribe(tx, NORTH, hall, 2, plan, "2026-10-01", "2026-11-01")
        meter = world.meters["recording.motion.depth"]
        await use(tx, NORTH, hall, meter, days("2026-10-01", "2026-11-01"), 7)
        await tx.execute("update referral set hold_days = 0")
        await tx.execute("update referral set basis = 'collected' where id = 1")
    for cloud in ("north", "south"):
        await close(cloud, "2026-10")


@dataclass
class History:
    """What has happened in one book: `cloud` is None in the platform's, whose customer is North."""

    data: DataObject
    actor: Actor
    cloud: CloudFacts | None
    north: CloudFacts
    now: datetime = NOW

    @property
    def issuer(self) -> int:
        return 0 if self.cloud is None else self.cloud.id

    @property
    def today(self) -> date:
        return local_date(self.now, self.north.timezone)

    def money(self) -> str:
        cents = self.data.draw(st.integers(1, 2500), "cents")
        return f"{cents // 100}.{cents % 100:02d}"

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        async with atomic(SYSTEM) as tx:
            return await tx.fetch(query, *arguments)

    async def number(self) -> str:
        return self.data.draw(
            st.sampled_from([row[0] for row in await self.rows(_NUMBERS, self.issuer)]), "invoice"
        )

    async def payment(self) -> int:
        found = await self.rows("select id from payment where issuer = $1", self.issuer)
        return self.data.draw(st.sampled_from([row[0] for row in found] or [0]), "payment")

    def customer(self) -> dict[str, Any]:
        if self.cloud is None:
            return {"cloud": "north"}
        return {"subscriber": self.data.draw(st.sampled_from((1, 2)), "subscriber")}

    def form(self, name: str, **values: Any) -> Any:
        return getattr(forms, name if self.cloud else _OF_PLATFORM.get(name, name))(**values)

    # What people do -----------------------------------------------------------------------------

    async def pay(self) -> None:
        kind = self.data.draw(st.sampled_from(("invoice", "several", "customer", "nobody")))
        facts: dict[str, Any] = {"amount": self.money(), "paid_on": self.today}
        facts["reference"] = f"bank {self.data.draw(st.integers(0, 9), 'reference')}"
        if kind == "invoice":
            facts["invoice"] = await self.number()
        elif kind == "several":
            put = forms.Allocation(invoice=await self.number(), amount=self.money())
            facts["allocations"] = (put,)
        elif kind == "customer":
            facts |= self.customer()
        elif self.cloud is None:
            facts["currency"] = "EUR"
        await payments.receive(
            self.actor, self.cloud, self.form("NewPayment", **facts), now=self.now
        )

    async def allocate(self) -> None:
        form = self.form("AllocateForm", **self.customer())
        if self.data.draw(st.booleans(), "named"):
            put = forms.Allocation(invoice=await self.number(), amount=self.money())
            form = self.form("AllocateForm", allocations=(put,))
        await payments.allocate(self.actor, self.cloud, await self.payment(), form, now=self.now)

    async def unallocate(self) -> None:
        amount = self.data.draw(st.none() | st.just("0.50"), "amount")
        form = forms.UnallocateForm(invoice=await self.number(), amount=amount)
        await payments.unallocate(self.actor, self.cloud, await self.payment(), form, now=self.now)

    async def take_back(self) -> None:
        form = forms.ReturnForm(returned_on=self.today, fee="3.50")
        await payments.take_back(self.actor, self.cloud, await self.payment(), form, now=self.now)

    async def refund(self) -> None:
        form = self.form(
            "NewRefund",
            **self.customer(),
            amount=self.money(),
            refunded_on=self.today,
            reference=f"back {self.data.draw(st.integers(0, 5), 'reference')}",
        )
        await refunds.refund(self.actor, self.cloud, form, now=self.now)

    async def credit(self) -> None:
        form = forms.CreditForm(amount=self.money(), reason="too much")
        if self.data.draw(st.booleans(), "by line"):
            form = forms.CreditForm(lines=(0,), reason="not ours")
        number, queue = await self.number(), RecordingQueue()
        await credit_notes.credit(self.actor, self.cloud, number, form, now=self.now, queue=queue)

    async def write_off(self) -> None:
        amount = self.data.draw(st.none() | st.just("1.00"), "amount")
        form = forms.WriteOffForm(amount=amount, reason="gone")
        await claims.write_off(self.actor, self.cloud, await self.number(), form, now=self.now)

    async def dispute(self) -> None:
        form = forms.DisputeForm(reason="not mine")
        await claims.dispute(self.actor, self.cloud, await self.number(), form, now=self.now)

    async def settle(self) -> None:
        number = await self.number()
        await claims.settle(self.actor, self.cloud, number, forms.SettleForm(), now=self.now)

    async def apply(self) -> None:
        (name,) = self.customer().values()
        await claims.apply_credit(self.actor, self.cloud, name, forms.ApplyCreditForm())

    async def close_november(self) -> None:
        """Bob used less in October than was said: all of his November is a credit note."""
        for day in days("2026-10-01", "2026-11-01"):
            row = {"camera": "hall", "day": day, "meter": "recording.motion.depth", "quantity": 1}
            await usage.correct(SYSTEM, self.north, row | {"reason": "misread"}, now=LATER)
        self.now = LATER
        await close("north", "2026-11", accept_gaps=True, now=LATER)

    async def state(self) -> None:
        do = self.data.draw(st.sampled_from(("draft", "approve", "void", "pay")))
        if do == "draft":
            october = Period.month("2026-10")
            await statements.draft(CARL, self.north, october, referral="rex", now=self.now)
            return
        rows = await self.rows("select coalesce(number, id::text) from statement order by id")
        key = self.data.draw(st.sampled_from([row[0] for row in rows] or ["0"]), "statement")
        if do == "approve":
            await statements.approve(CARL, self.north, key, now=self.now, queue=RecordingQueue())
        elif do == "void":
            await statements.void(CARL, self.north, key, "again", now=self.now)
        else:
            paid = PayStatement(paid_on=self.today, reference="1")
            await statements.pay(CARL, self.north, key, paid, now=self.now)


_OF_PLATFORM: Final = {
    "NewPayment": "NewCloudPayment",
    "NewRefund": "NewCloudRefund",
    "AllocateForm": "AllocateCloudForm",
}
MONEY: Final = (
    *("pay", "pay", "pay", "allocate", "unallocate", "take_back", "refund", "credit"),
    *("write_off", "dispute", "settle", "apply"),
)
ALL: Final = (*MONEY, "close_november", "state", "state")


@settings(
    max_examples=HISTORIES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_after_any_history_the_proof_finds_nothing(
    worker: Database, data: DataObject
) -> None:
    """What is refused has done nothing; what is done again under its name, nothing more."""
    await worker.told(october)
    north = await tenancy.get(SYSTEM, "north")
    books = {
        "north": History(data, CARL, north, north),
        "platform": History(data, PAUL, None, north),
    }
    did = []
    for _ in range(data.draw(st.integers(STEPS // 2, STEPS), "steps")):
        where = data.draw(st.sampled_from(("north", "north", "platform")))
        history = books[where]
        step = data.draw(st.sampled_from(ALL if where == "north" else MONEY))
        try:
            await getattr(history, step)()
        except PortalError as refused:
            did.append(f"{where} {step}: {refused.message}")
        else:
            did.append(f"{where} {step}")
        books["platform"].now = books["north"].now
    assert await differences() == {}, did


async def test_two_people_at_once_leave_sums_that_hold(worker: Database) -> None:
    """Sue's one invoice is paid, credited, refunded and written off by all of them at the same time."""
    await worker.told(october)
    north = await tenancy.get(SYSTEM, "north")
    number, today = "NORTH-2026-000001", date(2026, 11, 5)

    def paid(place: int) -> Any:
        new = forms.NewPayment(
            amount="6.00", paid_on=today, reference=f"at once {place % 3}", subscriber=1
        )
        return payments.receive(CARL, north, new, now=NOW)

    def credited(amount: str) -> Any:
        form = forms.CreditForm(amount=amount, reason="too much")
        return credit_notes.credit(CARL, north, number, form, now=NOW, queue=RecordingQueue())

    def back(place: int) -> Any:
        form = forms.NewRefund(
            subscriber=1, amount="1.00", refunded_on=today, reference=f"back {place}"
        )
        return refunds.refund(CARL, north, form, now=NOW)

    given_up = forms.WriteOffForm(amount="2.00", reason="gone")
    ends = await asyncio.gather(
        *(paid(place) for place in range(6)),
        *(credited(amount) for amount in ("5.00", "4.00", "16.48")),
        *(back(place) for place in range(3)),
        claims.write_off(CARL, north, number, given_up, now=NOW),
        return_exceptions=True,
    )
    assert all(isinstance(end, PortalError) for end in ends if isinstance(end, BaseException)), ends
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from payment where cloud = 1") == 3
    assert await differences() == {}
