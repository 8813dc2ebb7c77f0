"""What the platform sells: services, their list prices, and the meters that they measure."""

from typing import Final

from portal.routes.system.services.form import change, create, edit, new
from portal.routes.system.services.listing import services
from portal.routes.system.services.meters import create_meter, new_meter
from portal.routes.system.services.one import service
from portal.routes.system.services.usual import add_usual, usual

SERVICES: Final = (
    *(services, new, create, usual, add_usual, new_meter, create_meter),
    *(service, edit, change),
)
