"""Passwords: argon2id, computed in threads of its own so that nobody else waits for it."""

from __future__ import annotations

import asyncio
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1000
"""Longer ones are refused unread: nobody types them, and hashing them costs us more than them."""

# 19 MiB, two passes, one lane: about 27 ms, and costly to try on a graphics card.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# A flood of sign-ins queues here, with bounded memory, and leaves the loop's own threads alone.
_THREADS: Final = ThreadPoolExecutor(
    max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="argon2"
)


def refusal(password: str, email: str) -> str | None:
    """Why `password` cannot be the new password of `email`, as a sentence; None when it can."""
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    if len(set(password)) < 4:
        return "Use more than a few different characters."
    name = email.partition("@")[0]
    if password.casefold() in {email.casefold(), name.casefold()}:
        return "Use something other than the e-mail address."
    return None


async def hash(password: str) -> str:  # noqa: A001 - the verb of the trade: `passwords.hash`
    """What is stored for `password`: parameters, salt and hash in one text."""
    return await _in_thread(_HASHER.hash, _bytes(password))


async def verify(password: str, stored: str | None) -> bool:
    """Whether `password` is the one `stored` was made from.

    With None (nobody of that name, or no password set yet) it takes as long, and is False.
    """
    matches = await _in_thread(_matches, stored, password)
    return matches and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _matches(stored: str | None, password: str) -> bool:
    if len(password) > MAX_LENGTH:
        password = ""
    try:
        return _HASHER.verify(stored or _nobody(), _bytes(password))
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _HASHER.hash(os.urandom(32))


def _bytes(password: str) -> bytes:
    """One spelling for each text: an é that two keyboards compose differently is the same é."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


async def _in_thread(function: Callable[..., _Result], *arguments: object) -> _Result:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, function, *arguments)
