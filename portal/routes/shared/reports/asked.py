"""What a report's address asks for: which one, in money or in quantities, and of which month."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can, shows
from portal.catalog.queries import tariffs
from portal.customers.queries import referrals, subscribers
from portal.errors import Forbidden, no_such
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import Chosen, chosen_month
from portal.values.numbers import number_in
from portal.words import Sentence, _

MONEY: Final = "money"
QUANTITIES: Final = "quantities"
DAYS: Final = "days"
MONTHS: Final = "months"
NOBODY: Final = "-"
"""Days on which cameras had no subscription, or subscribers of no referral."""
BY: Final[Mapping[str, str]] = {
    "subscriber": _("Subscribers"),
    "camera": _("Cameras"),
    "tariff": _("Tariffs"),
    "service": _("Services"),
    "referral": _("Referrals"),
}
SHOW: Final[Mapping[str, str]] = {MONEY: _("Money"), QUANTITIES: _("Quantities")}
CHARTS: Final[Mapping[str, str]] = {DAYS: _("By day"), MONTHS: _("12 months")}
NEEDED: Final[Mapping[str, Permission]] = {"referral": Permission.REFERRALS_READ}
KEPT: Final = ("by", "show", "month", "chart")
NARROWED: Final[Mapping[str, tuple[str, ...]]] = {
    "camera": ("subscriber", "tariff"),
    "subscriber": ("referral",),
}
"""What a line of the level above leads to, by report: filters without a field of their own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One report. `narrowed` are, by filter, what it is narrowed to and where that lies."""

    scope: CloudScope
    chosen: Chosen
    by: str
    show: str
    narrowed: Mapping[str, tuple[str, str]]
    closed: bool = False

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.scope.actor

    @property
    def in_money(self) -> bool:
        """Whether amounts are asked for; a report by service has both."""
        return self.show == MONEY

    @property
    def margins(self) -> bool:
        """Whether they may know cost, commissions and margins."""
        return shows(self.actor, "sales", "margin")

    def url(self, **words: str | None) -> str:
        """The address of another report of the same month: `url(by="camera", tariff="home")`."""
        kept = {"by": self.by, "show": self.show, "month": self.chosen.period.key, **words}
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"{self.scope.at('reports')}?{query}"


def report_of(actor: Actor, words: Mapping[str, str], known: Mapping[str, str]) -> tuple[str, str]:
    """Which report is asked for, and what of it. Raises `NotFound`, `Forbidden`."""
    by = words.get("by", "") or next(iter(known))
    show = words.get("show", "") or MONEY
    if by not in known:
        raise no_such(_("report"), by)
    if show not in SHOW:
        raise no_such(_("report"), show)
    if by in NEEDED and not can(actor, NEEDED[by]):
        raise Forbidden(_("This report is not for your role."))
    return by, show


async def asked_of(request: HTMXRequest) -> Asked:
    """What the address asks for. Raises `NotFound` for what there is not."""
    scope, words = await CloudScope.of(request), request.query_params
    by, show = report_of(scope.actor, words, BY)
    chart = words.get("chart", "")
    if chart and chart not in CHARTS:
        raise no_such(_("chart"), chart)
    chosen = await chosen_month(request, scope.cloud)
    return Asked(scope, chosen, by, show, await _narrowed(scope, by, words))


async def _narrowed(
    scope: CloudScope, by: str, query: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    words = {name: query.get(name, "") for name in ("show", *NARROWED.get(by, ()))}
    number = words.get("subscriber", "")
    if number == NOBODY and words.get("show", "") != QUANTITIES:
        found["subscriber"] = _("Days without a subscription"), ""
    elif number:
        known = number_in(number)
        if known is None:
            raise no_such(_("subscriber"), number)
        row = await subscribers.get(scope.actor, scope.cloud, known)
        found["subscriber"] = row.name, scope.at("subscribers", row.number)
    if code := words.get("tariff", ""):
        (tariff,) = (await tariffs.get(scope.actor, scope.cloud, code)).rows
        found["tariff"] = tariff.name, scope.at("tariffs", tariff.code)
    code = words.get("referral", "")
    if code and not can(scope.actor, Permission.REFERRALS_READ):
        raise Forbidden(_("This report is not for your role."))
    if code == NOBODY:
        found["referral"] = _("Without a referral"), ""
    elif code:
        referral = await referrals.get(scope.actor, scope.cloud, code)
        found["referral"] = referral.name, scope.at("referrals", referral.code)
    return found


def permitted(actor: Actor, known: Mapping[str, str]) -> dict[str, str | Sentence]:
    """The reports that an actor has, with their names."""
    return {by: name for by, name in known.items() if by not in NEEDED or can(actor, NEEDED[by])}
