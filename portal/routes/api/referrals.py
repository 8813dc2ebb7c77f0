"""Referrals: agents who refer subscribers, and what is owed for that."""

from datetime import datetime
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from portal.access import Permission
from portal.customers.actions import referrals as referral_actions
from portal.customers.forms import referral as forms
from portal.customers.queries import referrals
from portal.kit.forms.form import part_of
from portal.overview.actions import taking_on
from portal.overview.forms.new_customer import WholeReferral
from portal.overview.queries import referrals as overview
from portal.routes.api import answers
from portal.routes.api.accounts import invitation_of
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import Amount, MonthKey, answer, month_key

referral_register: Final = Register("Referrals")


class NewReferral(answers.Referral, frozen=True, kw_only=True):
    """A new agent; `link` invites it, where no mail brings it."""

    link: answers.Secret | UnsetType = UNSET
    link_expires_at: datetime | UnsetType = UNSET


class Balance(Struct, frozen=True):
    """What a referral earned that is not paid out; `year` is all of this year's months.

    `last_month` is what `period` earned, the last closed one, null before there is any.
    """

    currency: str
    payable: Amount
    held: Amount
    year: Amount
    last_month: Amount
    period: MonthKey | None
    subscribers: int


@referral_register(
    "GET",
    "/clouds/{cloud}/referrals",
    Permission.REFERRALS_READ,
    summary="List referrals",
    answer=answers.Page[answers.Referral],
    paged=True,
)
async def list_referrals(call: Call) -> answers.Page[answers.Referral]:
    """By code."""
    rows = await referrals.list_page(
        call.actor, call.cloud, after=call.after(str), limit=call.limit + 1
    )
    page, following = cut(rows, call.limit, lambda row: row.code)
    return answers.Page([_referral(row) for row in page], following)


@referral_register(
    "POST",
    "/clouds/{cloud}/referrals",
    Permission.REFERRALS_WRITE,
    summary="Take on a referral",
    answer=NewReferral,
    form=WholeReferral,
    status=201,
    conflicts="the code is taken, or with `invite` the address",
    secrets=("link",),
)
async def create_referral(call: Call, form: WholeReferral) -> NewReferral:
    """An agent who refers subscribers; level 2 is its `sponsor`, and so on upwards."""
    made, link = await taking_on.take_on(
        call.actor,
        call.cloud,
        part_of(forms.NewReferral, form),
        invited=form.invite,
        now=call.context.machine_clock(),
        post=call.context.post,
    )
    return answer(NewReferral, made, **invitation_of(link, call))


@referral_register(
    "GET",
    "/clouds/{cloud}/referrals/{code}",
    Permission.REFERRALS_READ,
    summary="Read a referral",
    answer=answers.Referral,
)
async def read_referral(call: Call) -> answers.Referral:
    """One agent by its code."""
    return _referral(await referrals.get(call.actor, call.cloud, call.path["code"]))


@referral_register(
    "PATCH",
    "/clouds/{cloud}/referrals/{code}",
    Permission.REFERRALS_WRITE,
    summary="Change a referral",
    answer=answers.Referral,
    form=forms.ReferralChange,
)
async def change_referral(call: Call, form: forms.ReferralChange) -> answers.Referral:
    """What is sent is changed, the rest stays; what is earned already stays as it was."""
    changed = await referral_actions.change(call.actor, call.cloud, call.path["code"], form)
    return _referral(changed)


@referral_register(
    "GET",
    "/clouds/{cloud}/referrals/{code}/balance",
    Permission.REFERRALS_READ,
    Permission.COMMISSIONS_READ,
    summary="See what a referral is owed",
    answer=Balance,
)
async def read_referral_balance(call: Call) -> Balance:
    """What can be paid out, what is held until a subscriber is looked at, and what it earned."""
    found = await overview.balance(call.actor, call.cloud, call.path["code"], now=call.now)
    last = None if found.month is None else month_key(found.month)
    return answer(Balance, found, period=last)


def _referral(row: referrals.Referral) -> answers.Referral:
    return answer(answers.Referral, row)
