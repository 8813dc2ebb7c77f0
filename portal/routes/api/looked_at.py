"""What a referral has begun and the operator looks at: subscribers and agents."""

from typing import Final

from portal.access import Permission
from portal.customers.actions import referrals, referred_subscribers
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer

referred_register: Final = Register("Subscribers")
agents_register: Final = Register("Referrals")


@referred_register(
    "POST",
    "/clouds/{cloud}/subscribers/{number}/check",
    Permission.SUBSCRIBERS_WRITE,
    summary="Check a referred subscriber",
    answer=answers.Subscriber,
    conflicts="nobody referred it, or it was checked before",
)
async def check_subscriber(call: Call) -> answers.Subscriber:
    """`brought_doubts` are fields that others have, too. Commissions are held no longer."""
    number = call.number("number")
    checked = await referred_subscribers.check(call.actor, call.cloud, number, now=call.now)
    return answer(answers.Subscriber, checked)


@agents_register(
    "POST",
    "/clouds/{cloud}/referrals/{code}/check",
    Permission.REFERRALS_WRITE,
    summary="Check an agent whom another one invited",
    answer=answers.Referral,
    conflicts="nobody invited it, or it was checked before",
)
async def check_referral(call: Call) -> answers.Referral:
    """It waits for nobody's look any more; its percent is changed with PATCH."""
    row = await referrals.check(call.actor, call.cloud, call.path["code"], now=call.now)
    return answer(answers.Referral, row)
