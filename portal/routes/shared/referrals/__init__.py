"""A cloud's referrals: the list, each one's page, taking one on, changing one, and their levels."""

from typing import Final

from portal.routes.shared.referrals.forms import (
    change_referral,
    create_referral,
    edit_referral,
    new_referral,
)
from portal.routes.shared.referrals.levels import change_levels, levels
from portal.routes.shared.referrals.lists import referrals
from portal.routes.shared.referrals.page import check_referral, referral
from portal.routes.shared.referrals.payouts import PAYOUTS
from portal.routes.shared.referrals.statements import STATEMENTS

REFERRALS: Final = (
    referrals,
    levels,
    change_levels,
    new_referral,
    create_referral,
    referral,
    edit_referral,
    change_referral,
    check_referral,
    *PAYOUTS,
    *STATEMENTS,
)
