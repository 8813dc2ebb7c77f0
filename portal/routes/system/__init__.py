"""The platform's portal, /system: what its clouds buy, how their months close, what is due."""

from typing import Final

from litestar import Router

from portal.routes.shared.accounts import ACCOUNTS
from portal.routes.shared.accounts.installation import INSTALLATION
from portal.routes.shared.money import MONEY_OF_PLATFORM
from portal.routes.shared.operator import OPERATOR
from portal.routes.shared.overview.checklist import PLATFORM_CHECKLIST
from portal.routes.shared.reports.moved import usage_of_cloud, usage_of_clouds
from portal.routes.shared.search import search
from portal.routes.system.clouds import CLOUDS
from portal.routes.system.home import home, progress
from portal.routes.system.invoices import invoice, invoice_line, invoice_page
from portal.routes.system.periods import periods
from portal.routes.system.reports import all_reports
from portal.routes.system.services import SERVICES
from portal.routes.system.watchers import watchers

HANDLERS: Final = (
    search,
    home,
    progress,
    periods,
    invoice_page,
    invoice,
    invoice_line,
    all_reports,
    usage_of_clouds,
    usage_of_cloud,
    watchers,
    *PLATFORM_CHECKLIST,
    *CLOUDS,
    *SERVICES,
    Router("/clouds/{cloud:str}", route_handlers=OPERATOR),
    *MONEY_OF_PLATFORM,
    *ACCOUNTS,
    *INSTALLATION,
)
