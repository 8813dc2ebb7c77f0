"""Subscribers, their cameras and subscriptions."""

from datetime import date
from typing import Final

from portal.access import Permission
from portal.customers.actions import cameras as camera_actions
from portal.customers.actions import excess as excess_actions
from portal.customers.actions import subscribers as subscriber_actions
from portal.customers.actions import subscriptions as subscription_actions
from portal.customers.actions import suspensions
from portal.customers.forms.camera import CameraChange, NewCamera
from portal.customers.forms.excess import NewExcess
from portal.customers.forms.filters import CameraFilter
from portal.customers.forms.subscriber import SubscriberChange
from portal.customers.forms.subscription import NewSubscription, SubscriptionChange
from portal.customers.queries import cameras, excess, subscribers, subscriptions
from portal.overview.actions import new_customer
from portal.overview.forms.new_customer import WholeSubscriber
from portal.routes.api import answers
from portal.routes.api.accounts import invitation_of
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

subscriber_register: Final = Register("Subscribers")
camera_register: Final = Register("Cameras")
subscription_register: Final = Register("Subscriptions")

SUBSCRIPTIONS: Final = "/clouds/{cloud}/cameras/{external_id}/subscriptions"
EXCESS: Final = "/clouds/{cloud}/cameras/{external_id}/accepted-excess"


@subscriber_register(
    "GET",
    "/clouds/{cloud}/subscribers",
    Permission.SUBSCRIBERS_READ,
    summary="List subscribers",
    answer=answers.Page[answers.Subscriber],
    paged=True,
)
async def list_subscribers(call: Call) -> answers.Page[answers.Subscriber]:
    """By number."""
    rows = await subscribers.list_page(
        call.actor, call.cloud, after=call.after(int), limit=call.limit + 1
    )
    page, following = cut(rows, call.limit, lambda row: row.number)
    return answers.Page([_subscriber(row) for row in page], following)


@subscriber_register(
    "POST",
    "/clouds/{cloud}/subscribers",
    Permission.SUBSCRIBERS_WRITE,
    summary="Take on a subscriber",
    answer=answers.NewSubscriber,
    form=WholeSubscriber,
    status=201,
    conflicts="the number or a camera is taken, or the first day is in a closed period",
    secrets=("link",),
)
async def create_subscriber(call: Call, form: WholeSubscriber) -> answers.NewSubscriber:
    """A customer. Without `number` it is given the next one; an account manager's are its own.

    With `cameras` on a `tariff`, a waiting `organization` of Watcher, or an invitation where these
    are sent: all of it or nothing.
    """
    made = await new_customer.take_on(
        call.actor,
        call.cloud,
        new_customer.customer_of(form),
        now=call.now,
        machine_now=call.context.machine_clock(),
        queue=call.queue,
        post=call.context.post,
    )
    return answer(answers.NewSubscriber, made.subscriber, **invitation_of(made.link, call))


@subscriber_register(
    "GET",
    "/clouds/{cloud}/subscribers/{number}",
    Permission.SUBSCRIBERS_READ,
    summary="Read a subscriber",
    answer=answers.Subscriber,
)
async def read_subscriber(call: Call) -> answers.Subscriber:
    """One customer by its number."""
    return _subscriber(await subscribers.get(call.actor, call.cloud, call.number("number")))


@subscriber_register(
    "PATCH",
    "/clouds/{cloud}/subscribers/{number}",
    Permission.SUBSCRIBERS_WRITE,
    summary="Change a subscriber",
    answer=answers.Subscriber,
    form=SubscriberChange,
)
async def change_subscriber(call: Call, form: SubscriberChange) -> answers.Subscriber:
    """What is sent is changed, the rest stays. A close takes these values as they are then."""
    changed = await subscriber_actions.change(call.actor, call.cloud, call.number("number"), form)
    return _subscriber(changed)


@subscriber_register(
    "POST",
    "/clouds/{cloud}/subscribers/{number}/suspend",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Suspend a subscriber",
    answer=answers.Subscriber,
)
async def suspend_subscriber(call: Call) -> answers.Subscriber:
    """Its cameras are switched off in a Watcher that is provisioned. Subscriptions run on."""
    return await _suspend_subscriber(call, suspended=True)


@subscriber_register(
    "POST",
    "/clouds/{cloud}/subscribers/{number}/resume",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Resume a subscriber",
    answer=answers.Subscriber,
)
async def resume_subscriber(call: Call) -> answers.Subscriber:
    """Cameras that the suspension switched off are switched on; those a person did stay off."""
    return await _suspend_subscriber(call, suspended=False)


async def _suspend_subscriber(call: Call, *, suspended: bool) -> answers.Subscriber:
    number = call.number("number")
    return _subscriber(
        await suspensions.suspend_subscriber(
            call.actor, call.cloud, number, suspended=suspended, queue=call.queue
        )
    )


def _subscriber(row: subscribers.Subscriber) -> answers.Subscriber:
    return answer(answers.Subscriber, row)


@camera_register(
    "GET",
    "/clouds/{cloud}/cameras",
    Permission.CAMERAS_READ,
    summary="List cameras",
    answer=answers.Page[answers.Camera],
    query=CameraFilter,
    paged=True,
)
async def list_cameras(call: Call, query: CameraFilter) -> answers.Page[answers.Camera]:
    """By external id."""
    rows = await cameras.list_page(
        call.actor,
        call.cloud,
        subscriber=query.subscriber,
        after=call.after(str),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.external_id)
    return answers.Page([_camera(row) for row in page], following)


