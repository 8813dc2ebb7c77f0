"""What agents above a subscriber's own earn: a percent for each further level."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.commission import earned
from portal.billing.money import digits
from portal.customers.actions import clouds
from portal.customers.forms.cloud import LEVELS_MAX, STATEMENT_DAY, CloudChange
from portal.customers.queries import clouds as reading
from portal.errors import Invalid
from portal.kit.forms.form import ListOf
from portal.kit.forms.nested import (
    by_box,
    changed_rows,
    flat,
    intent_of,
    nested,
    parse_nested,
)
from portal.overview.queries import referrals as reads
from portal.routes.accounts.auth import Answer
from portal.routes.format import percent as in_percent
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.realm import Realm
from portal.values.amounts import money
from portal.values.kinds import Flag, Percent, Quantity
from portal.values.typed import typed
from portal.words import _

WRITERS: Final = [requires(Permission.LEVELS_WRITE)]
BOXES: Final = ("agent_percent", "statement_day", "payout_threshold")
FLAGS: Final = ("referral_invites", "agents_invite")
EXAMPLE: Final = 100
"""In units of the currency: what the worked line is worked on."""
FIRST: Final = Decimal(10)
"""The percent of the worked line before there is a referral."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The percents of levels 2, 3 and so on; what referrals may do by themselves; statements."""

    level_percents: Annotated[tuple[Decimal, ...], ListOf(Percent(), LEVELS_MAX)] = ()
    referral_invites: Annotated[bool, Flag()] = False
    agents_invite: Annotated[bool, Flag()] = False
    agent_percent: Annotated[Decimal, Percent()]
    statement_day: Annotated[int, STATEMENT_DAY]
    payout_threshold: Annotated[Decimal, Quantity()]


@get("/referrals/levels", guards=WRITERS)
async def levels(request: HTMXRequest) -> Response[str]:
    """The form with the percents as they are."""
    scope = await CloudScope.of(request)
    locale = person_of(request).locale
    kept = scope.cloud.level_percents
    cloud = await reading.get(scope.actor, scope.cloud)
    values = {
        **_typed(kept, locale),
        "referral_invites": "on" if cloud.referral_invites else "",
        "agents_invite": "on" if cloud.agents_invite else "",
        "agent_percent": typed(cloud.agent_percent, locale),
        "statement_day": str(cloud.statement_day),
        "payout_threshold": typed(cloud.payout_threshold, locale),
    }
    return await _form(request, scope, flat(values), kept)


@post("/referrals/levels", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_levels(request: HTMXRequest) -> Answer:
    """Store them; or add a level, take one away, or say what these would earn."""
    scope, sent = await CloudScope.of(request), await texts(request)
    intent = intent_of(sent)
    values: dict[str, Any] = {
        "level_percents": nested(sent).get("level_percents", []),
        **{name: sent.get(name, "") for name in BOXES},
        **{name: "on" if sent.get(name) else "" for name in FLAGS},
    }
    if intent.verb == "add" and len(values["level_percents"]) < LEVELS_MAX:
        values["level_percents"] = [*values["level_percents"], ""]
    elif intent.verb == "remove":
        values = changed_rows(values, intent)
    try:
        form = parse_nested(Levels, {**values, **{name: values[name] or "false" for name in FLAGS}})
    except Invalid as invalid:
        errors = by_box(invalid) if intent.saves else {}
        return await _form(request, scope, flat(values), None, errors=errors, verb=intent.verb)
    if not intent.saves:
        return await _form(request, scope, flat(values), form.level_percents, verb=intent.verb)
    change = CloudChange(
        level_percents=form.level_percents,
        referral_invites=form.referral_invites,
        agents_invite=form.agents_invite,
        agent_percent=form.agent_percent,
        statement_day=form.statement_day,
        payout_threshold=form.payout_threshold,
    )
    await clouds.change(scope.actor, scope.cloud, change)
    return redirect(request, scope.at("referrals"), _("The levels are changed."))


def _typed(percents: tuple[Decimal, ...], locale: str) -> dict[str, list[str]]:
    return {"level_percents": [typed(one, locale) for one in percents]}


async def _form(
    request: HTMXRequest,
    scope: CloudScope,
    boxes: Mapping[str, str],
    percents: tuple[Decimal, ...] | None,
    *,
    errors: Mapping[str, str] | None = None,
    verb: str = "",
) -> Response[str]:
    """The page; `percents` are None while what is typed cannot be read."""
    locale, currency = person_of(request).locale, scope.cloud.currency
    line = ""
    if percents is not None:
        first = await reads.highest_percent(scope.actor, scope.cloud)
        base = EXAMPLE * 10 ** digits(currency)
        every = (FIRST if first is None else first, *percents)
        amounts = [earned(base, one) for one in every]
        facts = {
            "base": money(base, currency, locale),
            "amounts": " + ".join(money(one, currency, locale) for one in amounts),
            "sum": money(sum(amounts), currency, locale),
            "percent": in_percent(sum(every), locale),
        }
        line = _("On %(base)s before tax: %(amounts)s = %(sum)s (%(percent)s)") % facts
    return page(
        request,
        "shared/referrals/levels.html",
        block="computed" if verb == "recalculate" else "form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        scope=scope,
        realm=Realm(scope.actor, scope),
        values=boxes,
        errors=errors or {},
        count=sum(name.startswith("level_percents-") for name in boxes),
        most=LEVELS_MAX,
        line=line,
        action=scope.at("referrals", "levels"),
        cancel=scope.at("referrals"),
        crumbs=(*scope.above, (_("Referrals"), scope.at("referrals"))),
    )
