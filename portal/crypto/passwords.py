"""Passwords: which are refused, and argon2id; in threads of their own so that nobody else waits."""

from __future__ import annotations

import asyncio
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn import zxcvbn

from portal.words import _

_Result = TypeVar("_Result")

MIN_LENGTH: Final = 10
PRODUCT: Final = "camledger"
GUESSES_MIN: Final = 10**8
"""Tries that a new password takes at least, as zxcvbn calculates; the throttle allows far fewer."""
JUDGED: Final = 40
"""Characters that are judged: more can only help, and judging them takes time."""
DIFFERENT_MIN: Final = 4
REST_MIN: Final = 6
"""Characters that stand beside the person's own words at least, where a password has such."""
WORD_MIN: Final = 3
MAX_LENGTH: Final = 1000
"""Longer ones are refused unread: nobody types them, and hashing them costs us more than them."""

FAMOUS: Final = (
    "correcthorsebatterystaple",
    "thequickbrownfox",
    "jumpsoverthelazydog",
    "maytheforcebewithyou",
    "tobeornottobe",
    "thatisthequestion",
    "winteriscoming",
    "openthepodbaydoors",
    "loremipsumdolorsitamet",
    "onceuponatime",
)
"""Phrases that were leaked often and that zxcvbn takes for unrelated words."""

_PARTS: Final = re.compile(r"[\W_]+")

# 19 MiB, two passes, one lane: about 27 ms, and costly to try on a graphics card.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# A flood of sign-ins queues here, with bounded memory, and leaves the loop's own threads alone.
_THREADS: Final = ThreadPoolExecutor(
    max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="argon2"
)


async def refusal(password: str, *, about: Iterable[str], present: str | None = None) -> str | None:
    """Why `password` cannot be somebody's new one, as a sentence; None when it can.

    `about` are texts that a guesser tries first: the person's address and name, the cloud's name.
    `present` is the hash of the password that they have. Refused are those on zxcvbn's list of
    30 000 leaked ones, such made of them ("P@ssw0rd2026!"), keyboard rows, dates and repetitions.
    """
    if len(password) < MIN_LENGTH:
        return _("Use at least %(min_length)s characters.") % {"min_length": MIN_LENGTH}
    if len(password) > MAX_LENGTH:
        return _("Use at most %(max_length)s characters.") % {"max_length": MAX_LENGTH}
    words = sorted({word for text in (*about, PRODUCT) for word in _words(text)})
    if reason := await _in_thread(_weakness, password, words):
        return reason
    if present is not None and await verify(password, present):
        return _("Use another password than the present one.")
    return None


def _weakness(password: str, words: list[str]) -> str | None:
    """What a guesser would make use of; None when it takes GUESSES_MIN tries or more."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    letters = "".join(filter(str.isalnum, plain))
    if len(set(plain)) < DIFFERENT_MIN:
        return _("Use more than a few different characters.")
    # What the person is called takes one try each: what is left must be a password of its own.
    rest = letters
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace("".join(filter(str.isalnum, word)), "")
    if rest != letters and len(rest) < REST_MIN:
        return _("Use something other than your name, your address or the name of your cloud.")
    known = [*words, *FAMOUS]
    for text in {plain, letters, rest} - {""}:
        found = zxcvbn(text[:JUDGED], user_inputs=known, max_length=JUDGED)
        if found["guesses"] < GUESSES_MIN:
            return _(
                "This password is easy to guess: it is common, was leaked, or is close to one."
            )
    return None


def _words(text: str) -> set[str]:
    """A text and its parts: "sue.bianchi@home.test" is also "sue", "bianchi", "home"."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    parts = _PARTS.split(plain)
    return {word for word in (plain, plain.partition("@")[0], *parts) if len(word) >= WORD_MIN}


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
