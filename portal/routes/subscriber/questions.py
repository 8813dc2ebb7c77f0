"""A subscriber asks about its invoices, and reads what its operator answers."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.books.actions.money import questions as actions
from portal.books.forms.question import TEXT_MAX, NewQuestion
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.kit.queries import tenancy
from portal.overview.queries import subscriber_dashboard
from portal.routes.accounts.auth import Answer
from portal.routes.guards import actor_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.sending import made_once
from portal.routes.shared.subscribers.questions import (
    Place,
    close_question,
    list_questions,
    question_page,
    write_message,
)
from portal.routes.subscriber.paths import INVOICES, money_tabs
from portal.routes.subscriber.paths import QUESTIONS as PATH
from portal.words import _

WRITERS: Final = [requires(Permission.ACCOUNT_WRITE)]
BOXES: Final = ("invoice", "line", "camera", "text")


async def _place(request: HTMXRequest) -> Place:
    actor = actor_of(request)
    cloud = await tenancy.own_cloud(actor)
    return Place(
        actor=actor,
        cloud=cloud,
        path=PATH,
        invoices=INVOICES,
        tabs=[("", money_tabs(PATH))],
        is_own=True,
        may_write=True,
    )


@get("/questions")
async def questions(request: HTMXRequest) -> Response[str] | Stream:
    """What was asked, that which changed last first."""
    return await list_questions(request, await _place(request))


@get("/questions/new", guards=WRITERS)
async def ask_question(request: HTMXRequest) -> Response[str]:
    """The form; the address says about which invoice, line or camera."""
    query = request.query_params
    values = {name: query.get(name, "")[:255] for name in BOXES if name != "text"}
    return await _form(request, await _place(request), values, {})


async def _form(
    request: HTMXRequest, place: Place, values: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    return form_page(
        request,
        "subscriber/question.html",
        errors=dict(errors),
        crumbs=((_("Questions"), PATH),),
        contact=await subscriber_dashboard.contact(place.actor),
        action=f"{PATH}/new",
        cancel=f"{INVOICES}/{values['invoice']}" if values.get("invoice") else PATH,
        most=TEXT_MAX,
        values=dict(values),
    )


@post("/questions/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def send_question(request: HTMXRequest) -> Answer:
    """Ask it, once for a form."""
    place, sent = await _place(request), await texts(request)
    values = {name: sent.get(name, "").strip() for name in BOXES}
    try:
        new = parse_texts(NewQuestion, values)
        ask = partial(actions.ask, place.actor, place.cloud, new, now=books_now(request))
        made = await made_once(request, ask, PATH)
    except Invalid as invalid:
        fields = {"text" if name in {"line", "camera"} else name: told
                  for name, told in invalid.fields.items()}  # fmt: skip
        return await _form(request, place, values, fields)
    except Conflict as conflict:
        return await _form(request, place, values, {"text": conflict.message})
    told = _("%(operator)s is asked. You get a mail when it has answered.")
    return redirect(request, f"{PATH}/{made.id}", told % {"operator": place.cloud.name})


@get("/questions/{question:int}")
async def question(request: HTMXRequest, question: FromPath[int]) -> Response[str]:
    """One, with what was written."""
    return await question_page(request, await _place(request), question)


@post("/questions/{question:int}", guards=WRITERS, status_code=HTTPStatus.OK)
async def go_on(request: HTMXRequest, question: FromPath[int]) -> Answer:
    """Write in it, once for a form."""
    return await write_message(request, await _place(request), question)


@post("/questions/{question:int}/close", guards=WRITERS, status_code=HTTPStatus.OK)
async def close(request: HTMXRequest, question: FromPath[int]) -> Answer:
    """End it; again changes nothing."""
    return await close_question(request, await _place(request), question)


QUESTIONS: Final = (questions, ask_question, send_question, question, go_on, close)
