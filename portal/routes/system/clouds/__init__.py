"""The clouds of the platform: one page for each, their list, and making and changing them."""

from typing import Final

from portal.routes.system.clouds.overview import overview

CLOUDS: Final = (overview,)
