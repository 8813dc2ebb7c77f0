"""The customers of a cloud: the list, one by one, and what is done to them; in both portals."""

from typing import Final

from portal.routes.shared.subscribers.adding import (
    add_cameras,
    ask_cameras,
    ask_person,
    invite_person,
)
from portal.routes.shared.subscribers.cameras import cameras_selected
from portal.routes.shared.subscribers.details import decide_details, look_at_details
from portal.routes.shared.subscribers.edit import change, edit
from portal.routes.shared.subscribers.imports import ask_import, import_file, import_template
from portal.routes.shared.subscribers.listed import subscribers_page
from portal.routes.shared.subscribers.new import create, new
from portal.routes.shared.subscribers.one import subscriber
from portal.routes.shared.subscribers.questions import QUESTIONS
from portal.routes.shared.subscribers.referred_subscribers import check
from portal.routes.shared.subscribers.selected import selected
from portal.routes.shared.subscribers.suspension import ask_suspension, suspend

SUBSCRIBERS: Final = (
    subscribers_page,
    selected,
    new,
    create,
    ask_import,
    import_template,
    import_file,
    ask_cameras,
    add_cameras,
    cameras_selected,
    ask_person,
    invite_person,
    subscriber,
    edit,
    change,
    check,
    look_at_details,
    decide_details,
    ask_suspension,
    suspend,
    *QUESTIONS,
)
