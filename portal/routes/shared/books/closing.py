"""Closing a month by hand: what it issues and lacks is shown, asked, and begun once."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.coverage import Gap
from portal.books.actions.periods import DraftChanged, start_close
from portal.books.forms.period import CloseForm, accepted_days, box_of
from portal.customers.forms.closing import REASONS
from portal.errors import Conflict
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.format import day, number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, redirect
from portal.routes.reading import get
from portal.routes.shared.books.cockpit import LABELS
from portal.routes.shared.books.month import draft_of, issues_of
from portal.routes.shared.books.periods import Month, compares, find_month
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.usage.queries import coverage
from portal.words import _, english

CLOSERS: Final = [requires(Permission.PERIODS_CLOSE)]
ALL_DAYS: Final = "accept_gaps"
LOOKED: Final = "looked"
NAMED: Final = 20
"""Surprises that are named before a close."""


@get("/periods/{month:str}/close", guards=CLOSERS)
async def ask_close(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Ask before the books are closed; days that the address names are ticked."""
    scope, found = await find_month(request, month)
    if found.line.state != "open":
        return redirect(
            request,
            scope.at("periods", found.key),
            (
                _("%(name)s is closed.")
                if found.line.state == "closed"
                else _("%(name)s is closing.")
            )
            % {"name": found.name},
        )
    if not found.ended:
        told = _("%(name)s has not ended; it can be closed afterwards.") % {"name": found.name}
        return redirect(request, scope.at("periods", found.key), Toast(told, "error"))
    return await _confirm(request, scope, found, request.query_params)


@post("/periods/{month:str}/close", guards=CLOSERS, status_code=HTTPStatus.OK)
async def close(request: HTMXRequest, month: FromPath[str]) -> Answer:
    """Begin the close; to begin it twice is to begin it once."""
    scope, found = await find_month(request, month)
    sent = await texts(request)
    wanted = {ALL_DAYS: "true" if sent.get(ALL_DAYS) else "false"}
    form = parse_texts(CloseForm, {**wanted, "reason": sent.get("reason", "")})
    try:
        begun = await start_close(
            scope.actor,
            scope.cloud,
            found.period,
            accept_gaps=form.accept_gaps,
            accepted=accepted_days(sent),
            reason=form.reason,
            looked=sent.get(LOOKED) or None,
            now=books_now(request),
            queue=request.app.state.queue,
        )
    except DraftChanged as changed:
        kept = {name: value for name, value in sent.items() if name != LOOKED and name[0] != "_"}
        again = scope.at("periods", found.key, "close", **kept)
        return redirect(request, again, Toast(changed.message, "error"))
    except Conflict as conflict:
        if not conflict.fields:
            told = Toast(conflict.message, "error")
            return redirect(request, scope.at("periods", found.key), told)
        return await _confirm(request, scope, found, sent, conflict.fields)
    sentence = (
        (_("The close of %(name)s has begun.") % {"name": found.name})
        if begun.begun
        else _("It had begun already.")
    )
    return redirect(request, scope.at("periods", found.key), sentence)


async def _confirm(
    request: HTMXRequest,
    scope: CloudScope,
    found: Month,
    sent: Mapping[str, str],
    lacking: Mapping[str, str] | None = None,
) -> Response[str]:
    """The question with its facts; `lacking` are days that nobody accepted, as keys."""
    locale = person_of(request).locale
    missing = await coverage.of_month(
        scope.actor, scope.cloud, found.period, now=books_now(request)
    )
    draft = await draft_of(request, scope, found.period)
    waiting = draft.to_look_at if draft else []
    values = {name: value for name, value in sent.items() if value}
    return confirm(
        request,
        template="shared/books/close_period.html",
        crumbs=(
            *scope.above,
            (_("Months"), scope.at("periods")),
            (found.name, scope.at("periods", found.key)),
        ),
        title=_("Close %(name)s") % {"name": found.name},
        question=_("Rate %(name)s and issue its invoices?") % {"name": found.name},
        facts=[*await issues_of(request, scope, draft), *_facts(missing, locale)],
        warnings=[_("What is issued is final: mistakes are put right by credit notes.")],
        action=scope.at("periods", found.key, "close"),
        submit=_("Close %(name)s") % {"name": found.name},
        cancel=scope.at("periods", found.key),
        values={LOOKED: "" if draft is None else draft.looked},
        errors=_errors(missing, lacking),
        boxes=[(box_of(gap.day), _label(gap, locale)) for gap in missing],
        ticked=values,
        reasons=[(english(reason), reason) for reason in REASONS],
        looked=waiting[:NAMED],
        looked_more=max(0, len(waiting) - NAMED),
        labels=LABELS,
        currency=scope.cloud.currency,
        stale=draft is not None and draft.stale,
        compares=await compares(scope.actor, scope.cloud),
        month=found,
        scope=scope,
    )


def _errors(missing: Sequence[Gap], lacking: Mapping[str, str] | None) -> dict[str, str]:
    """What is said at the box of each day that is missing and not accepted."""
    told = _("Accept this day, or send its usage first.")
    return {box_of(gap.day): told for gap in missing if gap.day.isoformat() in (lacking or ())}


def _label(gap: Gap, locale: str) -> str:
    counts = {"missing": number(gap.missing, locale), "subscribed": number(gap.subscribed, locale)}
    told = _("%(day)s: %(missing)s of %(subscribed)s cameras without usage")
    return told % {"day": day(gap.day, locale), **counts}


def _facts(missing: Sequence[Gap], locale: str) -> list[tuple[str, str]]:
    count = number(len(missing), locale) if missing else _("None")
    return [(_("Days without complete usage"), count)]


CLOSING: Final = (ask_close, close)
