"""Where what an entry of the log is about stands: the page of a person, a camera, a tariff."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from portal.routes.shared.cloud_scope import CLOUDS
from portal.routes.shared.realm import Realm

Places = Sequence[tuple[re.Pattern[str], str]]


def _places(*named: tuple[str, str]) -> Places:
    return tuple((re.compile(pattern), place) for pattern, place in named)


OF_ANYBODY: Final = _places(
    (r"user (?P<name>[0-9]+)", "/people/{name}"),
    (r"API key (?P<name>\S+)", "/keys?q={name}"),
    (r"mail [0-9]+", "/settings/mail"),
    (r"platform", "/settings"),
)
OF_PLATFORM: Final = _places(
    (r"service (?P<name>\S+)", "/services/{name}"),
    (r"meter \S+", "/services#meters"),
)
"""Where it stands below the platform's portal alone."""
"""Where it stands below the platform's portal, or below a cloud's pages."""
OF_CLOUD: Final = _places(
    (r"camera (?P<name>.+?)( [a-z_.-]+ [0-9]{4}-[0-9]{2}-[0-9]{2})?", "/camera?id={name}"),
    (r"subscription [0-9]+ of camera (?P<name>.+)", "/camera?id={name}"),
    (r"cloud \S+", ""),
    (r"(cameras of )?connection (?P<name>[0-9]+)", "/watcher/{name}"),
    (r"preset [0-9]+ of connection (?P<name>[0-9]+)", "/watcher/{name}"),
    (r"mapping of cloud \S+", "/watcher/mappings"),
    (r"period (?P<name>[0-9-]{7})", "/periods/{name}"),
    (r"document (?P<name>\S+)", "/invoices/{name}"),
    (r"hand-over (?P<name>[0-9]+)", "/hand-overs/{name}"),
    (r"rate (?P<name>\S+)", "/prices#{name}"),
    (r"referral (?P<name>\S+)", "/referrals/{name}"),
    (r"subscriber (?P<name>[0-9]+)", "/subscribers/{name}"),
    (r"tariff (?P<name>\S+)", "/tariffs/{name}"),
)
"""Where it stands below a cloud's pages, in either of two portals."""


def place_of(realm: Realm, cloud: str | None, of: str) -> str:
    """The page of what an entry in the log of `cloud` (a slug, None: the platform's) is about.

    "" for what has no page, such as an address that signed in and is nobody's.
    """
    base = realm.at() if cloud is None or realm.scope is not None else f"{CLOUDS}/{quote(cloud)}"
    places = (*OF_ANYBODY, *(OF_CLOUD if cloud is not None else OF_PLATFORM))
    for pattern, place in places:
        if found := pattern.fullmatch(of):
            names = {name: quote(text or "", safe="") for name, text in found.groupdict().items()}
            return base + place.format(**names)
    return ""
