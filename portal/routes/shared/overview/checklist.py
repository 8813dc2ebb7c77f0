"""The first hour as a list of steps: what is done, what is next, and what waits for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can
from portal.billing.period import Period
from portal.overview.actions import checklist as actions
from portal.overview.queries import checklist as reads
from portal.overview.queries.checklist import COUNTED_MAX, CloudSteps, PlatformSteps
from portal.routes.accounts.auth import Answer
from portal.routes.format import month, number
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.words import _, ngettext

State = Literal["done", "next", "open", "waits"]
PLATFORM_PATH: Final = "/system/checklist"
NAME: Final = "checklist"
OF_PLATFORM: Final = Permission.CLOUDS_CREATE
OF_CLOUD: Final = Permission.USERS_WRITE
"""Whoever sets a cloud up; others would see of it only what they may read."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `state` is "next" for the one that is to be done now; `href` is "" where it waits.

    An `optional` one is never next.
    """

    title: str
    text: str
    state: State
    button: str = ""
    href: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Checklist:
    """The list: `path` is its own page, `done` of its steps are."""

    path: str
    steps: tuple[Step, ...]
    hidden: bool

    @property
    def done(self) -> int:
        return sum(step.state == "done" for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Fact:
    """A step before it is known whether it is next; `waits` says for what, "" for nothing."""

    title: str
    text: str
    done: bool
    button: str
    href: str
    waits: str = ""
    optional: bool = False


async def of_platform(actor: Actor) -> Checklist | None:
    """The platform's list; None after the first close, and for those who do not set it up."""
    if not can(actor, OF_PLATFORM):
        return None
    found = await reads.of_platform(actor)
    if found is None:
        return None
    return Checklist(PLATFORM_PATH, _in_order(_platform_facts(found)), found.hidden)


async def of_cloud(
    actor: Actor, scope: CloudScope, *, now: datetime, locale: str
) -> Checklist | None:
    """A cloud's list; None after its first close, and for those who do not set it up."""
    if not can(actor, OF_CLOUD):
        return None
    found = await reads.of_cloud(actor, scope.cloud, now=now)
    if found is None:
        return None
    return Checklist(scope.at(NAME), _in_order(_cloud_facts(found, scope, locale)), found.hidden)


def _in_order(facts: Sequence[_Fact]) -> tuple[Step, ...]:
    """The steps; of those that can be done, the first that is not optional is next."""
    steps, is_next = [], True
    for one in facts:
        state: State = "done" if one.done else "waits" if one.waits else "open"
        if state == "open" and is_next and not one.optional:
            state, is_next = "next", False
        text = one.waits if state == "waits" else one.text
        href = one.href if state in ("open", "next") else ""
        steps.append(Step(one.title, text, state, one.button, href, one.optional))
    return tuple(steps)


def _platform_facts(found: PlatformSteps) -> list[_Fact]:
    return [
        _Fact(
            _("Company details"),
            _("Name, address and bank account, as your invoices to clouds show them."),
            found.company,
            _("Add company details"),
            "/system/settings",
        ),
        _Fact(
            _("E-mail"),
            _("A test message arrives: invitations and invoices will, too."),
            found.mail,
            _("Send a test"),
            "/system/settings/mail",
        ),
        _Fact(
            _("Services"),
            _("What clouds buy, with a list price. The six usual ones are added at once."),
            found.services,
            _("Add services"),
            "/system/services",
        ),
        *_first_cloud(found),
        _Fact(
            _("A colleague"),
            _("So that somebody else can help when you are away."),
            found.colleagues,
            _("Invite"),
            "/system/people",
            optional=True,
        ),
        _Fact(
            _("First month closed"),
            _("Invoices are issued, and figures appear here."),
            found.closed,
            _("Open months"),
            f"/system/clouds/{found.cloud}/periods",
            waits="" if found.usage and found.cloud else _("Waits for usage."),
        ),
    ]


def _first_cloud(found: PlatformSteps) -> list[_Fact]:
    """The cloud, its administrator and its usage."""
    no_cloud = "" if found.cloud else _("Waits for the first cloud.")
    people = f"/system/clouds/{found.cloud}/people"
    return [
        _Fact(
            _("First cloud"),
            _("An operator with its prices, its manager and its first administrator."),
            bool(found.cloud),
            _("New cloud"),
            "/system/clouds/new",
            waits="" if found.services else _("Waits for a service with a list price."),
        ),
        _Fact(
            _("Its administrator has signed in"),
            _("By the invitation, which can be sent again."),
            found.signed_in,
            _("Open invitation") if found.user else _("Invite"),
            f"{people}/{found.user}" if found.user else people,
            waits=no_cloud,
        ),
        _Fact(
            _("Usage arrives"),
            _("A Watcher is read, or another system sends usage through the API."),
            found.usage,
            _("Connect Watcher"),
            f"/system/clouds/{found.cloud}/watcher",
            waits=no_cloud,
        ),
    ]


