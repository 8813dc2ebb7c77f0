"""What is told of an event: the object that the API answers, as it was when it happened.

Facts of the moment are rows of queries as JSON; here they are rows again, and answers are made of
them as operations do. Of an issued document only what changes was kept, the rest never does.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final, TypeVar

import msgspec

from portal.access import SYSTEM
from portal.books.queries import invoices
from portal.books.queries.money import payments as payment_rows
from portal.books.queries.payouts import statements as statement_rows
from portal.books.queries.periods import PeriodFacts
from portal.customers.queries import subscribers
from portal.overview.actions.webhooks.delivering import Happened
from portal.routes.api import answers
from portal.routes.api.books import invoice_answer, period_answer
from portal.routes.api.kit.rows import answer
from portal.routes.api.money.payments import Payment, Refund
from portal.routes.api.money.statements import statement_answer

T = TypeVar("T")
_CHANGING: Final = (
    *("paid", "credited", "written_off", "left", "disputed", "in_collection", "status"),
)


def _row(kind: type[T], happened: Happened) -> T:
    return msgspec.convert(happened.facts, kind, strict=False)


async def _document(happened: Happened) -> answers.Invoice:
    assert happened.about is not None, "a document is a row"
    found = await invoices.by_id(SYSTEM, happened.cloud, happened.about, now=happened.at)
    changing: dict[str, Any] = {name: happened.facts[name] for name in _CHANGING}
    today = date.fromisoformat(happened.facts["today"])
    overdue = found.due_on is not None and found.due_on < today and changing["left"] > 0
    return invoice_answer(replace(found, **changing, overdue=overdue))


async def _payment(happened: Happened) -> Payment:
    return answer(Payment, _row(payment_rows.Payment, happened))


async def _refund(happened: Happened) -> Refund:
    return answer(Refund, _row(payment_rows.Refund, happened))


async def _subscriber(happened: Happened) -> answers.Subscriber:
    return answer(answers.Subscriber, _row(subscribers.Subscriber, happened))


async def _period(happened: Happened) -> answers.Period:
    return period_answer(_row(PeriodFacts, happened))


async def _statement(happened: Happened) -> Any:
    return statement_answer(_row(statement_rows.Statement, happened))


async def _facts(happened: Happened) -> Any:
    return happened.facts


_ANSWERS: Final[Mapping[str, Callable[[Happened], Awaitable[Any]]]] = {
    "invoice": _document,
    "payment": _payment,
    "refund": _refund,
    "subscriber": _subscriber,
    "period": _period,
    "statement": _statement,
}
"""By what stands before the point of a type; the facts of others are what is told."""


async def data_of(happened: Happened) -> Any:
    """The `data` of an event's body."""
    return await _ANSWERS.get(happened.type.partition(".")[0], _facts)(happened)
