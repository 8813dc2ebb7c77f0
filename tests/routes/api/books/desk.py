"""A bookkeeper's desk: what an accountant of North does by the API, with a customer of its own."""

from __future__ import annotations

from itertools import count
from typing import Any

from portal.kit.queries import tenancy
from portal.overview.queries import attention
from tests.books.issued import issue
from tests.cast import CARL, NORTH
from tests.conftest import NOW
from tests.routes.api.conftest import House

TODAY = "2026-11-05"
_reference = count(1)


class Desk:
    """A bookkeeper's desk in North; each story has a new customer, so that none sees another's."""

    def __init__(self, house: House, number: int, row: int) -> None:
        self.house, self.number, self.row = house, number, row

    async def issue(self, taxable: int, **more: Any) -> str:
        async with self.house.database.as_owner() as owner:
            return await issue(owner, NORTH, self.row, taxable, **more)

    async def ask(self, path: str, body: Any, status: int = 200, who: str = "carl") -> Any:
        return await self.house.post(who, f"/clouds/north{path}", body, status)

    async def pay(self, amount: str, status: int = 201, **more: Any) -> Any:
        body = {"amount": amount, "paid_on": TODAY, "reference": f"ref-{next(_reference)}"}
        whose = {} if more.keys() & {"invoice", "allocations"} else {"subscriber": self.number}
        return await self.ask("/payments", {**body, **whose, **more}, status)

    async def overdrawn(self) -> list[tuple[int, int | None, str]]:
        """What "Needs you" says of credit below 0: of how many, how much, whose."""
        north = await tenancy.get(CARL, "north")
        needs = await attention.of_cloud(CARL, north, now=NOW)
        return [(one.count, one.amount, one.place) for one in needs if one.kind == "overdrawn"]

    async def back(self, payment: Any, **more: Any) -> Any:
        body = {"returned_on": TODAY, "reason": "AC04", **more}
        return await self.ask(f"/payments/{payment['id']}/return", body, 201)

    async def refund(self, amount: str, status: int = 201, **more: Any) -> Any:
        body = {"subscriber": self.number, "amount": amount, "refunded_on": TODAY}
        return await self.ask(
            "/refunds", {**body, "reference": f"back-{next(_reference)}", **more}, status
        )

    async def invoice(self, number: str) -> Any:
        return await self.house.get("carl", f"/clouds/north/invoices/{number}")

    async def said(self, number: str) -> tuple[str, ...]:
        """Credited, paid, written off, left and status."""
        found = await self.invoice(number)
        return tuple(found[name] for name in ("credited", "paid", "written_off", "left", "status"))

    async def account(self) -> Any:
        return await self.house.get("carl", f"/clouds/north/subscribers/{self.number}/account")

    async def credit(self) -> str:
        return str((await self.account())["credit"])
