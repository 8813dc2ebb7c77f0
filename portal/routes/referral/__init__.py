"""The referral's portal, /referral: what was earned, and the referred subscribers."""

from typing import Final

from portal.routes.referral.agents import agents, ask_agent, invite_agent
from portal.routes.referral.commissions import commissions
from portal.routes.referral.home import home
from portal.routes.referral.new_subscriber import bring, bring_form
from portal.routes.referral.profile import PROFILE
from portal.routes.referral.statements import statement, statements
from portal.routes.referral.subscribers import subscriber, subscribers
from portal.routes.shared.accounts.own import OWN_PEOPLE
from portal.routes.shared.search import search

HANDLERS: Final = (
    home,
    search,
    subscribers,
    bring_form,
    bring,
    subscriber,
    commissions,
    statements,
    statement,
    agents,
    ask_agent,
    invite_agent,
    *PROFILE,
    *OWN_PEOPLE,
)
