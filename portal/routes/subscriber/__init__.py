"""The subscriber's portal, /my: what this month comes to, invoices, and the usage behind them."""

from typing import Final

from portal.routes.shared.accounts.own import OWN_PEOPLE
from portal.routes.shared.search import search
from portal.routes.subscriber.cameras import camera, cameras
from portal.routes.subscriber.cards import CARDS
from portal.routes.subscriber.home import home
from portal.routes.subscriber.invoices import invoice, invoice_line, invoices
from portal.routes.subscriber.payments import payments
from portal.routes.subscriber.profile import PROFILE
from portal.routes.subscriber.questions import QUESTIONS

HANDLERS: Final = (
    home,
    search,
    invoices,
    invoice,
    invoice_line,
    payments,
    *CARDS,
    *QUESTIONS,
    cameras,
    camera,
    *PROFILE,
    *OWN_PEOPLE,
)
