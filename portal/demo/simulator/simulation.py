"""One running simulator: its world and clock, who is signed in, its faults and habits."""

import base64
import hashlib
import hmac
import random
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from litestar import Request

from portal.demo.simulator.clock import Clock, to_ms
from portal.demo.simulator.entities import User
from portal.demo.simulator.faults import Faults
from portal.demo.simulator.seed import DEFAULT_NOW, Seed, build
from portal.demo.simulator.world import World

AnyRequest = Request[Any, Any, Any]

# Most of an answer are texts and numbers, and a call for each of them would take most of its time.
_NESTED: Final = (dict, list)


class Habits(msgspec.Struct):
    """How it behaves where a real one may differ; all may be changed while it runs.

    `page_max` caps a page below what was asked for. `cursor` "offset" makes v3 lists shift as v2's
    do. `shuffle` answers every page from a list in another order.
    """

    access_token_seconds: int = 600
    refresh_token_seconds: int = 86_400
    access_token_uses: int | None = None
    page_default: int = 100
    page_max: int | None = None
    cursor: Literal["keyset", "offset"] = "keyset"
    estimated_count: Literal["exact", "rough", "none"] = "exact"
    extra_fields: bool = True
    shuffle: bool = False
    expired_keys: list[str] = []


@dataclass(slots=True)
class Tokens:
    """Signed tokens of v3, in the form of a JWT; they expire by the virtual clock."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    uses: dict[str, int] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    issued: dict[str, str] = field(default_factory=dict)

    def issue(self, user: User, api: str, kind: str, expires_ms: int) -> str:
        """A token of a kind, "access" or "refresh", good for one of the two APIs."""
        number = secrets.token_hex(8)
        expires = expires_ms // 1000
        claims = {"sub": user.id, "api": api, "kind": kind, "exp": expires, "jti": number}
        head = _base64(b'{"alg":"HS256","typ":"JWT"}')
        payload = f"{head}.{_base64(msgspec.json.encode(claims))}"
        self.issued[number] = kind
        return f"{payload}.{self._signature(payload)}"

    def read(self, token: str, now_ms: int) -> dict[str, Any] | None:
        """The claims of a token that is good now, else None."""
        payload, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(payload)):
            return None
        body = payload.partition(".")[2]
        claims: dict[str, Any] = msgspec.json.decode(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        )
        if claims["exp"] * 1000 <= now_ms or claims["jti"] in self.revoked:
            return None
        return claims

    def revoke(self, kind: str) -> int:
        """End every token of a kind; how many."""
        ended = {number for number, its in self.issued.items() if its == kind} - self.revoked
        self.revoked |= ended
        return len(ended)

    def _signature(self, payload: str) -> str:
        return _base64(hmac.new(self.secret, payload.encode(), hashlib.sha256).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Simulation:
    """What the routes share. `present()` is the world, brought up to the clock."""

    def __init__(self, seed: Seed | None, now: datetime | None) -> None:
        self.faults = Faults()
        self.tokens = Tokens()
        self.sessions: dict[str, int] = {}
        # Unknown fields and shuffles differ from one request to the next, but not between runs.
        self._dice = random.Random(7)  # noqa: S311 -- nothing secret
        self.restart(seed, now)

    def restart(self, seed: Seed | None, now: datetime | None) -> None:
        """Begin anew from a seed, with no faults and the usual habits.

        A seed that names a time begins then, and its script is played up to `now`. Without a time
        in either the clock runs with the real one.
        """
        stands = now or (seed.now if seed else None)
        stands_at = stands or datetime.now(UTC)
        self.world = build(seed, (seed.now if seed else None) or stands_at)
        self.clock = Clock(to_ms(stands_at), running=stands is None)
        self.habits = Habits()
        self.faults.clear()
        self.sessions.clear()

    def present(self) -> World:
        """The world now."""
        self.world.advance(max(self.clock.now_ms(), self.world.now_ms))
        return self.world

    def order(self, names: list[str]) -> list[str]:
        """A list as the next page is cut from it."""
        if not self.habits.shuffle:
            return names
        mixed = list(names)
        self._dice.shuffle(mixed)
        return mixed

    def with_unknown(self, value: Any) -> Any:
        """Every object in an answer with one field more that no client knows."""
        if not self.habits.extra_fields:
            return value
        if isinstance(value, list):
            return [self.with_unknown(one) if isinstance(one, _NESTED) else one for one in value]
        if isinstance(value, dict):
            more = {
                name: self.with_unknown(one) if isinstance(one, _NESTED) else one
                for name, one in value.items()
            }
            more[f"x_{self._dice.getrandbits(24):06x}"] = self._dice.choice(
                (None, True, 7, "unknown", [1, 2], {"a": 1})
            )
            return more
        return value


def simulation_of(request: AnyRequest) -> Simulation:
    """The simulator that a request came to."""
    found: Simulation = request.app.state["simulation"]
    return found


__all__ = ["DEFAULT_NOW", "AnyRequest", "Habits", "Simulation", "simulation_of"]
