"""Events on their way: signed as Stripe signs them, sent again where nobody took them.

What may go wrong with real ones is done on purpose where a test asks for it: lost, held back and
let go in another order, sent several times.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import httpx
import msgspec
import structlog

from portal.demo.card_gateway.account import Account, Obj

log = structlog.get_logger()
WAITS: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before each further try; Stripe takes three days for what takes minutes here."""
SECONDS_MAX: Final = 10.0


class Habits(msgspec.Struct):
    """How events go: so many are lost, each comes `times` times, and while `hold` none goes."""

    lose: int = 0
    times: int = 1
    hold: bool = False
    reverse: bool = False


@dataclass(slots=True)
class Postman:
    """Sends what accounts have to tell, in a task of its own."""

    habits: Habits
    accounts: Callable[[], Iterable[Account]]
    _due: asyncio.Event
    _task: asyncio.Task[None] | None = None
    _tries: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, habits: Habits, accounts: Callable[[], Iterable[Account]]) -> Postman:
        """One that has not begun."""
        return cls(habits, accounts, asyncio.Event())

    def ring(self) -> None:
        """There may be something to send."""
        self._due.set()

    def begin(self) -> None:
        """Send from now on."""
        self._task = asyncio.create_task(self._run())
        self.ring()

    async def end(self) -> None:
        """Send no more; what is not sent waits in its account."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=SECONDS_MAX) as client:
            while True:
                await self._due.wait()
                self._due.clear()
                if not self.habits.hold:
                    for account in list(self.accounts()):
                        await self._send_all(client, account)

    async def _send_all(self, client: httpx.AsyncClient, account: Account) -> None:
        names, account.unsent[:] = list(account.unsent), []
        for name in reversed(names) if self.habits.reverse else names:
            if self.habits.lose > 0:
                self.habits.lose -= 1
                continue
            event = account.objects[name]
            for endpoint in list(account.all("webhook_endpoint")):
                if not {"*", event["type"]} & set(endpoint["enabled_events"]):
                    continue
                for _ in range(self.habits.times):
                    if not await _is_taken(client, endpoint, event):
                        self._later(account, name)

    def _later(self, account: Account, name: str) -> None:
        """Try an event again after a while, until it was tried often enough."""
        tries = self._tries.pop(name, 0)
        if tries >= len(WAITS):
            return
        self._tries[name] = tries + 1

        def again() -> None:
            account.unsent.append(name)
            self.ring()

        asyncio.get_running_loop().call_later(WAITS[tries], again)


async def _is_taken(client: httpx.AsyncClient, endpoint: Obj, event: Obj) -> bool:
    content = msgspec.json.encode(event)
    headers = {
        "content-type": "application/json",
        "stripe-signature": signature(content, endpoint["secret"], int(time.time())),
    }
    try:
        answer = await client.post(endpoint["url"], content=content, headers=headers)
    except httpx.HTTPError as error:
        log.info("An event was not taken", event=event["id"], why=str(error))
        return False
    if not answer.is_success:
        log.info("An event was not taken", event=event["id"], why=answer.status_code)
    return answer.is_success


def signature(content: bytes, secret: str, at: int) -> str:
    """The header `Stripe-Signature` of a body: when it was signed, and what vouches for it."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + content, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"
