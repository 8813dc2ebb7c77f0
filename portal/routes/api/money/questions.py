"""Questions of subscribers about their invoices, as the operator answers them."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.books.actions.money import questions as actions
from portal.books.forms.question import Message, QuestionFilter
from portal.books.queries.money import questions
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

question_register: Final = Register("Questions")
QUESTIONS: Final = "/clouds/{cloud}/questions"
P = Permission


class Question(Struct, frozen=True):
    """A question of a subscriber; `state` is open, answered or closed, `line` counts from 0."""

    id: int
    subscriber: int
    invoice: str | None
    line: int | None
    camera: str
    subject: str
    state: str
    asked_by: str
    asked_at: datetime
    changed_at: datetime


class QuestionMessage(Struct, frozen=True):
    """What somebody wrote in it."""

    id: int
    of_operator: bool
    by_name: str
    text: str
    at: datetime


class WholeQuestion(Struct, frozen=True):
    """A question with all that was written in it, the oldest first."""

    question: Question
    messages: list[QuestionMessage]


@question_register(
    "GET", QUESTIONS, P.SUBSCRIBERS_READ, summary="List questions of subscribers",
    answer=Page[Question], query=QuestionFilter, paged=True,
)  # fmt: skip
async def list_questions(call: Call, query: QuestionFilter) -> Page[Question]:
    """In the order in which they were asked."""
    rows = await questions.list_page(
        *(call.actor, call.cloud),
        state=query.state,
        subscriber=query.subscriber,
        after=call.after(int) or 0,
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return Page([answer(Question, row) for row in page], following)


@question_register(
    "GET", QUESTIONS + "/{question}", P.SUBSCRIBERS_READ, summary="See a question",
    answer=WholeQuestion,
)  # fmt: skip
async def get_question(call: Call) -> WholeQuestion:
    """With its messages."""
    found, messages = await questions.get(call.actor, call.cloud, call.number("question"))
    said = [answer(QuestionMessage, one) for one in messages]
    return WholeQuestion(answer(Question, found), said)


@question_register(
    "POST", QUESTIONS + "/{question}/answer", P.QUESTIONS_ANSWER, summary="Answer a question",
    answer=Question, form=Message, conflicts="it has too many messages",
)  # fmt: skip
async def answer_question(call: Call, form: Message) -> Question:
    """The subscriber gets a mail that it is answered."""
    number = call.number("question")
    found = await actions.answer(call.actor, call.cloud, number, form, now=call.now)
    return answer(Question, found)


@question_register(
    "POST", QUESTIONS + "/{question}/close", P.QUESTIONS_ANSWER, summary="Close a question",
    answer=Question,
)  # fmt: skip
async def close_question(call: Call) -> Question:
    """Again changes nothing; whoever writes in it opens it again."""
    found = await actions.close(call.actor, call.cloud, call.number("question"), now=call.now)
    return answer(Question, found)
