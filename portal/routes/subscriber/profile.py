"""A subscriber as documents name it, and who signs in for it."""

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.overview.queries import subscriber_dashboard
from portal.routes import ACCOUNT_PATH
from portal.routes.guards import person_of
from portal.routes.page import page
from portal.routes.reading import get


@get("/profile")
async def profile(request: HTMXRequest) -> Response[str]:
    """The page; what is one person's own is in their account."""
    actor = person_of(request).actor
    return page(
        request,
        "subscriber/profile.html",
        profile=await subscriber_dashboard.profile(actor),
        contact=await subscriber_dashboard.contact(actor),
        account=ACCOUNT_PATH,
    )
