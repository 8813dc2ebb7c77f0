"""The key that the audit log is sealed with: made of the installation's secret.

PostgreSQL computes the seal in the transaction that it belongs to: HMAC-SHA-256 with the pads that
stand in `audit_key`, a table that no login but the owner's reads.
"""

from __future__ import annotations

from typing import Final

from portal.roles import connect

BLOCK: Final = 64
"""Bytes of a block of SHA-256, to which HMAC fills up its key (RFC 2104)."""
INNER: Final = 0x36
OUTER: Final = 0x5C


def pads_of(key: bytes) -> tuple[bytes, bytes]:
    """HMAC's inner and outer pad of a key of at most BLOCK bytes."""
    filled = key.ljust(BLOCK, b"\0")
    return bytes(byte ^ INNER for byte in filled), bytes(byte ^ OUTER for byte in filled)


async def provide(database_url: str, key: bytes) -> bool:
    """Have entries sealed with `key` from now on; whether they were sealed with another before."""
    inner, outer = pads_of(key)
    owner = await connect(database_url)
    try:
        made = await owner.fetchval(
            "insert into audit_key (inner_pad, outer_pad) select $1, $2 where $1 is distinct from"
            " (select inner_pad from audit_key order by id desc limit 1) returning id",
            inner,
            outer,
        )
    finally:
        await owner.close()
    return made is not None
