"""The page of a form that could not be sent from its own: what was typed, to be sent. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from portal.kit.forms.boxes import WAS
from portal.routes import INTERFACES

AGAIN: Final = "shared/again.html"
RECALCULATE: Final = ("intent", "recalculate")
"""What a form that recalculates is sent with to be shown as it stands."""
UNSHOWN: Final = frozenset({"intent", "confirmed", "key", "idempotency_key"})
"""What no person typed: which button it was, and what keeps a deed from being done twice."""
_SECRET: Final = re.compile(
    r".*(password|secret|token).*|current|new|again|login|api_key|\w+_code", re.IGNORECASE
)


def is_secret(path: str, name: str) -> bool:
    """Whether a field sent to `path` is never shown again: a password, a key, a one-time code.

    A "code" is one where people sign in; in the portals it is that of a tariff or a referral.
    """
    if name == "code":
        return not any(path.startswith(f"{interface.prefix}/") for interface in INTERFACES)
    return _SECRET.fullmatch(name) is not None


def context_of(
    path: str, fields: Mapping[str, str], *, recalculates: bool = False
) -> dict[str, Any]:
    """What the page shows: the values that were typed, and whether sending them again is enough.

    It is not where a secret was among them. A form that `recalculates` is shown before it is sent.
    """
    told = {
        name: value for name, value in fields.items() if not is_secret(path.partition("?")[0], name)
    }
    is_whole = all(not fields[name] for name in fields.keys() - told.keys())
    if recalculates:
        told |= dict([RECALCULATE])
    return {
        "path": path,
        "values": list(told.items()),
        "shown": [
            (name, value)
            for name, value in told.items()
            if value and name not in UNSHOWN and not name.startswith(WAS)
        ],
        "complete": is_whole and bool(told),
        "recalculates": recalculates,
    }
