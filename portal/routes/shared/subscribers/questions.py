"""Questions of subscribers: the operator's list, and one with its messages, for either side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Actor, Permission, can
from portal.books.actions.money import questions as actions
from portal.books.forms.question import STATES, TEXT_MAX, Message
from portal.books.queries.money import questions as reads
from portal.books.queries.money.questions import QuestionPage
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.list_files import read_page
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope, Crumbs
from portal.routes.shared.realm import Tab
from portal.routes.shared.sending import done_once
from portal.values.numbers import number_in
from portal.values.states import state_word
from portal.words import _

READERS: Final = [requires(Permission.SUBSCRIBERS_READ)]
ANSWERERS: Final = [requires(Permission.QUESTIONS_ANSWER)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where questions are looked at: by the subscriber whose they are, or by the operator.

    `path` is the list's address, `invoices` that of documents, `subscribers` that of customers, ""
    where there is none.
    """

    actor: Actor
    cloud: CloudFacts
    path: str
    invoices: str
    subscribers: str = ""
    tabs: Sequence[tuple[str, Sequence[Tab]]] = ()
    above: Crumbs = ()
    is_own: bool = False
    may_write: bool = False


def _columns(place: Place) -> tuple[Column, ...]:
    whose = () if place.is_own else (Column(_("Subscriber"), of="name", wide=True, fact=True),)
    return (
        Column(_("Question"), of="subject"),
        *whose,
        Column(_("Invoice"), of="invoice", wide=True),
        Column(_("Asked by"), of="asked_by", only_file=True),
        Column(_("Asked"), of="asked_at", kind="moment", wide=True),
        Column(_("State"), of="state", kind="state"),
    )


async def list_questions(request: HTMXRequest, place: Place) -> Response[str] | Stream:
    """What was asked, that which changed last first."""
    columns = _columns(place)
    listing = read_listing(
        place.path, request.query_params, columns, filters=("state", "subscriber")
    )
    state = listing.filters["state"]

    async def read(part: Listing) -> QuestionPage:
        return await reads.list_for_page(
            *(place.actor, place.cloud),
            state=state if state in STATES else None,
            subscriber=number_in(listing.filters["subscriber"]),
            offset=part.offset,
            limit=part.size,
            counted=part.counted,
        )

    slug = "" if place.is_own else place.cloud.slug
    found, listing, file = await read_page(request, "questions", columns, listing, read, cloud=slug)
    if file is not None:
        return file
    return page(
        request,
        "shared/subscribers/questions.html",
        block="rows",
        place=place,
        columns=columns,
        rows=found.rows,
        listing=listing,
        states=[(one, state_word(one)) for one in STATES],
    )


async def question_page(
    request: HTMXRequest,
    place: Place,
    question: int,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    """One with its messages, and the form that adds one."""
    found, messages = await reads.get(place.actor, place.cloud, question)
    return page(
        request,
        "shared/subscribers/question.html",
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        place=place,
        question=found,
        messages=messages,
        most=TEXT_MAX,
        path=f"{place.path}/{question}",
        values=values or {},
        errors=errors or {},
    )


async def write_message(request: HTMXRequest, place: Place, question: int) -> Answer:
    """Write in it, once for a form; what is wrong is told in place."""
    sent = await texts(request)
    boxes = {"text": sent.get("text", "").strip()}
    try:
        form, now = parse_texts(Message, boxes), books_now(request)
        act = partial(actions.answer, place.actor, place.cloud, question, form, now=now)
        await done_once(request, act)
    except Invalid as invalid:
        return await question_page(request, place, question, boxes, dict(invalid.fields))
    except Conflict as conflict:
        return await question_page(request, place, question, boxes, {"text": conflict.message})
    return redirect(request, f"{place.path}/{question}", _("It is sent."))


async def close_question(request: HTMXRequest, place: Place, question: int) -> Answer:
    """End it; again changes nothing."""
    await actions.close(place.actor, place.cloud, question, now=books_now(request))
    return redirect(request, place.path, _("The question is closed."))


async def _of_cloud(request: HTMXRequest) -> Place:
    scope = await CloudScope.of(request)
    tabs = scope.portal_tabs("subscribers")
    return Place(
        actor=scope.actor,
        cloud=scope.cloud,
        path=scope.at("questions"),
        invoices=scope.at("invoices"),
        subscribers=scope.at("subscribers"),
        tabs=[(scope.cloud.name, tabs)] if tabs else [],
        above=(*scope.above, (_("Subscribers"), scope.at("subscribers"))),
        may_write=can(scope.actor, Permission.QUESTIONS_ANSWER),
    )


@get("/questions", guards=READERS)
async def questions(request: HTMXRequest) -> Response[str] | Stream:
    """What the cloud's subscribers have asked."""
    return await list_questions(request, await _of_cloud(request))


@get("/questions/{question:int}", guards=READERS)
async def question(request: HTMXRequest, question: FromPath[int]) -> Response[str]:
    """One, with what was written."""
    return await question_page(request, await _of_cloud(request), question)


@post("/questions/{question:int}", guards=ANSWERERS, status_code=HTTPStatus.OK)
async def answer_question(request: HTMXRequest, question: FromPath[int]) -> Answer:
    """Answer it, once for a form."""
    return await write_message(request, await _of_cloud(request), question)


@post("/questions/{question:int}/close", guards=ANSWERERS, status_code=HTTPStatus.OK)
async def close(request: HTMXRequest, question: FromPath[int]) -> Answer:
    """End it; again changes nothing."""
    return await close_question(request, await _of_cloud(request), question)


QUESTIONS: Final = (questions, question, answer_question, close)
