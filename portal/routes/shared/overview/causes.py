"""Why somebody loses money, in two words, and what cures it: the same wherever a cause is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from portal.access import Permission, can
from portal.billing.drafting.surprises import Cause
from portal.books.queries.tariff_sales import Sold
from portal.overview.queries import cameras
from portal.overview.queries.cameras import KeptMore
from portal.overview.queries.margin_ranking import Row, What, cause_of
from portal.routes.format import percent
from portal.routes.shared.cloud_scope import CloudScope
from portal.watcher.queries import connection_health
from portal.words import _

Cure = tuple[str, str]
"""What to do, and the page where that is done."""
KEEPS: Final = "keeps"


@dataclass(frozen=True, slots=True)
class Why:
    """A cause in words, and what cures it."""

    text: str
    cures: Sequence[Cure]


@dataclass(frozen=True, slots=True)
class Excess:
    """What cameras keep beyond what is sold, by external id.

    `led` says whether this person may have presets set from here, where Camledger decides them.
    """

    kept: Mapping[str, KeptMore]
    led: bool


NO_EXCESS: Final = Excess({}, led=False)


async def excess_of(scope: CloudScope, external_ids: Sequence[str], now: datetime) -> Excess:
    """Of some cameras, what the cures beside their rows have to know."""
    if not external_ids:
        return NO_EXCESS
    led = False
    if can(scope.actor, Permission.CONNECTIONS_WRITE):
        found = await connection_health.of_cloud(scope.actor, scope.cloud)
        led = any(one.connection and one.connection.provision for one in found)
    kept = await cameras.kept_more(scope.actor, scope.cloud, external_ids, now=now)
    return Excess(kept, led)


def cause_in_words(cause: Cause, discount_percent: Decimal, locale: str) -> str:
    """The cause; "" of one that loses nothing."""
    if cause == "discount":
        return _("Discount of %(percent)s") % {"percent": percent(discount_percent, locale)}
    return {
        "": "",
        "no_subscription": _("No subscription"),
        "keeps_more": _("Keeps more than sold"),
        "commission": _("Commission"),
        "prices": _("Cost above price"),
    }[cause]


def cures_of(
    scope: CloudScope,
    what: What,
    key: str,
    cause: Cause,
    excess: Excess = NO_EXCESS,
    *,
    owner: int | None = None,
) -> Sequence[Cure]:
    """What whoever may change it does about it; `key` is a number, an external id or a code.

    `owner` is the number of a camera's subscriber, where the page knows it.
    """
    if not cause:
        return ()
    if what == "cameras":
        of_owner = owner is not None and cause == "discount"
        found = _of_subscriber(scope, str(owner), cause) if of_owner else ()
        return (*found, *_of_camera(scope, key, cause, excess))
    if what == "tariffs":
        may = can(scope.actor, Permission.TARIFFS_WRITE)
        path = scope.at("tariffs", quote(key, safe=""), "versions", "new")
        return ((_("New price"), path),) if may else ()
    return _of_subscriber(scope, key, cause)


def why_of_tariff(
    scope: CloudScope, code: str, name: str, sold: Sold | None, locale: str
) -> Why | None:
    """Why what a tariff sold in a month left nothing; None where it did, or that is not known."""
    if sold is None or sold.margin is None or sold.margin >= 0:
        return None
    row = Row(
        id=0,
        key=code,
        name=name,
        revenue=sold.revenue,
        cost=sold.cost or 0,
        commission=sold.commission or 0,
        margin=sold.margin,
        discount_percent=Decimal(0),
        is_owned=True,
    )
    cause = cause_of(row, keeps_more=False)
    text = cause_in_words(cause, row.discount_percent, locale)
    return Why(text, cures_of(scope, "tariffs", code, cause))


def cures_of_excess(
    scope: CloudScope, key: str, excess: Excess, *, page: str = ""
) -> Sequence[Cure]:
    """What is done about one camera that keeps more than is sold, beside changing its tariff.

    Where the row does not say enough, as of two archives at once, its `page` does.
    """
    kept = excess.kept.get(key)
    if kept is None or len(kept.meters) != 1:
        return ((_("Preset or accept"), page or scope.at("camera", id=key)),)
    found: list[Cure] = []
    if excess.led and kept.is_sold:
        found.append((_("Set the preset"), scope.at("camera", "preset", id=key)))
    if can(scope.actor, Permission.CAMERAS_WRITE):
        found.append((_("Accept"), scope.at("camera", "excess", id=key, meter=kept.meters[0])))
    return found


def _of_camera(scope: CloudScope, key: str, cause: Cause, excess: Excess) -> Sequence[Cure]:
    if not can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
        return ()
    if cause == "no_subscription":
        return ((_("See what to do"), scope.at("camera", id=key)),)
    found: list[Cure] = [(_("Change tariff"), scope.at("camera", "tariff", id=key))]
    if cause == "keeps_more":
        found += cures_of_excess(scope, key, excess)
    return found


def _of_subscriber(scope: CloudScope, key: str, cause: Cause) -> Sequence[Cure]:
    if cause == "discount" and can(scope.actor, Permission.SUBSCRIBERS_WRITE):
        return ((_("Change discount"), scope.at("subscribers", key, "edit")),)
    if not can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
        return ()
    narrowed = {"subscriber": key} | ({"off": KEEPS} if cause == "keeps_more" else {})
    return ((_("Change tariffs"), scope.at("cameras", **narrowed)),)
