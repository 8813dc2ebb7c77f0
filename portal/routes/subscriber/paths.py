"""Where the subscriber's pages are."""

from typing import Final
from urllib.parse import urlencode

from portal.billing.period import Period

HOME: Final = "/my"
INVOICES: Final = "/my/invoices"
CAMERAS: Final = "/my/cameras"
CAMERA: Final = "/my/camera"


def camera_path(external_id: str, period: Period | None = None) -> str:
    """The days of a camera, in a month. An external id may hold anything: "site-1/gate", "50 %"."""
    words = {"id": external_id} | ({} if period is None else {"month": period.key})
    return f"{CAMERA}?{urlencode(words)}"
