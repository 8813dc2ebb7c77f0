"""What is shown once: the link of whoever was invited or reset, where no mail is sent."""

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions.sign_in_links import Link
from portal.routes.page import page
from portal.words import _


def link_page(
    request: HTMXRequest,
    link: Link,
    email: str,
    *,
    title: str,
    crumbs: tuple[tuple[str, str], ...],
    back: str,
) -> Response[str]:
    """The link, to be given to whoever has that address; it is in this answer and nowhere else."""
    return page(
        request,
        "shared/accounts/once.html",
        block="secret",
        title=title,
        lead=_("Give this link to %(email)s. It leads to choosing a password, once.")
        % {"email": email},
        label=_("Link"),
        secret=link.address(request.app.state.public_url),
        ends=link.expires_at,
        crumbs=crumbs,
        back=back,
    )


def link_for(name: str) -> str:
    """The title of the page with somebody's link."""
    return _("Link for %(name)s") % {"name": name}
