"""Where the referral's pages are."""

from datetime import date
from typing import Final
from urllib.parse import urlencode

from portal.billing.period import Period

HOME: Final = "/referral"
SUBSCRIBERS: Final = "/referral/subscribers"
AGENTS: Final = "/referral/agents"
NEW_AGENT: Final = "/referral/agents/new"
PROFILE: Final = "/referral/profile"
NEW: Final = "/referral/subscribers/new"
COMMISSIONS: Final = "/referral/commissions"
STATEMENTS: Final = "/referral/statements"


def commissions_path(month: date | None = None, subscriber: int | None = None) -> str:
    """The commissions of a month, of a subscriber (its number), of both, or all."""
    words = {
        "month": None if month is None else Period.of(month).key,
        "subscriber": subscriber,
    }
    query = urlencode({name: value for name, value in words.items() if value is not None})
    return f"{COMMISSIONS}?{query}" if query else COMMISSIONS
