"""The operator's portal, /cloud: what a month brought and cost, and how it is closed."""

from typing import Final

from portal.routes.cloud.commissions import commissions, statement
from portal.routes.cloud.home import home
from portal.routes.cloud.invoices import invoice, invoice_page
from portal.routes.cloud.periods import ask_close, close, gaps, period, periods, progress
from portal.routes.cloud.usage import camera, usage

HANDLERS: Final = (
    home,
    invoice_page,
    invoice,
    usage,
    camera,
    commissions,
    statement,
    periods,
    period,
    progress,
    gaps,
    ask_close,
    close,
)
