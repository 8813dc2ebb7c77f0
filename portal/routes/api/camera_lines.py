"""Several cameras for a subscriber at once."""

from typing import Final

from portal.access import Permission
from portal.customers.actions import camera_lines
from portal.customers.forms.camera_lines import NewCameras
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer

lines_register: Final = Register("Cameras")


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
