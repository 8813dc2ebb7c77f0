"""How exactly a quantity is written for people, by its unit: one rule for pages and documents.

Files and the API keep every decimal.
"""

from __future__ import annotations

import re
from typing import Final

DECIMALS_OF_ARCHIVE: Final = 2
# Units whose quantities nobody reads beyond two decimals: days of archive, and how large it is.
_ARCHIVE: Final = re.compile(r"\s*(?:days?|[kmgtp]i?b|gigabytes?|terabytes?)\b", re.IGNORECASE)


def is_archive(unit: str) -> bool:
    """Whether a unit counts archive: "day", "days of archive", "GB"; not "channel" or "hour"."""
    return _ARCHIVE.match(unit) is not None
