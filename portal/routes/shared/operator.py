"""The operator's pages that stand in two portals: below /cloud and below /system/clouds/{cloud}.

Each asks `CloudScope` whose they are, and takes every address of them from there.
"""

from typing import Final

from litestar import Router

from portal.routes.shared.accounts import ACCOUNTS
from portal.routes.shared.accounts.gateway import GATEWAY
from portal.routes.shared.accounts.view_as import VIEW_AS
from portal.routes.shared.books.charge import CHARGES
from portal.routes.shared.books.claims import CLAIMS
from portal.routes.shared.books.closing import CLOSING
from portal.routes.shared.books.corrections import CORRECTIONS
from portal.routes.shared.books.credit import CREDITS
from portal.routes.shared.books.drafts import DRAFTS
from portal.routes.shared.books.late_usage import LATE_USAGE
from portal.routes.shared.books.operator import INVOICES
from portal.routes.shared.books.outage import OUTAGE
from portal.routes.shared.books.periods import PERIODS
from portal.routes.shared.books.send import SENDING
from portal.routes.shared.books.usage_file import USAGE_FILE
from portal.routes.shared.cameras import CAMERAS
from portal.routes.shared.choose import choose
from portal.routes.shared.dunning import DUNNING
from portal.routes.shared.money import MONEY
from portal.routes.shared.money.cards import CARDS
from portal.routes.shared.overview.checklist import CLOUD_CHECKLIST
from portal.routes.shared.prices.page import PRICES
from portal.routes.shared.referrals import REFERRALS
from portal.routes.shared.reports import REPORTS
from portal.routes.shared.subscribers import SUBSCRIBERS
from portal.routes.shared.tariffs import TARIFFS
from portal.routes.shared.tasks import task_page
from portal.routes.shared.watcher import WATCHER

OPERATOR: Final = (
    choose,
    *VIEW_AS,
    *ACCOUNTS,
    *GATEWAY,
    *CLOUD_CHECKLIST,
    *CAMERAS,
    *LATE_USAGE,
    *PERIODS,
    *CORRECTIONS,
    *CLOSING,
    *USAGE_FILE,
    *DRAFTS,
    *SUBSCRIBERS,
    *REFERRALS,
    *INVOICES,
    *CLAIMS,
    *CHARGES,
    *CREDITS,
    *OUTAGE,
    *MONEY,
    *CARDS,
    *DUNNING,
    *SENDING,
    *REPORTS,
    task_page,
    Router("/prices", route_handlers=PRICES),
    Router("/tariffs", route_handlers=TARIFFS),
    Router("/watcher", route_handlers=WATCHER),
)
