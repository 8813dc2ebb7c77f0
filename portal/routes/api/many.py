"""What is done to several at once: cameras and subscribers of a cloud."""

from datetime import datetime
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from portal.access import Permission
from portal.customers.actions import tariff_changes
from portal.customers.actions.subscribers import assign
from portal.customers.forms.subscriber import Assignment, Invitations
from portal.customers.forms.tariff_change import CameraMoves, ServiceEnds, TariffChanges
from portal.overview.actions.inviting import Invited, invite_all
from portal.routes.api.accounts import invitation_of
from portal.routes.api.answers import Page, Secret
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer

many_subscriptions_register: Final = Register("Subscriptions")
many_subscribers_register: Final = Register("Subscribers")
CAMERAS: Final = "/clouds/{cloud}/subscriptions"
SUBSCRIBERS: Final = "/clouds/{cloud}/subscribers"


class ChangedCameras(Struct, frozen=True):
    """How many cameras were meant; each is now as was sent."""

    cameras: int


class Assigned(Struct, frozen=True):
    """How many subscribers were another account manager's before."""

    subscribers: int


class Invitation(Struct, frozen=True, kw_only=True):
    """What became of one: `problem` says why nobody is invited, "" where somebody is."""

    number: int
    name: str
    email: str
    problem: str
    link: Secret | UnsetType = UNSET
    link_expires_at: datetime | UnsetType = UNSET


@many_subscriptions_register(
    "POST",
    CAMERAS + "/change-tariff",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Put several cameras on a tariff",
    answer=ChangedCameras,
    form=TariffChanges,
    conflicts="a camera has no subscriber, or a closed period would change; `detail` names it",
)
async def change_tariffs(call: Call, form: TariffChanges) -> ChangedCameras:
    """All of them or none, each as with one camera. Those that are on it already stay so."""
    return await _change(call, form)


@many_subscriptions_register(
    "POST",
    CAMERAS + "/move",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Move several cameras to another subscriber",
    answer=ChangedCameras,
    form=CameraMoves,
    conflicts="a subscription begins later, or a closed period would change; `detail` names it",
)
async def move_cameras(call: Call, form: CameraMoves) -> ChangedCameras:
    """All of them or none, from a day on, tomorrow at the latest."""
    return await _change(call, form)


@many_subscriptions_register(
    "POST",
    CAMERAS + "/end",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="End what several cameras are on",
    answer=ChangedCameras,
    form=ServiceEnds,
    conflicts="a subscription begins later, or a closed period would change; `detail` names it",
)
async def end_subscriptions(call: Call, form: ServiceEnds) -> ChangedCameras:
    """All of them or none; `ends_on` is the first day that is not served."""
    return await _change(call, form)


async def _change(call: Call, form: TariffChanges | CameraMoves | ServiceEnds) -> ChangedCameras:
    many = await tariff_changes.change_many(
        call.actor, call.cloud, form.cameras, form, now=call.now
    )
    return ChangedCameras(many)


@many_subscribers_register(
    "POST",
    SUBSCRIBERS + "/assign",
    Permission.USERS_WRITE,
    summary="Give several subscribers an account manager",
    answer=Assigned,
    form=Assignment,
)
async def assign_subscribers(call: Call, form: Assignment) -> Assigned:
    """All of them or none; null takes them from theirs. Numbers that are nobody's are left out."""
    many = await assign(call.actor, call.cloud, form.subscribers, form.account_manager)
    return Assigned(many)


@many_subscribers_register(
    "POST",
    SUBSCRIBERS + "/invite",
    Permission.USERS_WRITE,
    summary="Invite several subscribers",
    answer=Page[Invitation],
    form=Invitations,
    secrets=("link",),
)
async def invite_subscribers(call: Call, form: Invitations) -> Page[Invitation]:
    """Each by its own address and by itself; numbers that are nobody's are left out."""
    now = call.context.machine_clock()
    made = await invite_all(
        call.actor, call.cloud, form.subscribers, now=now, post=call.context.post
    )
    return Page([_invitation(one, call) for one in made], None)


def _invitation(one: Invited, call: Call) -> Invitation:
    return answer(Invitation, one, **invitation_of(one.link, call))
