"""What is shown once: the link of whoever was invited or reset, where no mail is sent."""

from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions.sign_in_links import Link
from portal.accounts.queries.people import PersonRow
from portal.routes.accounts.auth import Answer
from portal.routes.page import page, redirect
from portal.words import _

SHOWN: Final = _("This installation sends no e-mail: you are shown the link, once, to pass it on.")
MAILED: Final = _("A link is on its way to %(email)s.")


def invited(
    request: HTMXRequest,
    link: Link,
    person: PersonRow,
    *,
    crumbs: tuple[tuple[str, str], ...],
    back: str,
) -> Answer:
    """Where somebody's link went; without a mail server the link, in this answer alone."""
    if link.mailed:
        return redirect(request, back, MAILED % {"email": person.email})
    title = link_for(person.name)
    return link_page(request, link, person.email, title=title, crumbs=crumbs, back=back)


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
