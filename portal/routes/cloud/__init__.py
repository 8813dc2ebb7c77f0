"""The operator's portal, /cloud: revenue, cost and margin of months, and how these are closed."""

from typing import Final

from portal.routes.cloud.commissions import commissions, statement
from portal.routes.cloud.home import home
from portal.routes.shared.operator import OPERATOR
from portal.routes.shared.reports.moved import usage_of_own
from portal.routes.shared.search import search

HANDLERS: Final = (
    search,
    home,
    usage_of_own,
    commissions,
    statement,
    *OPERATOR,
)
