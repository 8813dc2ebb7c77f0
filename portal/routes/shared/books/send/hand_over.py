"""Handing documents over as a file: asked where some were before, kept, and downloaded."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar import get as litestar_get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.books.actions.sending import hand_overs
from portal.books.actions.sending.documents import Which
from portal.books.actions.sending.hand_overs import HandedBefore
from portal.books.queries.sending import hand_overs as reads
from portal.books.queries.sending.hand_overs import KINDS, HandOver
from portal.errors import Conflict, NotFound
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.accounts.auth import Answer
from portal.routes.api.hand_over_files import MEDIA, content_of, name_of
from portal.routes.format import moment
from portal.routes.format import number as number_text
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, page, redirect
from portal.routes.reading import get
from portal.routes.shared.books.send.step import month_of, way_back
from portal.routes.shared.cloud_scope import CloudScope, Crumbs
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import made_once
from portal.values.amounts import money
from portal.words import _

TAKERS: Final = [requires(Permission.INVOICES_SEND)]
KIND: Final = "kind"
AGAIN: Final = "again"


async def hand_over_to(
    request: HTMXRequest,
    scope: CloudScope,
    which: Which,
    sent: Mapping[str, str],
    *,
    action: str,
    back: str,
    crumbs: Crumbs,
    hidden: Mapping[str, str],
) -> Answer:
    """Hand some documents over as the kind that was `sent`, or ask first where some were before.

    `action` is where the answer goes, with `hidden` beside it; `back` where one came from.
    """
    kind = sent.get(KIND, "")
    if kind not in KINDS:
        raise NotFound(_("There is nothing at this address."))
    make = partial(
        hand_overs.hand_over,
        scope.actor,
        scope.cloud,
        which,
        kind,
        again=sent.get(AGAIN) == "on",
        now=SessionConfig.of(request).clock(),
    )
    try:
        made = await made_once(request, make, back)
    except HandedBefore as handed:
        return _ask_again(request, scope, handed, kind, action, back, crumbs, hidden)
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "error"))
    return redirect(request, scope.at("hand-overs", made.id), _("The documents are handed over."))


def _ask_again(  # noqa: PLR0917 - what one page says
    request: HTMXRequest,
    scope: CloudScope,
    handed: HandedBefore,
    kind: str,
    action: str,
    back: str,
    crumbs: Crumbs,
    hidden: Mapping[str, str],
) -> Response[str]:
    person, before = person_of(request), handed.before
    return confirm(
        request,
        title=_("Hand over again"),
        crumbs=crumbs,
        question=_("Hand these documents over again?"),
        facts=[
            (_("Handed over before"), number_text(before.count, person.locale)),
            (_("The last time"), moment(before.last_at, person.locale, scope.zone)),
        ],
        warnings=[handed.message],
        action=action,
        submit=_("Hand over again"),
        cancel=back,
        values={**hidden, KIND: kind, AGAIN: "on"},
    )


@post("/periods/{month:str}/send/hand-over", guards=TAKERS, status_code=HTTPStatus.OK)
async def hand_month_over(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """All documents of a month."""
    scope, period = await CloudScope.of(request), month_of(month)
    back = await way_back(scope, period)
    return await hand_over_to(
        request,
        scope,
        Which(period),
        await texts(request),
        action=scope.at("periods", period.key, "send", "hand-over"),
        back=back,
        crumbs=(*scope.above, (_("Send documents"), back)),
        hidden={},
    )


@get("/hand-overs/{hand_over:int}", guards=TAKERS)
async def hand_over_page(request: HTMXRequest, hand_over: FromPath[int]) -> Response[str]:
    """One hand-over: who, when, what, and its file."""
    scope, person = await CloudScope.of(request), person_of(request)
    found = await reads.get(scope.actor, scope.cloud, hand_over)
    invoices = scope.at("invoices", side="retail", month=found.key or None)
    return page(
        request,
        "shared/books/send/hand_over.html",
        scope=scope,
        found=found,
        facts=facts_of(found, person.locale, scope.zone),
        path=scope.at("hand-overs", found.id, "file"),
        invoices=invoices,
        step=scope.at("periods", found.key, "send") if found.key else "",
        crumbs=(*scope.above, (_("Invoices"), invoices)),
    )


def facts_of(found: HandOver, locale: str, zone: str) -> list[tuple[str, str]]:
    """What is said of a hand-over."""
    return [
        (_("Handed over by"), found.made_by),
        (_("When"), moment(found.made_at, locale, zone)),
        (_("Documents"), number_text(found.documents, locale)),
        (_("Sum"), money(found.total, found.currency, locale)),
    ]


# Litestar's `get`: the file is read while it is sent, some documents at a time.
@litestar_get("/hand-overs/{hand_over:int}/file", guards=TAKERS)
async def hand_over_file(request: HTMXRequest, hand_over: FromPath[int]) -> Stream:
    """Its file."""
    scope = await CloudScope.of(request)
    actor, cloud = actor_of(request), scope.cloud
    found = await reads.get(actor, cloud, hand_over)
    return Stream(
        content_of(actor, cloud, found, books_now(request)),
        media_type=MEDIA[found.kind],
        headers=_headers(cloud, found),
    )


def _headers(cloud: CloudFacts, found: HandOver) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name_of(cloud, found)}"',
        "Cache-Control": "no-store",
    }


HAND_OVERS: Final = (hand_month_over, hand_over_page, hand_over_file)
