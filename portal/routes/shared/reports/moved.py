"""Addresses of usage from before there were reports: they lead to the report that has it."""

from typing import Final
from urllib.parse import quote, urlencode

from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect

from portal.access import Permission
from portal.routes.guards import requires
from portal.routes.reading import get

GUARDS: Final = [requires(Permission.USAGE_READ)]


@get("/usage", guards=GUARDS)
async def usage_of_own(request: HTMXRequest) -> Redirect:
    """An operator's: its customers, or with "?subscriber=" the cameras of one."""
    number = request.query_params.get("subscriber", "")
    by = {"by": "camera", "subscriber": number} if number else {"by": "subscriber"}
    return _moved(request, "/cloud/reports", by)


@get("/usage", guards=GUARDS)
async def usage_of_clouds(request: HTMXRequest) -> Redirect:
    """The platform's: its clouds."""
    return _moved(request, "/system/reports", {"by": "cloud", "show": "quantities"})


@get("/usage/{cloud:str}", guards=GUARDS)
async def usage_of_cloud(request: HTMXRequest, cloud: FromPath[str]) -> Redirect:
    """One of them, by camera."""
    path = f"/system/clouds/{quote(cloud, safe='')}/reports"
    return _moved(request, path, {"by": "camera", "show": "quantities"})


def _moved(request: HTMXRequest, path: str, words: dict[str, str]) -> Redirect:
    kept = {name: request.query_params.get(name, "") for name in ("month", "q")}
    query = urlencode({name: value for name, value in {**words, **kept}.items() if value})
    return Redirect(f"{path}?{query}", status_code=301)
