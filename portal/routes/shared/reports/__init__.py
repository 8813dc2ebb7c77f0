"""Reports of a cloud, in two portals."""

from typing import Final

from portal.routes.shared.reports.page import REPORTS

__all__: Final = ["REPORTS"]
