"""One account of the stand-in: its objects, its idempotency keys, its events and who is told.

An account is a secret key: two clouds with two keys see nothing of each other.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from portal.demo.card_gateway.refusal import Refused, no_such

Obj = dict[str, Any]

OBJECTS_MAX: Final = 50_000
KEYS_MAX: Final = 50_000
KEY_SECONDS: Final = 24 * 3600
"""How long an idempotency key repeats its first answer."""
PAGE_DEFAULT: Final = 10
PAGE_MAX: Final = 100


@dataclass(slots=True)
class Clock:
    """The gateway's time: the machine's, and what it was put forward by."""

    ahead: int = 0

    def __call__(self) -> int:
        """Seconds since 1970."""
        return int(time.time()) + self.ahead


@dataclass(slots=True)
class Kept:
    """The first answer to an idempotency key."""

    asked: str
    status: int
    body: Obj
    at: int


@dataclass(slots=True)
class Account:
    """All that a secret key sees. `numbers` are the cards behind payment methods."""

    clock: Clock
    objects: dict[str, Obj] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Kept] = field(default_factory=dict)
    unsent: list[str] = field(default_factory=list)

    def add(self, kind: str, prefix: str, **values: Any) -> Obj:
        """A new object of a kind. Raises `Refused` where there are too many."""
        if len(self.objects) >= OBJECTS_MAX:
            raise Refused("The stand-in is full.", status=500, kind="api_error")
        made = {
            "id": f"{prefix}_{secrets.token_hex(12)}",
            "object": kind,
            "created": self.clock(),
            "livemode": False,
            **values,
        }
        self.objects[made["id"]] = made
        return made

    def get(self, kind: str, name: str) -> Obj:
        """An object by its id. Raises `Refused`."""
        found = self.objects.get(name)
        if found is None or found["object"] != kind:
            raise no_such(kind, name)
        return found

    def all(self, kind: str) -> Iterator[Obj]:
        """All of a kind, the newest first."""
        return (one for one in reversed(self.objects.values()) if one["object"] == kind)

    def page(self, kind: str, where: Obj, limit: int, after: str) -> tuple[list[Obj], bool]:
        """A page of those whose fields are as said, and whether there are more."""
        found = [
            one
            for one in self.all(kind)
            if all(one.get(name) == is_ for name, is_ in where.items())
        ]
        if after:
            places = [place for place, one in enumerate(found) if one["id"] == after]
            if not places:
                raise no_such(kind, after)
            found = found[places[0] + 1 :]
        size = min(max(limit, 1), PAGE_MAX)
        return found[:size], len(found) > size

    def listen_alone(self, url: str, secret: str) -> None:
        """Tell this address of events, signed with this secret, and no other that has it."""
        for one in list(self.all("webhook_endpoint")):
            if one["secret"] == secret:
                del self.objects[one["id"]]
        self.add(
            "webhook_endpoint",
            "we",
            url=url,
            enabled_events=["*"],
            secret=secret,
            status="enabled",
            metadata={},
        )

    def tell(self, kind: str, about: Obj) -> None:
        """Write down an event: who listens is told of it by and by."""
        made = self.add(
            "event",
            "evt",
            type=kind,
            api_version="2026-10-28.endive",
            pending_webhooks=len(list(self.all("webhook_endpoint"))),
            data={"object": dict(about)},
        )
        self.unsent.append(made["id"])

    def replayed(self, key: str, asked: str) -> Kept | None:
        """The first answer to a key. Raises `Refused` where it was asked for something else."""
        found = self.keys.get(key)
        if found is None or found.at + KEY_SECONDS <= self.clock():
            return None
        if found.asked != asked:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were"
                f" first used with. Try using a key other than '{key[:80]}'."
            )
            raise Refused(message, kind="idempotency_error")
        return found

    def keep(self, key: str, asked: str, status: int, body: Obj) -> None:
        """Keep the first answer to a key; the oldest keys go when there are too many."""
        while len(self.keys) >= KEYS_MAX:
            del self.keys[next(iter(self.keys))]
        self.keys[key] = Kept(asked, status, body, self.clock())


def fingerprint(method: str, path: str, text: str) -> str:
    """What was asked, short: two that ask the same are the same."""
    return hashlib.sha256(f"{method} {path}\n{text}".encode()).hexdigest()
