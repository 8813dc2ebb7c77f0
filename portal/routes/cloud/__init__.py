"""The operator's portal, /cloud: revenue, cost and margin of months, and how these are closed."""

from typing import Final

from portal.routes.cloud.commissions import commissions, statement
from portal.routes.cloud.home import home
from portal.routes.cloud.invoices import invoice, invoice_page
from portal.routes.cloud.usage import usage
from portal.routes.shared.audit import AUDIT
from portal.routes.shared.deliveries import DELIVERIES
from portal.routes.shared.keys import KEYS
from portal.routes.shared.operator import OPERATOR
from portal.routes.shared.people import PEOPLE
from portal.routes.shared.search import search
from portal.routes.shared.settings import SETTINGS

HANDLERS: Final = (
    search,
    home,
    invoice_page,
    invoice,
    usage,
    commissions,
    statement,
    *OPERATOR,
    *PEOPLE,
    *DELIVERIES,
    *KEYS,
    *AUDIT,
    *SETTINGS,
)
