"""Known devices: browsers that somebody has signed in with, told by a cookie that we signed.

A known device is no way in. It only keeps others' guesses at an address from holding up the
person whose address it is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LIFETIME: Final = timedelta(days=180)
PEOPLE_MAX: Final = 4
"""People of one browser that are remembered; the one who was not here longest is forgotten."""

_MARK: Final = re.compile(r"([1-9][0-9]{0,18})\.([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)
_TEXT_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Devices:
    """Signs and reads the cookie's text: marks "user.second.signature", joined by "~"."""

    key: bytes

    def mark(self, text: str, user: int, password: str, now: datetime) -> str:
        """The text that says, too, that `user` signed in here at `now`.

        `password` is the hash of theirs: with another password every device is unknown again.
        """
        second = int(now.timestamp())
        new = f"{user}.{second}.{self._signature(user, second, password)}"
        others = [mark for mark in _marks(text) if not mark.startswith(f"{user}.")]
        return "~".join([new, *others][:PEOPLE_MAX])

    def known(self, text: str, user: int, password: str, now: datetime) -> str | None:
        """A name for the device if `user` signed in with it; None for an unknown one."""
        for mark in _marks(text):
            match = _MARK.fullmatch(mark)
            if match is None or int(match[1]) != user:
                continue
            second = int(match[2])
            is_fresh = 0 <= now.timestamp() - second <= LIFETIME.total_seconds()
            signature = self._signature(user, second, password)
            if is_fresh and hmac.compare_digest(match[3], signature):
                return match[3][:16]
        return None

    def last(self, text: str) -> int | None:
        """Who signed in here last, as the browser says; None where it says nothing."""
        for mark in _marks(text)[:1]:
            return int(mark.partition(".")[0])
        return None

    def _signature(self, user: int, second: int, password: str) -> str:
        of = hashlib.sha256(password.encode()).hexdigest()
        return hmac.new(self.key, f"{user} {second} {of}".encode(), hashlib.sha256).hexdigest()


def _marks(text: str) -> list[str]:
    return [mark for mark in text[:_TEXT_MAX].split("~") if _MARK.fullmatch(mark)]
