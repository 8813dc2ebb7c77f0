"""What the routes of the stand-in share: the accounts, and the file that they are kept in."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request

from portal.demo.card_gateway.account import Account, Clock, Kept, Obj
from portal.demo.card_gateway.delivery import Habits, Postman
from portal.demo.card_gateway.refusal import Refused
from portal.demo.simulator.faults import Faults

AnyRequest = Request[Any, Any, Any]

ACCOUNTS_MAX: Final = 1_000
ENDPOINTS_MAX: Final = 16
"""Of one account, as at Stripe."""


@dataclass(slots=True)
class State:
    """The accounts by secret key; `url` is where pages are, `bank_url` where banks ask holders."""

    url: str
    bank_url: str
    file: Path | None = None
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    habits: Habits = field(default_factory=Habits)
    accounts: dict[str, Account] = field(default_factory=dict)
    postman: Postman | None = None

    def account(self, key: str) -> Account:
        """The account of a key; a new one where nobody has asked with it yet."""
        if key not in self.accounts:
            if len(self.accounts) >= ACCOUNTS_MAX:
                raise Refused("The stand-in has too many accounts.", status=500, kind="api_error")
            self.accounts[key] = Account(self.clock)
        return self.accounts[key]

    def listen(self, account: Account, url: str, events: Obj) -> Obj:
        """Tell an address of an account's events from now on; the secret that they are signed with.

        Raises `Refused` for what is no address, and for too many of them.
        """
        if not url.startswith(("http://", "https://")):
            raise Refused("Invalid URL", param="url")
        if len(list(account.all("webhook_endpoint"))) >= ENDPOINTS_MAX:
            raise Refused("You have reached the maximum of 16 test webhook endpoints.")
        wanted = list(events.values()) or ["*"]
        secret = f"whsec_{secrets.token_hex(16)}"
        return account.add(
            "webhook_endpoint",
            "we",
            url=url,
            enabled_events=wanted,
            secret=secret,
            status="enabled",
            metadata={},
        )

    def of_session(self, name: str) -> Account | None:
        """Whose a session, or an intent, is that a browser comes with."""
        return next((one for one in self.accounts.values() if name in one.objects), None)

    def changed(self) -> None:
        """Keep what there is, and let those who listen know."""
        if self.file is not None:
            kept = {key: _plain(one) for key, one in self.accounts.items()}
            part = self.file.with_suffix(".part")
            part.write_bytes(msgspec.json.encode(kept))
            part.replace(self.file)
        if self.postman is not None:
            self.postman.ring()

    def load(self) -> None:
        """Go on from the file, where there is one."""
        if self.file is None or not self.file.exists():
            return
        for key, one in msgspec.json.decode(self.file.read_bytes()).items():
            keys = {name: Kept(**kept) for name, kept in one.pop("keys").items()}
            self.accounts[key] = Account(self.clock, keys=keys, **one)


def _plain(account: Account) -> Obj:
    return {
        "objects": account.objects,
        "numbers": account.numbers,
        "keys": {name: asdict(kept) for name, kept in account.keys.items()},
        "unsent": account.unsent,
    }


def state_of(request: AnyRequest) -> State:
    """What a request came to."""
    found: State = request.app.state["gateway"]
    return found