def _cloud_facts(found: CloudSteps, scope: CloudScope, locale: str) -> list[_Fact]:
    connected = found.connected or found.has_key
    no_usage = "" if connected else _("Waits for Watcher, or for a key.")
    mappings = scope.mappings
    return [
        _Fact(
            _("Company"),
            _("Address and bank account, as your invoices show them."),
            found.company,
            _("Add company details"),
            scope.at("settings") if scope.inside else scope.at("edit"),
        ),
        _Fact(
            _("Watcher, or a key for usage"),
            _("Cameras and their usage come from Watcher, or from another system by an API key."),
            connected,
            _("Connect Watcher"),
            scope.path,
        ),
        _Fact(
            _("Tariffs"),
            ngettext(
                "%(count)s preset of Watcher is not mapped to a tariff.",
                "%(count)s presets of Watcher are not mapped to a tariff.",
                found.presets,
            )
            % {"count": number(found.presets, locale)}
            if found.presets
            else _("What subscribers pay: services at a price."),
            found.tariffs and not found.presets,
            _("Map presets") if found.presets else _("Open tariffs"),
            mappings if found.presets else scope.at("tariffs"),
            waits=no_usage,
        ),
        _Fact(
            _("Subscribers"),
            ngettext(
                "%(count)s organization of Watcher is not mapped to a subscriber.",
                "%(count)s organizations of Watcher are not mapped to a subscriber.",
                found.organizations,
            )
            % {"count": number(found.organizations, locale)}
            if found.organizations
            else _("Your customers, each with its cameras."),
            found.subscribers and not found.organizations,
            _("Map organizations") if found.organizations else _("Open subscribers"),
            mappings if found.organizations else scope.at("subscribers"),
            waits=no_usage,
        ),
        _cameras(found, scope, locale),
        _Fact(
            _("Account managers"),
            _("They look after subscribers of their own and see no cost."),
            found.account_managers,
            _("Invite"),
            scope.at("people"),
            optional=True,
        ),
        *_last_month(found, scope, locale),
    ]


def _cameras(found: CloudSteps, scope: CloudScope, locale: str) -> _Fact:
    def counted(count: int) -> str:
        if count > COUNTED_MAX:
            return _("more than %(count)s") % {"count": number(COUNTED_MAX, locale)}
        return number(count, locale)

    text = _("%(count)s of %(all)s cameras are on a tariff.") % {
        "count": counted(found.on_tariff),
        "all": counted(found.cameras),
    }
    return _Fact(
        _("Cameras on a tariff"),
        text,
        0 < found.cameras <= found.on_tariff,
        _("See cameras"),
        scope.at("cameras", state="without"),
        waits="" if found.cameras else _("Waits for the first camera."),
    )


def _last_month(found: CloudSteps, scope: CloudScope, locale: str) -> list[_Fact]:
    """To compare the month that ended last with what was billed before, and to close it."""
    waits = "" if found.ended else _("Waits for the end of the first month with cameras.")
    key = Period.of(found.ended).key if found.ended else ""
    told = {"month": month(found.ended, locale) if found.ended else ""}
    return [
        _Fact(
            _("Rehearse"),
            _("Compare %(month)s with what you billed before.") % told,
            found.closed,
            _("Open month"),
            scope.at("periods", key),
            waits=waits,
            optional=True,
        ),
        _Fact(
            _("Close"),
            _("%(month)s is charged, and its invoices are issued.") % told,
            found.closed,
            _("Close month"),
            scope.at("periods", key, "close") if scope.inside else scope.at("periods", key),
            waits=waits,
        ),
    ]


async def _page(request: HTMXRequest, found: Checklist | None, scope: CloudScope | None) -> Answer:
    return page(
        request,
        "shared/overview/checklist.html",
        checklist=found,
        scope=scope,
        home=scope.base if scope else "/system",
    )


@get(f"/{NAME}", guards=[requires(OF_CLOUD)])
async def cloud_checklist(request: HTMXRequest) -> Answer:
    """A cloud's list, also where it has been put away."""
    person, scope = person_of(request), await CloudScope.of(request)
    found = await of_cloud(person.actor, scope, now=books_now(request), locale=person.locale)
    return await _page(request, found, scope)


@post(f"/{NAME}", guards=[requires(OF_CLOUD)], status_code=HTTPStatus.OK)
async def hide_cloud_checklist(request: HTMXRequest) -> Response[None]:
    """Put it away, or take it out again."""
    scope = await CloudScope.of(request)
    hidden = (await texts(request)).get("hidden") == "true"
    await actions.hide(scope.actor, scope.cloud, hidden=hidden)
    return redirect(request, scope.base, _hidden() if hidden else None)


@get(f"/{NAME}", guards=[requires(OF_PLATFORM)])
async def platform_checklist(request: HTMXRequest) -> Answer:
    """The platform's list, also where it has been put away."""
    return await _page(request, await of_platform(actor_of(request)), None)


@post(f"/{NAME}", guards=[requires(OF_PLATFORM)], status_code=HTTPStatus.OK)
async def hide_platform_checklist(request: HTMXRequest) -> Response[None]:
    """Put it away, or take it out again."""
    hidden = (await texts(request)).get("hidden") == "true"
    await actions.hide(actor_of(request), None, hidden=hidden)
    return redirect(request, "/system", _hidden() if hidden else None)


def _hidden() -> str:
    return _("The list is hidden. You find it under Help.")


CLOUD_CHECKLIST: Final = (cloud_checklist, hide_cloud_checklist)
PLATFORM_CHECKLIST: Final = (platform_checklist, hide_platform_checklist)
