"""How far the reminders of one customer are, and what a person does about it."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.billing.dunning.steps import Action, Outcome
from portal.books.actions.dunning import answers
from portal.books.forms.dunning import AnswerForm, PauseForm
from portal.books.queries.dunning import shown
from portal.books.queries.dunning.standing import StepRow
from portal.customers.queries.subscribers import Subscriber
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.kit.queries.clock import wall_clock
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.dunning.words import ACTIONS, OUTCOMES, TONES, sentence_of, when_of
from portal.routes.shared.sending import done_once
from portal.routes.shared.subscribers.paths import crumbs_to, named, page_path
from portal.words import _, told

READERS: Final = [requires(Permission.PAYMENTS_READ)]
WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]
BELOW: Final = "reminders"
PAUSE: Final = ("until", "reason")
ANSWER: Final = ("action", "days", "done", "note")


@get("/subscribers/{number:str}/reminders", guards=READERS)
async def of_customer(request: HTMXRequest, number: FromPath[str]) -> Response[str]:
    """What was done, what comes next, and what waits for a person."""
    scope, row = await named(request, number)
    return await _page(request, scope, row, {}, {})


@post("/subscribers/{number:str}/reminders/pause", guards=WRITERS, status_code=HTTPStatus.OK)
async def pause(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Wait until a day."""
    (scope, row), sent = await named(request, number), await texts(request)
    boxes = {name: sent.get(name, "").strip() for name in PAUSE}
    try:
        form = parse_texts(PauseForm, boxes)
        await done_once(
            request,
            partial(
                answers.pause, scope.actor, scope.cloud, row.number, form, now=books_now(request)
            ),
        )
    except Invalid as invalid:
        return await _page(request, scope, row, boxes, dict(invalid.fields))
    return redirect(request, page_path(scope, row.number, BELOW), _("Reminders are paused."))


@post("/subscribers/{number:str}/reminders/answer", guards=WRITERS, status_code=HTTPStatus.OK)
async def answer(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Say of a step that it is done, or will not be; or send its e-mail again."""
    (scope, row), sent = await named(request, number), await texts(request)
    back = page_path(scope, row.number, BELOW)
    boxes = {name: sent[name] for name in ANSWER if sent.get(name)}
    form = parse_texts(AnswerForm, {**boxes, "done": "on" if sent.get("done") else "false"})
    try:
        if sent.get("again"):
            await answers.write_again(
                *(scope.actor, scope.cloud, row.number, form),
                now=wall_clock(),
                post=request.app.state.post,
            )
            return redirect(request, back, _("The e-mail is on its way."))
        act = partial(
            answers.answer, scope.actor, scope.cloud, row.number, form, now=books_now(request)
        )
        await done_once(request, act)
    except Conflict as conflict:
        return redirect(request, back, Toast(conflict.message, "error"))
    return redirect(request, back, _("It is noted."))


@post("/subscribers/{number:str}/reminders/lifted", guards=WRITERS, status_code=HTTPStatus.OK)
async def lifted(request: HTMXRequest, number: FromPath[str]) -> Answer:
    """Say that what a person switched off is on again."""
    scope, row = await named(request, number)
    await answers.lifted(scope.actor, scope.cloud, row.number, queue=request.app.state.queue)
    return redirect(request, page_path(scope, row.number, BELOW), _("It is noted."))


def waits(step: StepRow) -> bool:
    """Whether a person is asked about a step."""
    return step.outcome in {Outcome.TASK, Outcome.FAILED}


async def _page(
    request: HTMXRequest,
    scope: CloudScope,
    row: Subscriber,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response[str]:
    found = await shown.of_customer(scope.actor, scope.cloud, row.number, now=books_now(request))
    context: dict[str, Any] = {
        "row": row,
        "crumbs": crumbs_to(scope, row),
        "found": found,
        "sentence": sentence_of(found),
        "path": page_path(scope, row.number, BELOW),
        "account_path": page_path(scope, row.number, "account"),
        "actions": ACTIONS,
        "outcomes": OUTCOMES,
        "tones": TONES,
        "when_of": when_of,
        "waits": waits,
        "told": told,
        "close": Action.CLOSE,
        "failed": Outcome.FAILED,
        "history": scope.history("subscriber", row.number),
        "may_write": can(scope.actor, Permission.PAYMENTS_WRITE),
        "values": values,
        "errors": errors,
    }
    return form_page(request, "shared/dunning/customer.html", **context)


OF_CUSTOMER: Final = (of_customer, pause, answer, lifted)
