"""What is changed about a camera: tariff, subscriber, preset; and several for a subscriber."""

from typing import Final

from portal.access import Permission
from portal.customers.actions import camera_lines, tariff_changes
from portal.customers.forms.camera_lines import NewCameras
from portal.customers.forms.tariff_change import CameraMove, TariffChange
from portal.customers.queries import cameras
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer
from portal.watcher.actions.provisioning.asking import bring_now

camera_change_register: Final = Register("Subscriptions")
lines_register: Final = Register("Cameras")
preset_register: Final = Register("Cameras")
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


@preset_register(
    "POST",
    CAMERA + "/set-preset",
    Permission.CONNECTIONS_WRITE,
    summary="Set a camera's preset in Watcher",
    answer=answers.Camera,
    status=202,
    conflicts="Camledger does not decide about presets of the cloud",
)
async def set_camera_preset(call: Call) -> answers.Camera:
    """To the one of its tariff, within a minute, whatever failed before; again does no harm."""
    name = call.path["external_id"]
    await bring_now(call.actor, call.cloud, name, queue=call.queue)
    return answer(answers.Camera, await cameras.get(call.actor, call.cloud, name))


@lines_register(
    "POST",
    "/clouds/{cloud}/subscribers/{number}/cameras",
    Permission.CAMERAS_WRITE,
    summary="Give a subscriber cameras",
    answer=answers.Page[answers.Camera],
    form=NewCameras,
    status=201,
    conflicts="the first day is in a closed period",
)
async def add_subscriber_cameras(call: Call, form: NewCameras) -> answers.Page[answers.Camera]:
    """All of them or none; with a tariff each is on it from the day on, today without one.

    A camera that is there and nobody's becomes the subscriber's.
    """
    made = await camera_lines.add(call.actor, call.cloud, call.number("number"), form, now=call.now)
    return answers.Page([answer(answers.Camera, row) for row in made], None)
