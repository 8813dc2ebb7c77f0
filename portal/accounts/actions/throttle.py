"""Slowing guessers down: failures are counted in PostgreSQL, for all machines together.

What is counted has a subject ("network:203.0.113.0/24") and a bound for each WINDOW. A subject has
no more rows than its bound, so that a flood leaves a bounded number of them.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from portal import tables
from portal.db import Transaction
from portal.errors import TooMany
from portal.kit.actions.rows import insert
from portal.values.address import normal
from portal.words import _, ngettext

WINDOW: Final = timedelta(minutes=15)
KEPT: Final = WINDOW * 4
"""How long rows stay that no longer count."""

FAILURES_A_PLACE: Final = 10
"""Of one address from one network."""
FAILURES_A_SITES_PLACE: Final = 20
"""Of one address from one IPv6 site: its 65 536 networks are one guesser's."""
FAILURES_AN_ADDRESS: Final = 100
"""Of one address from everywhere: ten networks, or five sites, guess together before it counts."""
FAILURES_A_NETWORK: Final = 50
"""Of one network, whatever the address."""
FAILURES_A_SITE: Final = 200
"""Of one IPv6 site, whatever the address."""
FAILURES_A_DEVICE: Final = 10
"""Of a browser that the person has signed in with before; nothing else counts for it."""
FAILURES_A_PERSON: Final = 10
"""Of somebody who is known by their password: a second factor, or the password again."""
FAILURES_WITH_KEYS: Final = 300
"""Of one network, with keys of the API that open nothing."""
FAILURES_WITH_KEYS_A_SITE: Final = 1200

SIGN_INS: Final = _("attempts to sign in")
IPV4_PREFIX: Final = 24
IPV6_PREFIX: Final = 64
IPV6_SITE_PREFIX: Final = 48
"""What a provider gives to one customer at most; it holds 65 536 networks."""

_RECENT: Final = """
select at from sign_in_attempt where subject = $1 and at > $2 order by at desc limit $3
"""


class Blocked(TooMany):
    """Too many failures; `retry_after` is in seconds."""

    def __init__(self, retry_after: int, what: str) -> None:
        minutes = ceil(retry_after / 60)
        message = ngettext(
            "Too many %(what)s. Try again in %(minutes)s minute.",
            "Too many %(what)s. Try again in %(minutes)s minutes.",
            minutes,
        )
        super().__init__(message % {"what": what, "minutes": minutes})
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limit:
    """`failures` in WINDOW are as many as `subject` may have."""

    subject: str
    failures: int


def of_stranger(email: str, address: str) -> tuple[Limit, ...]:
    """What counts for somebody at `address` who says to be `email`.

    Ten tries of a guesser hold up the guesser's network alone: the person goes on elsewhere.
    """
    network, site, digest = network_of(address), site_of(address), digest_of(email)
    return (
        Limit(f"network:{network}", FAILURES_A_NETWORK),
        *([Limit(f"site:{site}", FAILURES_A_SITE)] if site else []),
        Limit(f"place:{network}:{digest}", FAILURES_A_PLACE),
        *([Limit(f"site-place:{site}:{digest}", FAILURES_A_SITES_PLACE)] if site else []),
        Limit(f"address:{digest}", FAILURES_AN_ADDRESS),
    )


def with_keys(address: str) -> tuple[Limit, ...]:
    """What counts for somebody at `address` whose keys of the API open nothing."""
    site = site_of(address)
    return (
        Limit(f"keys:{network_of(address)}", FAILURES_WITH_KEYS),
        *([Limit(f"site-keys:{site}", FAILURES_WITH_KEYS_A_SITE)] if site else []),
    )


def of_device(user: int, device: str) -> tuple[Limit, ...]:
    """What counts for a browser that is known as this person's."""
    return (Limit(f"device:{user}:{device}", FAILURES_A_DEVICE),)


async def count(
    tx: Transaction, limits: Sequence[Limit], now: datetime, what: str = SIGN_INS
) -> list[int]:
    """Count a failure for each, before it is looked at: a hundred at once are a hundred.

    The row ids, to be forgiven if it was none. Raises Blocked, and then counts nothing. `limits`
    come in the order of `of_stranger` in every try, networks before addresses, so that two tries
    never wait for each other.
    """
    for limit in limits:
        await tx.execute(
            "select pg_advisory_xact_lock(hashtextextended('tries ' || $1::text, 0))", limit.subject
        )
        rows = await tx.fetch(_RECENT, limit.subject, now - WINDOW, limit.failures)
        if wait := wait_of([row["at"] for row in rows], limit.failures, now):
            raise Blocked(wait, what)
    return [
        await insert(tx, tables.SignInAttempt, {"subject": limit.subject, "at": now})
        for limit in limits
    ]


async def forgive(tx: Transaction, attempts: Sequence[int], *subjects: str) -> None:
    """It was no failure, and what failed before for `subjects` is forgotten."""
    await tx.execute(
        "delete from sign_in_attempt where subject = any($1) or id = any($2)",
        list(subjects),
        list(attempts),
    )


def wait_of(failures: Sequence[datetime], limit: int, now: datetime) -> int:
    """Seconds until another try is let in; 0 when it is now. `failures` are latest first.

    Example: with a limit of 10, the eleventh waits until the first of the ten is WINDOW old.
    """
    if len(failures) < limit:
        return 0
    return max(1, ceil((failures[limit - 1] + WINDOW - now).total_seconds()))


def network_of(address: str) -> str:
    """What counts as one guest: "203.0.113.0/24", or the /64 that an IPv6 guest has to itself."""
    parsed = _parsed(address)
    if parsed is None:
        return "unknown"
    prefix = IPV4_PREFIX if parsed.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def site_of(address: str) -> str | None:
    """The /48 in which an IPv6 guest may have any number of networks; None for others."""
    parsed = _parsed(address)
    if parsed is None or parsed.version == 4:
        return None
    return str(ipaddress.ip_network((parsed, IPV6_SITE_PREFIX), strict=False))


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def digest_of(email: str) -> str:
    """People type passwords into the wrong field: what was typed is not kept."""
    text = normal(email) or email.strip().casefold()
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
