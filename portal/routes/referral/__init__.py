"""The referral's portal, /referral: what was earned, and the subscribers who were brought."""

from typing import Final

from portal.routes.referral.commissions import commissions
from portal.routes.referral.home import home
from portal.routes.referral.subscribers import subscriber, subscribers

HANDLERS: Final = (home, subscribers, subscriber, commissions)
