"""Whether the books of a test's database are right."""

from __future__ import annotations

from portal.books.queries.verify.books import verify
from portal.crypto.keys import key_for
from tests.conftest import SECRET


async def differences() -> dict[str, list[str]]:
    """What breaks which law, in words."""
    found = [law async for law in verify(key_for(SECRET, "audit"))]
    return {law.law: [str(one) for one in law.named] for law in found if law.total}
