"""Crediting an outage in one step: days and cameras, the notes before they are made, one click."""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, is_of_platform
from portal.books.actions.money.outages import credit_outage
from portal.books.forms.outage import FILE_BYTES_MAX, SIDES, OutageForm, cameras_in
from portal.books.queries.money import outages
from portal.books.queries.money.concerned import watcher_choices
from portal.books.queries.money.outages import Looked
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.kit.forms.nested import intent_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import UPLOADS, file, file_text, texts
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.sending import made_once
from portal.values.amounts import money
from portal.words import _, ngettext

CREDITORS: Final = [requires(Permission.CREDITS_WRITE)]
SHOWN: Final = 50
"""So many notes stand on the page; the sums are of all in the step."""
SIDE_WORDS: Final = {
    "both": _("Subscribers, and the cloud"),
    "retail": _("Subscribers alone"),
    "wholesale": _("The cloud alone"),
}
LABELS: Final = {
    "first_day": _("First day"),
    "last_day": _("Last day"),
    "share": _("Share of each day"),
    "subscriber": _("Subscriber"),
    "connection": _("Watcher"),
    "organization": _("Organization"),
    "cameras": _("Cameras"),
    "side": _("Who gets it"),
    "reason": _("Reason"),
}


@get("/invoices/outage", guards=CREDITORS)
async def ask_outage(request: HTMXRequest) -> Answer:
    """The form; days and cameras may stand in the address."""
    scope = await CloudScope.of(request)
    sent = {name: request.query_params.get(name, "") for name in LABELS}
    return await _outage_page(request, scope, sent)


@post("/invoices/outage", guards=CREDITORS, status_code=HTTPStatus.OK, opt={UPLOADS: True})
async def outage(request: HTMXRequest) -> Answer:
    """Issue the notes, once for a form; or say what they would be."""
    scope, sent = await CloudScope.of(request), dict(await texts(request))
    intent = intent_of(sent)
    try:
        sent["cameras"] = await _with_file(request, sent.get("cameras", ""))
    except Invalid as invalid:
        return await _outage_page(request, scope, sent, errors=invalid.fields)
    if not intent.saves:
        return await _outage_page(request, scope, sent, verb=intent.verb)
    back = scope.at("invoices")
    try:
        make = partial(
            credit_outage,
            scope.actor,
            scope.cloud,
            _form(sent),
            now=books_now(request),
            queue=request.app.state.queue,
        )
        made, left = await made_once(request, make, back)
    except Invalid as invalid:
        return await _outage_page(request, scope, sent, errors=_at_boxes(sent, invalid.fields))
    except Conflict as conflict:
        return await _outage_page(request, scope, sent, refused=conflict.message)
    told = ngettext(
        "%(count)s credit note is issued.", "%(count)s credit notes are issued.", len(made)
    ) % {"count": len(made)}
    if left:
        more = ngettext(
            "%(count)s document is left: issue again to go on.",
            "%(count)s documents are left: issue again to go on.",
            left,
        )
        told = f"{told} {more % {'count': left}}"
    return redirect(request, back, told)


async def _with_file(request: HTMXRequest, cameras: str) -> str:
    """The cameras that were typed, and those of the file after them, where one was chosen."""
    if await file(request, "file") is None:
        return cameras
    text = await file_text(request, "file", FILE_BYTES_MAX)
    typed = [line.strip() for line in cameras.splitlines() if line.strip()]
    return "\n".join(dict.fromkeys([*typed, *cameras_in(text)]))


def _form(sent: Mapping[str, str]) -> OutageForm:
    named = {name: sent.get(name, "").strip() for name in LABELS}
    return parse_texts(OutageForm, {name: text for name, text in named.items() if text})


def _at_boxes(sent: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """What is wrong by box; of a list of cameras the first, with its line."""
    listed = [line.strip() for line in sent.get("cameras", "").splitlines() if line.strip()]
    found: dict[str, str] = {}
    for path, told in fields.items():
        box, _bracket, place = path.partition("[")
        text = f"{listed[int(place[:-1])]}: {told}" if place else told
        found.setdefault(box, text)
    return found


async def _look(scope: CloudScope, sent: Mapping[str, str]) -> tuple[list[Looked], int, str, bool]:
    """The notes that the boxes ask for, and what stands in their way, as far as one can say."""
    try:
        form = _form({**sent, "reason": "-"})
        looked, left = await outages.preview(scope.actor, scope.cloud, form)
    except Invalid:
        return [], 0, "", False
    except Conflict as conflict:
        return [], 0, conflict.message, False
    return looked, left, "", True


async def _outage_page(
    request: HTMXRequest,
    scope: CloudScope,
    sent: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    refused: str = "",
    verb: str = "",
) -> Response[str]:
    locale = person_of(request).locale
    looked, left, told, is_said = await _look(scope, sent)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    back = scope.at("invoices")
    return page(
        request,
        "shared/books/outage.html",
        block="computed" if verb == "recalculate" else "form",
        status=HTTPStatus.CONFLICT if refused else status,
        action=scope.at("invoices", "outage"),
        cancel=back,
        crumbs=(*scope.above, (_("Invoices"), back)),
        labels={**LABELS, "file": _("Cameras of a file")},
        choices=await watcher_choices(scope.actor, scope.cloud),
        sides=[(side, SIDE_WORDS[side]) for side in SIDES] if is_of_platform(scope.actor) else [],
        values=sent,
        errors=errors or {},
        refused=refused or told,
        scope=scope,
        looked=looked[:SHOWN],
        unshown=max(0, len(looked) - SHOWN),
        sums=[_sums(looked, side, locale) for side in ("retail", "wholesale") if _of(looked, side)],
        left=left,
        nothing=is_said and not looked,
        sentence=_sentence(looked),
    )


def _of(looked: Sequence[Looked], side: str) -> list[Looked]:
    return [one for one in looked if one.planned.side == side]


def _sums(looked: Sequence[Looked], side: str, locale: str) -> tuple[str, list[tuple[str, Any]]]:
    """What the notes of a side come to; money of two sides is never added."""
    of = _of(looked, side)
    currency = of[0].planned.currency
    facts = [
        (_("Credit notes"), str(len(of))),
        (_("Camera-days"), str(sum(one.planned.days for one in of))),
        (_("Before tax"), money(sum(one.net for one in of), currency, locale)),
        (_("Tax"), money(sum(one.tax for one in of), currency, locale)),
        (_("With tax"), money(sum(one.gross for one in of), currency, locale)),
    ]
    if side == "retail":
        lost = sum(one.commission for one in of)
        facts.append((_("Commissions"), money(lost, currency, locale)))
    return (_("To subscribers") if side == "retail" else _("From the platform"), facts)


def _sentence(looked: Sequence[Looked]) -> str:
    if not looked:
        return ""
    count = len(looked)
    return ngettext("%(count)s credit note.", "%(count)s credit notes.", count) % {"count": count}


OUTAGE: Final = (ask_outage, outage)
