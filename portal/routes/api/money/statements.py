"""What referrals are paid: statements, and commissions that wait for a look."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Final, Literal

import msgspec
from msgspec import Struct

from portal.access import Permission
from portal.books.actions.payouts import statements as actions
from portal.books.forms.statement import (
    DraftStatements,
    PayoutFile,
    PayStatement,
    ReleaseCommission,
    StatementFilter,
    VoidStatement,
)
from portal.books.queries.invoice_files import PDF
from portal.books.queries.payouts import papers, statements, transfers
from portal.routes.api import answers
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import JSON, Call, Register, Reply
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import Amount, MonthKey, answer, month_key
from portal.routes.files import sent
from portal.routes.shared.referrals.payouts import XML, file_name

statement_register: Final = Register("Statements")
STATEMENTS: Final = "/clouds/{cloud}/statements"


class Statement(Struct, frozen=True):
    """What a referral is paid in one sum: `rows` commissions of any month up to its making.

    `carried` is the part that months before `period` make. `number` is null before approval.
    """

    id: int
    number: str | None
    referral: str
    period: MonthKey
    rows: int
    carried: Amount
    amount: Amount
    currency: str
    state: Literal["draft", "dropped", "approved", "void", "paid"]
    approved_on: date | None
    paid_on: date | None
    reference: str


@statement_register(
    "GET", STATEMENTS, Permission.COMMISSIONS_READ, summary="List statements",
    answer=Page[Statement], query=StatementFilter, paged=True,
)  # fmt: skip
async def list_statements(call: Call, query: StatementFilter) -> Page[Statement]:
    """The latest first. Drafts that were dropped are not listed."""
    rows = await statements.list_page(
        call.actor,
        call.cloud,
        period=query.period,
        referral=query.referral,
        state=query.state,
        before=call.after(int),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return Page([statement_answer(row) for row in page], following)


@statement_register(
    "POST", STATEMENTS, Permission.PAYMENTS_WRITE, summary="Draft statements",
    answer=Page[Statement], form=DraftStatements, status=201,
    conflicts="the month has not ended, or nothing is payable to the referral that is named",
)  # fmt: skip
async def draft_statements(call: Call, form: DraftStatements) -> Page[Statement] | Reply:
    """Those of a month, of all that is payable: one of a referral and month at most.

    Below the cloud's `payout_threshold` everything waits, unless `referral` is named: then the
    answer is its statement itself, without `items`.
    """
    made = await actions.draft(
        call.actor, call.cloud, form.period, referral=form.referral, now=call.now
    )
    if form.referral is not None:
        one = msgspec.json.encode(statement_answer(made[0]))
        return Reply(one, JSON, HTTPStatus.CREATED)
    return Page([statement_answer(row) for row in made], None)


@statement_register(
    "GET", STATEMENTS + "/{key}", Permission.COMMISSIONS_READ, summary="Read a statement",
    answer=Statement,
)  # fmt: skip
async def read_statement(call: Call) -> Statement | Reply:
    """By its number, or by its id; with ".pdf" after its number it is its PDF."""
    if call.path["key"].endswith(PDF):
        file = await papers.get_file(call.actor, call.cloud, call.path["key"])
        one = sent(file, call.known)
        return Reply(one.content, one.media_type, one.status, one.headers)
    return statement_answer(await statements.get(call.actor, call.cloud, call.path["key"]))


@statement_register(
    "POST", STATEMENTS + "/{key}/approve", Permission.PAYMENTS_WRITE,
    summary="Approve a statement", answer=Statement,
    conflicts="it was dropped, voided or paid",
)  # fmt: skip
async def approve_statement(call: Call) -> Statement:
    """Gives it its number; from then on it never changes. Approved again it stays as it is."""
    made = await actions.approve(
        call.actor, call.cloud, call.path["key"], now=call.now, queue=call.queue
    )
    return statement_answer(made)


@statement_register(
    "POST", STATEMENTS + "/{key}/void", Permission.PAYMENTS_WRITE, summary="Void a statement",
    answer=Statement, form=VoidStatement, conflicts="it was paid",
)  # fmt: skip
async def void_statement(call: Call, form: VoidStatement) -> Statement:
    """Its commissions are payable again. A draft is dropped; a number stays used."""
    made = await actions.void(call.actor, call.cloud, call.path["key"], form.reason, now=call.now)
    return statement_answer(made)


@statement_register(
    "POST", STATEMENTS + "/{key}/pay", Permission.PAYMENTS_WRITE,
    summary="Note that a statement was paid", answer=Statement, form=PayStatement,
    conflicts="it is not approved, or was paid on another day or under another reference",
)  # fmt: skip
async def pay_statement(call: Call, form: PayStatement) -> Statement:
    """The same again changes nothing."""
    made = await actions.pay(call.actor, call.cloud, call.path["key"], form, now=call.now)
    return statement_answer(made)


class Payout(Struct, frozen=True):
    """A transfer that pays an approved statement; `iban` is empty where nobody has said one."""

    number: str
    referral: str
    payee: str
    iban: str
    bic: str
    amount: Amount
    currency: str


@statement_register(
    "GET", "/clouds/{cloud}/payouts", Permission.PAYMENTS_WRITE, summary="List payouts",
    answer=Page[Payout], conflicts="there are too many for one file",
)  # fmt: skip
async def list_payouts(call: Call) -> Page[Payout]:
    """Approved statements that are not paid, with the accounts to transfer to."""
    found = await transfers.get(call.actor, call.cloud)
    return Page([answer(Payout, row) for row in found.rows], None)


@statement_register(
    "GET", "/clouds/{cloud}/payouts.xml", Permission.PAYMENTS_WRITE,
    summary="Download payouts as pain.001", answer=bytes, media_type=XML, query=PayoutFile,
    conflicts="nothing is to be paid, not in euro, or an account is missing",
)  # fmt: skip
async def read_payout_file(call: Call, query: PayoutFile) -> Reply:
    """For a day; each transfer has its statement's number as end-to-end id."""
    found = await transfers.get(call.actor, call.cloud)
    content = transfers.pain_001(found, on=query.on, now=call.now, timezone=call.cloud.timezone)
    name = file_name(call.cloud.slug, query)
    return Reply(content, XML, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@statement_register(
    "POST", "/clouds/{cloud}/commissions/{id}/release", Permission.PAYMENTS_WRITE,
    summary="Release a commission", answer=answers.Commission, form=ReleaseCommission,
    conflicts="it is not held, or waits for a look at its subscriber",
)  # fmt: skip
async def release_commission(call: Call, form: ReleaseCommission) -> answers.Commission:
    """One that is held since the referral seems to be the subscriber is paid in time."""
    row = await actions.release(
        call.actor, call.cloud, call.number("id"), form.reason, now=call.now
    )
    return answer(answers.Commission, row, period=month_key(row.month))


def statement_answer(row: statements.Statement) -> Statement:
    """A statement as it is answered."""
    return answer(Statement, row, period=month_key(row.month), rows=row.entries)
