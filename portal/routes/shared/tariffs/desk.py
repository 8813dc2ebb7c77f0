"""Where a tariff is composed: what its page needs to know, and the page itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.billing.period import Period, local_date
from portal.books.queries import composer, tariff_sales
from portal.books.queries.composer import Composed
from portal.catalog.forms.tariff import NewVersion
from portal.catalog.queries import services as service_reads
from portal.catalog.queries import tariffs as catalog
from portal.catalog.queries.services import Service
from portal.catalog.queries.tariffs import Tariff
from portal.routes.format import month_alone
from portal.routes.guards import person_of
from portal.routes.middleware.now import books_now
from portal.routes.page import is_partial, page
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.tariffs.computed import Computed, computed
from portal.routes.shared.tariffs.draft import Draft, labels_of
from portal.values.amounts import currency_sign
from portal.words import _

SERVICES_MAX: Final = 500
"""The platform's services that a row offers."""
TEMPLATE: Final = "shared/tariffs/composer.html"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a tariff is composed: the cloud, and the tariff whose version it is, None of a new."""

    scope: CloudScope
    row: Tariff | None
    locale: str
    today: date
    services: tuple[Service, ...]
    month: Period | None

    @property
    def path(self) -> str:
        """The page's own address."""
        return (
            self.scope.at("tariffs", "new")
            if self.row is None
            else self.scope.at("tariffs", self.row.code, "versions", "new")
        )

    @property
    def back(self) -> str:
        """Where one goes who does not save."""
        return (
            self.scope.at("tariffs")
            if self.row is None
            else self.scope.at("tariffs", self.row.code)
        )

    @property
    def title(self) -> str:
        """The heading of its pages."""
        if self.row is None:
            return _("New tariff")
        return _("New version of %(name)s") % {"name": self.row.name}

    @property
    def names(self) -> dict[str, str]:
        """What services are called, by code."""
        return {one.code: one.short or one.name for one in self.services}

    @property
    def crumbs(self) -> tuple[tuple[str, str], ...]:
        """The way back."""
        above = (*self.scope.above, (_("Tariffs"), self.scope.at("tariffs")))
        return above if self.row is None else (*above, (self.row.name, self.back))


async def desk_of(request: HTMXRequest, code: str | None = None) -> Desk:
    """Where one composes. Raises `NotFound`."""
    scope = await CloudScope.of(request)
    row = None
    if code is not None:
        (row,) = (await catalog.get(scope.actor, scope.cloud, code)).rows
    months = await tariff_sales.closed_months(scope.actor, scope.cloud, limit=1)
    return Desk(
        scope=scope,
        row=row,
        locale=person_of(request).locale,
        today=local_date(books_now(request), scope.zone),
        services=tuple(await service_reads.list_page(scope.actor, limit=SERVICES_MAX)),
        month=months[0] if months else None,
    )


async def show(
    request: HTMXRequest,
    desk: Desk,
    draft: Draft,
    errors: Mapping[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response[str]:
    """The form, or of a recalculation what follows from it."""
    recalculated = draft.intent.verb == "recalculate" and is_partial(request)
    figures = await _figures(request, desk, draft)
    found = errors or {}
    return page(
        request,
        TEMPLATE,
        block="computed" if recalculated else "form",
        status=status,
        desk=desk,
        path=desk.path,
        values=draft.boxes,
        errors=found,
        labels=labels_of(found),
        figures=figures,
        swapped=recalculated,
        new=desk.row is None,
        preset=draft.preset,
        sign=currency_sign(desk.scope.cloud.currency, desk.locale),
        units=_units(desk, draft),
        rows=range(max(1, len(draft.rows))),
        try_on=month_alone(desk.month.start, desk.locale) if desk.month else "",
    )


async def _figures(request: HTMXRequest, desk: Desk, draft: Draft) -> Computed | None:
    """What can be said of what was typed so far; None before there is a price."""
    version = draft.readable()
    if version is None:
        return None
    found = await compose(request, desk, version, draft.target)
    places = [place for place, _item in draft.items()]
    discount = desk.scope.cloud.wholesale_discount_percent
    return computed(found, places, desk.names, discount=discount, locale=desk.locale)


async def compose(
    request: HTMXRequest, desk: Desk, version: NewVersion, target: Decimal | None = None
) -> Composed:
    """What a version costs and leaves; `target` is the margin that is aimed at, in percent."""
    return await composer.compose_version(
        desk.scope.actor,
        desk.scope.cloud,
        version,
        code=None if desk.row is None else desk.row.code,
        now=books_now(request),
        target=target,
    )


def _units(desk: Desk, draft: Draft) -> dict[int, str]:
    """What the quantity of each row is counted in."""
    known: dict[str, Any] = {one.code: one.unit_plural or one.unit for one in desk.services}
    return {
        place: known.get(str(row.get("service", "")), "") for place, row in enumerate(draft.rows)
    }
