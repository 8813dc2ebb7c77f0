"""Days on which usage is missing, as the columns of pages and files."""

from typing import Final

from portal.routes.listing import Column
from portal.words import _

COLUMNS: Final = (
    Column(_("Day"), of="day", kind="day"),
    Column(_("Cameras without usage"), of="missing", kind="number"),
    Column(_("Subscribed"), of="subscribed", kind="number", wide=True, fact=True),
)
