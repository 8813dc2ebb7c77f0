"""Where the customers of a cloud are, and the one that an address names."""

from litestar.plugins.htmx import HTMXRequest

from portal.customers.queries import subscribers
from portal.customers.queries.subscribers import Subscriber
from portal.errors import no_such
from portal.routes.shared.cloud_scope import CloudScope, Crumbs
from portal.values.numbers import number_in
from portal.words import _


def list_path(scope: CloudScope) -> str:
    """The list."""
    return scope.at("subscribers")


def page_path(scope: CloudScope, number: int, *parts: object) -> str:
    """The page of one, or something below it."""
    return scope.at("subscribers", number, *parts)


def invoice_path(scope: CloudScope, number: str) -> str:
    """The page of a document to a customer; "" where there is none."""
    return scope.at("invoices", number) if number else ""


def crumbs_to(scope: CloudScope, row: Subscriber | None = None) -> Crumbs:
    """The way back: to the list, and to one's own page."""
    above = () if scope.inside else ((scope.cloud.name, scope.base),)
    back = (*above, (_("Subscribers"), list_path(scope)))
    return back if row is None else (*back, (row.name, page_path(scope, row.number)))


async def named(request: HTMXRequest, text: str) -> tuple[CloudScope, Subscriber]:
    """The cloud and the customer that an address names. Raises `NotFound`."""
    scope = await CloudScope.of(request)
    number = number_in(text)
    if number is None:
        raise no_such(_("subscriber"), text)
    return scope, await subscribers.get(scope.actor, scope.cloud, number)
