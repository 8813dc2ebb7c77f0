"""Where the subscriber's pages are."""

from typing import Final
from urllib.parse import quote

from portal.billing.period import Period
from portal.usage.queries.usage_sums import UsageLine

HOME: Final = "/my"
INVOICES: Final = "/my/invoices"
USAGE: Final = "/my/usage"


def camera_path(external_id: str, period: Period | None = None) -> str:
    """The days of a camera, in a month. An external id may hold anything: "site-1/gate", "50 %"."""
    path = f"{USAGE}/{quote(external_id, safe='')}"
    return path if period is None else f"{path}?month={period.key}"


def external_id_of(line: UsageLine) -> str:
    """What stands below a camera's name: its external id, unless that says the same."""
    return "" if line.name.casefold() in {"", line.key.casefold()} else line.key
