"""A camera's next subscription: another tariff, or another subscriber."""

from typing import Final

from portal.access import Permission
from portal.customers.actions import tariff_changes
from portal.customers.forms.tariff_change import CameraMove, TariffChange
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer

camera_change_register: Final = Register("Subscriptions")
CAMERA: Final = "/clouds/{cloud}/cameras/{external_id}"


@camera_change_register(
    "POST",
    CAMERA + "/change-tariff",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Change a camera's tariff",
    answer=answers.Subscription,
    form=TariffChange,
    conflicts="the camera has no subscriber, or a closed period would change",
)
async def change_camera_tariff(call: Call, form: TariffChange) -> answers.Subscription:
    """Ends what it is on and begins the new one, which ends where the old one did."""
    name = call.path["external_id"]
    made = await tariff_changes.change_tariff(call.actor, call.cloud, name, form)
    return answer(answers.Subscription, made)


@camera_change_register(
    "POST",
    CAMERA + "/move",
    Permission.SUBSCRIPTIONS_WRITE,
    summary="Move a camera to another subscriber",
    answer=answers.Subscription,
    form=CameraMove,
    conflicts="a subscription begins later, or a closed period would change",
)
async def move_camera(call: Call, form: CameraMove) -> answers.Subscription:
    """From a day on, tomorrow at the latest; until then it is billed to the one before."""
    name = call.path["external_id"]
    made = await tariff_changes.move(call.actor, call.cloud, name, form, now=call.now)
    return answer(answers.Subscription, made)
