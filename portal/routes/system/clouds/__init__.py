"""The clouds of the platform: one page for each, their list, and making and changing them."""

from typing import Final

from portal.routes.system.clouds.edit import ask, change, edit, suspend
from portal.routes.system.clouds.listing import clouds
from portal.routes.system.clouds.new import create, new
from portal.routes.system.clouds.overview import overview

CLOUDS: Final = (clouds, new, create, overview, edit, change, ask, suspend)
