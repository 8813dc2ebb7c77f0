"""The platform's portal, /system: what its clouds buy, how their months close, what is due."""

from typing import Final

from portal.routes.system.home import gaps, home, progress
from portal.routes.system.invoices import invoice, invoice_page
from portal.routes.system.usage import all_clouds, one_camera, one_cloud

HANDLERS: Final = (
    home,
    progress,
    gaps,
    invoice_page,
    invoice,
    all_clouds,
    one_cloud,
    one_camera,
)
