"""A cloud's cameras: each one's month, and what is done with it."""

from typing import Final

from portal.routes.shared.cameras.add import add_cameras, new_cameras
from portal.routes.shared.cameras.camera import camera
from portal.routes.shared.cameras.change import ask_move, ask_tariff, change_tariff, move
from portal.routes.shared.cameras.correct import ask_correction, correct
from portal.routes.shared.cameras.excess import (
    accept_excess,
    ask_excess,
    ask_preset,
    set_preset,
)
from portal.routes.shared.cameras.listed import cameras_page
from portal.routes.shared.cameras.selected import selected
from portal.routes.shared.cameras.suspension import ask_suspension, suspend

CAMERAS: Final = (
    cameras_page,
    new_cameras,
    add_cameras,
    selected,
    camera,
    ask_suspension,
    suspend,
    ask_tariff,
    change_tariff,
    ask_move,
    move,
    ask_correction,
    correct,
    ask_excess,
    accept_excess,
    ask_preset,
    set_preset,
)
