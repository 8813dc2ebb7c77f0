"""Where the subscriber's pages are."""

from typing import Final
from urllib.parse import urlencode

from portal.billing.period import Period
from portal.routes.shared.money.card_place import OWN
from portal.words import _

HOME: Final = "/my"
INVOICES: Final = "/my/invoices"
PAYMENTS: Final = "/my/payments"
CARDS: Final = OWN
QUESTIONS: Final = "/my/questions"
CAMERAS: Final = "/my/cameras"
CAMERA: Final = "/my/camera"


def money_tabs(here: str) -> list[tuple[str, str, bool, int]]:
    """Invoices, payments and questions side by side; `here` is the address of one."""
    pages = (
        (_("Invoices"), INVOICES),
        (_("Payments"), PAYMENTS),
        (_("Questions"), QUESTIONS),
    )
    return [(label, path, path == here, 0) for label, path in pages]


def camera_path(external_id: str, period: Period | None = None) -> str:
    """The days of a camera, in a month. An external id may hold anything: "site-1/gate", "50 %"."""
    words = {"id": external_id} | ({} if period is None else {"month": period.key})
    return f"{CAMERA}?{urlencode(words)}"