@camera_register(
    "POST",
    "/clouds/{cloud}/cameras",
    Permission.CAMERAS_WRITE,
    summary="Register a camera",
    answer=answers.Camera,
    form=NewCamera,
    status=201,
    conflicts="the external id is taken",
)
async def create_camera(call: Call, form: NewCamera) -> answers.Camera:
    """The billing unit. Its external id may hold "/", which is %2F in an address."""
    return _camera(await camera_actions.create(call.actor, call.cloud, form))


@camera_register(
    "GET",
    "/clouds/{cloud}/cameras/{external_id}",
    Permission.CAMERAS_READ,
    summary="Read a camera",
    answer=answers.Camera,
)
async def read_camera(call: Call) -> answers.Camera:
    """One camera by its external id."""
    return _camera(await cameras.get(call.actor, call.cloud, call.path["external_id"]))


@camera_register(
    "PATCH",
    "/clouds/{cloud}/cameras/{external_id}",
    Permission.CAMERAS_WRITE,
    summary="Change a camera",
    answer=answers.Camera,
    form=CameraChange,
    conflicts="its subscriber would change while a subscription runs beyond today",
)
async def change_camera(call: Call, form: CameraChange) -> answers.Camera:
    """Its name, or whose it is."""
    changed = await camera_actions.change(
        call.actor, call.cloud, call.path["external_id"], form, now=call.now
    )
    return _camera(changed)


@camera_register(
    "POST",
    "/clouds/{cloud}/cameras/{external_id}/suspend",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Suspend a camera",
    answer=answers.Camera,
)
async def suspend_camera(call: Call) -> answers.Camera:
    """It is switched off in a Watcher that is provisioned. Its subscription runs on."""
    return await _suspend_camera(call, suspended=True)


@camera_register(
    "POST",
    "/clouds/{cloud}/cameras/{external_id}/resume",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Resume a camera",
    answer=answers.Camera,
)
async def resume_camera(call: Call) -> answers.Camera:
    """It is switched on if the suspension switched it off and its subscriber is not suspended."""
    return await _suspend_camera(call, suspended=False)


async def _suspend_camera(call: Call, *, suspended: bool) -> answers.Camera:
    name = call.path["external_id"]
    return _camera(
        await suspensions.suspend_camera(
            call.actor, call.cloud, name, suspended=suspended, queue=call.queue
        )
    )


def _camera(row: cameras.Camera) -> answers.Camera:
    return answer(answers.Camera, row)


@camera_register(
    "GET",
    EXCESS,
    Permission.CAMERAS_READ,
    summary="List what a camera may have more of",
    answer=answers.Page[answers.Excess],
)
async def list_excess(call: Call) -> answers.Page[answers.Excess]:
    """By meter, all on one page."""
    rows = await excess.list_of_camera(call.actor, call.cloud, call.path["external_id"])
    return answers.Page([answer(answers.Excess, row) for row in rows], None)


@camera_register(
    "POST",
    EXCESS,
    Permission.CAMERAS_WRITE,
    summary="Accept that a camera has more than is sold",
    answer=answers.Excess,
    form=NewExcess,
    status=201,
    conflicts="it is accepted already",
)
async def accept_excess(call: Call, form: NewExcess) -> answers.Excess:
    """Reconciliation is quiet about it until that is withdrawn."""
    name = call.path["external_id"]
    made = await excess_actions.accept(call.actor, call.cloud, name, form, now=call.now)
    return answer(answers.Excess, made)


@camera_register(
    "DELETE",
    EXCESS + "/{meter}",
    Permission.CAMERAS_WRITE,
    summary="Withdraw what was accepted",
    answer=None,
    status=204,
)
async def withdraw_excess(call: Call) -> None:
    """It is told of again."""
    name, meter = call.path["external_id"], call.path["meter"]
    await excess_actions.withdraw(call.actor, call.cloud, name, meter, now=call.now)


@subscription_register(
    "GET",
    SUBSCRIPTIONS,
    Permission.SUBSCRIPTIONS_READ,
    summary="List a camera's subscriptions",
    answer=answers.Page[answers.Subscription],
    paged=True,
)
async def list_subscriptions(call: Call) -> answers.Page[answers.Subscription]:
    """Oldest first."""
    rows = await subscriptions.list_page(
        call.actor,
        call.cloud,
        call.path["external_id"],
        after=call.after(tuple[date, int]),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: (row.starts_on, row.id))
    return answers.Page([_subscription(row) for row in page], following)


@subscription_register(
    "POST",
    SUBSCRIPTIONS,
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Subscribe a camera",
    answer=answers.Subscription,
    form=NewSubscription,
    status=201,
    conflicts="the camera has another subscription on one of the days, has no subscriber,"
    " or a closed period would change",
)
async def create_subscription(call: Call, form: NewSubscription) -> answers.Subscription:
    """Puts a camera on a tariff for `[starts_on, ends_on)`, for the subscriber it has now."""
    made = await subscription_actions.create(call.actor, call.cloud, call.path["external_id"], form)
    return _subscription(made)


@subscription_register(
    "PATCH",
    SUBSCRIPTIONS + "/{id}",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Move a subscription's end",
    answer=answers.Subscription,
    form=SubscriptionChange,
    conflicts="another subscription is in the way, or a closed period would change",
)
async def change_subscription(call: Call, form: SubscriptionChange) -> answers.Subscription:
    """To the first day that is no longer served, or to null for no end."""
    changed = await subscription_actions.change(
        call.actor,
        call.cloud,
        call.path["external_id"],
        call.number("id"),
        form,
        now=call.now,
    )
    return _subscription(changed)


def _subscription(row: subscriptions.Subscription) -> answers.Subscription:
    return answer(answers.Subscription, row)
