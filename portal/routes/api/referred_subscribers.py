"""Referred subscribers."""

from typing import Final

from portal.access import Permission
from portal.customers.actions import referred_subscribers as actions
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer

referred_register: Final = Register("Subscribers")


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
    checked = await actions.check(call.actor, call.cloud, call.number("number"), now=call.now)
    return answer(answers.Subscriber, checked)
