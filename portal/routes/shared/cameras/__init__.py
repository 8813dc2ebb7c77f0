"""A cloud's cameras: each one's month, and what is done with it."""

from typing import Final

from portal.routes.shared.cameras.camera import camera
from portal.routes.shared.cameras.suspension import ask_suspension, suspend

CAMERAS: Final = (camera, ask_suspension, suspend)
