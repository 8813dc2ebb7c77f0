"""Searching a portal: groups of what fits, as one types and as a page of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor
from portal.overview.queries import search as reads
from portal.overview.queries.search import Found, Hit
from portal.routes import Interface, interface_of
from portal.routes.guards import actor_of
from portal.routes.listing import FILTER_LENGTH
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.words import _

SHOWN: Final = 5
"""Of each group, beside the others."""
LISTED: Final = 50
"""Of a group that is looked at alone."""
GROUPS: Final[Mapping[str, str]] = {
    "subscribers": _("Subscribers"),
    "cameras": _("Cameras"),
    "invoices": _("Invoices"),
    "payments": _("Payments"),
    "refunds": _("Refunds"),
    "lines": _("Lines of bank files"),
    "statements": _("Statements"),
    "tariffs": _("Tariffs"),
    "referrals": _("Referrals"),
    "clouds": _("Clouds"),
    "people": _("People"),
}
PAGES: Final = "pages"
WORDS: Final[Mapping[str, str]] = {
    "invoices": _("documents bills credit notes"),
    "payments": _("money bank files receivables refunds unmatched"),
    "periods": _("close months closing books"),
    "people": _("users staff invite roles"),
    "keys": _("API keys tokens"),
    "tariffs": _("plans price list margin"),
    "settings": _("configuration second factor"),
    "watcher": _("connections mapping reconciliation Flussonic"),
    "reports": _("usage revenue cost margin quantities export"),
    "audit": _("history log who changed"),
}
"""What else finds a page, by the end of its address."""

Address = Callable[[Hit], str]


def _camera(base: str, hit: Hit) -> str:
    return f"{base}/camera?{urlencode({'id': hit.key})}"


def _book(hit: Hit) -> str:
    """Where the book is in the platform's portal: a cloud's, or its own."""
    return f"/system/clouds/{quote(hit.cloud)}" if hit.cloud else "/system"


def _refund(base: str, hit: Hit) -> str:
    return f"{base}/payments/refunds?{urlencode({'q': hit.key})}"


ADDRESSES: Final[Mapping[str, Mapping[str, Address]]] = {
    "system": {
        "subscribers": lambda hit: f"/system/clouds/{quote(hit.cloud)}/subscribers/{hit.key}",
        "clouds": lambda hit: f"/system/clouds/{quote(hit.key)}",
        "cameras": lambda hit: _camera(f"/system/clouds/{quote(hit.cloud)}", hit),
        "invoices": lambda hit: f"/system/invoices/{quote(hit.key, safe='')}",
        "payments": lambda hit: f"{_book(hit)}/payments/{hit.key}",
        "refunds": lambda hit: _refund(_book(hit), hit),
        "lines": lambda hit: f"{_book(hit)}/payments/lines/{hit.key}",
        "statements": lambda hit: f"/system/clouds/{quote(hit.cloud)}/statements/{hit.key}",
        "tariffs": lambda hit: f"/system/clouds/{quote(hit.cloud)}/tariffs/{quote(hit.key)}",
        "people": lambda hit: (
            f"/system/clouds/{quote(hit.cloud)}/people/{hit.key}"
            if hit.cloud
            else f"/system/people/{hit.key}"
        ),
        "referrals": lambda hit: f"/system/clouds/{quote(hit.cloud)}/referrals/{quote(hit.key)}",
    },
    "cloud": {
        "subscribers": lambda hit: f"/cloud/subscribers/{hit.key}",
        "cameras": lambda hit: _camera("/cloud", hit),
        "invoices": lambda hit: f"/cloud/invoices/{quote(hit.key, safe='')}",
        "payments": lambda hit: f"/cloud/payments/{hit.key}",
        "refunds": lambda hit: _refund("/cloud", hit),
        "lines": lambda hit: f"/cloud/payments/lines/{hit.key}",
        "statements": lambda hit: f"/cloud/statements/{hit.key}",
        "tariffs": lambda hit: f"/cloud/tariffs/{quote(hit.key)}",
        "people": lambda hit: f"/cloud/people/{hit.key}",
        "referrals": lambda hit: f"/cloud/referrals/{quote(hit.key)}",
    },
    "my": {
        "cameras": lambda hit: _camera("/my", hit),
        "invoices": lambda hit: f"/my/invoices/{quote(hit.key, safe='')}",
    },
    "referral": {
        "subscribers": lambda hit: f"/referral/subscribers/{hit.key}",
        "statements": lambda hit: f"/referral/statements/{hit.key}",
    },
}
"""What each portal is searched for, and the page of each."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line: what it is, what tells it from others, and its page."""

    label: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    """What fits of one kind; `more` leads to all of them, "" where all are shown."""

    title: str
    items: tuple[Item, ...]
    total: int
    is_more: bool = False
    more: str = ""


@get("/search")
async def search(request: HTMXRequest) -> Response[str] | Response[None]:
    """What fits "?q=", by group; with "&group=" more of one. A document's number leads to it."""
    actor = actor_of(request)
    portal = interface_of(actor.role)
    text = request.query_params.get("q", "").strip()[:FILTER_LENGTH]
    group = request.query_params.get("group", "")
    addresses = ADDRESSES[portal.key]
    kinds = [group] if group in addresses else list(addresses)
    found = await reads.search(actor, text, kinds, limit=LISTED if group in addresses else SHOWN)
    exact = [hit for hit in _hits(found, "invoices") if hit.key.lower() == text.lower()]
    if len(exact) == 1 and not request.htmx:
        return redirect(request, addresses["invoices"](exact[0]))
    groups = [
        _group(portal, kind, found[kind], text, alone=group in addresses)
        for kind in kinds
        if kind in found
    ]
    pages = () if group in addresses else _pages(portal, actor, text)
    if pages:
        groups.append(Group(_("Pages"), pages, len(pages)))
    return page(
        request,
        "shared/search.html",
        block="found",
        text=text,
        groups=groups,
        short=len(text) < reads.SHORTEST,
    )


def _hits(found: Mapping[str, Found], kind: str) -> tuple[Hit, ...]:
    return found[kind].hits if kind in found else ()


def _group(portal: Interface, kind: str, found: Found, text: str, *, alone: bool) -> Group:
    address = ADDRESSES[portal.key][kind]
    items = tuple(Item(hit.label, _detail(portal, kind, hit), address(hit)) for hit in found.hits)
    more = f"{portal.prefix}/search?{urlencode({'q': text, 'group': kind})}"
    hidden = found.total > len(items) and not alone
    return Group(GROUPS[kind], items, found.total, found.is_more, more if hidden else "")


def _detail(portal: Interface, kind: str, hit: Hit) -> str:
    """What tells one from another of the same name: its number, its cloud."""
    said = [_("Customer %(number)s") % {"number": hit.key}] if kind == "subscribers" else []
    said += [hit.detail] if hit.detail and hit.detail != hit.label else []
    said += [hit.cloud_name] if portal.key == "system" and kind != "clouds" else []
    return " · ".join(str(one) for one in said if one)


def _pages(portal: Interface, actor: Actor, text: str) -> tuple[Item, ...]:
    """The pages of the menu whose name, or what else they are called, has the text in it."""
    wanted = text.casefold()
    if len(wanted) < reads.SHORTEST:
        return ()
    return tuple(
        Item(str(entry.label), str(entry.group), entry.path)
        for entry in portal.menu_of(actor)
        if wanted in f"{entry.label} {WORDS.get(entry.path.rpartition('/')[2], '')}".casefold()
    )
