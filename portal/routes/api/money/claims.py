"""What happens to an invoice after it was issued: credited, given up, disputed."""

from typing import Final

from portal.access import Permission
from portal.books.actions.money import claims, credit_notes
from portal.books.forms.payments import CreditForm, DisputeForm, SettleForm, WriteOffForm
from portal.books.queries import invoices
from portal.kit.queries import tenancy
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register, Reply
from portal.routes.api.kit.rows import answer, month_key
from portal.routes.api.money.books import again, book, in_both_books

claim_register: Final = Register("Invoices")
INVOICE: Final = "/invoices/{number}"


async def _invoice(call: Call, number: str | None = None) -> answers.Invoice:
    """A document as it now stands: the one in the path, or another."""
    asked = number or call.path["number"]
    cloud = book(call) or await invoices.cloud_of(call.actor, asked)
    row = await invoices.get(call.actor, cloud, asked, now=call.now)
    return answer(answers.Invoice, row, period=month_key(row.month))


@in_both_books(
    claim_register, "POST", INVOICE + "/credit", Permission.CREDITS_WRITE,
    summary="Credit an invoice", answer=answers.Invoice, form=CreditForm, status=201,
    conflicts="it is more than is left of the invoice, or a line was credited before",
)  # fmt: skip
async def credit_invoice(call: Call, form: CreditForm) -> answers.Invoice:
    """Whole `lines`, counted from 0, or a gross `amount`; answers the credit note.

    What is then too much of what was given up or paid comes off it, into the credit balance.
    """
    number, cloud = await credit_notes.credit(
        call.actor, book(call), call.path["number"], form, now=call.now, queue=call.queue
    )
    facts = await tenancy.get_by_id(call.actor, cloud)
    row = await invoices.get(call.actor, facts, number, now=call.now)
    return answer(answers.Invoice, row, period=month_key(row.month))


@in_both_books(
    claim_register, "POST", INVOICE + "/write-off", Permission.PAYMENTS_WRITE,
    summary="Write an invoice off", answer=answers.Invoice, form=WriteOffForm, status=201,
    conflicts="it is more than is left of the invoice",
)  # fmt: skip
async def write_off_invoice(call: Call, form: WriteOffForm) -> answers.Invoice:
    """Give up all that is left of it, or an `amount`. What comes in later is recovered."""
    await claims.write_off(call.actor, book(call), call.path["number"], form, now=call.now)
    return await _invoice(call)


@in_both_books(
    claim_register, "POST", INVOICE + "/dispute", Permission.PAYMENTS_WRITE,
    summary="Mark an invoice as disputed", answer=answers.Invoice, form=DisputeForm, status=201,
)  # fmt: skip
async def dispute_invoice(call: Call, form: DisputeForm) -> answers.Invoice | Reply:
    """Its customer does not accept it. One that is disputed already is 200."""
    number = call.path["number"]
    before = await claims.dispute(call.actor, book(call), number, form, now=call.now)
    found = await _invoice(call)
    return again(found) if before else found


@in_both_books(
    claim_register, "DELETE", INVOICE + "/dispute", Permission.PAYMENTS_WRITE,
    summary="End a dispute", answer=answers.Invoice, form=SettleForm,
)  # fmt: skip
async def settle_dispute(call: Call, form: SettleForm) -> answers.Invoice:
    """It is accepted, or credited; one that is not disputed stays as it is."""
    await claims.settle(call.actor, book(call), call.path["number"], form, now=call.now)
    return await _invoice(call)


@claim_register(
    "GET", "/platform/invoices/{number}", Permission.PAYMENTS_READ,
    summary="Read a document of the platform", answer=answers.Invoice,
)  # fmt: skip
async def read_platform_invoice(call: Call) -> answers.Invoice:
    """An invoice or credit note of the platform to a cloud, with its lines."""
    return await _invoice(call)
