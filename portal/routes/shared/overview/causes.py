"""Why somebody loses money, in two words, and what cures it: the same wherever a cause is said."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from portal.access import Permission, can
from portal.overview.queries.margin_ranking import Cause, What
from portal.routes.format import percent
from portal.routes.shared.cloud_scope import CloudScope
from portal.words import _

Cure = tuple[str, str]
"""What to do, and the page where that is done."""
KEEPS: Final = "keeps"


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


def cures_of(scope: CloudScope, what: What, key: str, cause: Cause) -> Sequence[Cure]:
    """What whoever may change it does about it; `key` is a number, an external id or a code."""
    if not cause:
        return ()
    if what == "cameras":
        return _of_camera(scope, key, cause)
    if what == "tariffs":
        may = can(scope.actor, Permission.TARIFFS_WRITE)
        path = scope.at("tariffs", quote(key, safe=""), "versions", "new")
        return ((_("New price"), path),) if may else ()
    return _of_subscriber(scope, key, cause)


def _of_camera(scope: CloudScope, key: str, cause: Cause) -> Sequence[Cure]:
    if not can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
        return ()
    if cause == "no_subscription":
        return ((_("See what to do"), scope.at("camera", id=key)),)
    found: list[Cure] = [(_("Change tariff"), scope.at("camera", "tariff", id=key))]
    if cause == "keeps_more":
        # The camera's page knows whether Camledger decides its preset, and what can be accepted.
        found.append((_("Preset or accept"), scope.at("camera", id=key)))
    return found


def _of_subscriber(scope: CloudScope, key: str, cause: Cause) -> Sequence[Cure]:
    if cause == "discount" and can(scope.actor, Permission.SUBSCRIBERS_WRITE):
        return ((_("Change discount"), scope.at("subscribers", key, "edit")),)
    if not can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
        return ()
    narrowed = {"subscriber": key} | ({"off": KEEPS} if cause == "keeps_more" else {})
    return ((_("Change tariffs"), scope.at("cameras", **narrowed)),)
