"""What subscribers ask about their invoices, and what is answered."""

from __future__ import annotations

from piccolo.columns import Boolean, Integer, Text, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.invoice import Invoice
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class Question(Table, tablename="question"):
    """One question; open while the operator has to answer, answered until somebody goes on.

    `line` counts from 0 within the invoice; `camera` is an external id, "" of none.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    invoice = col.belongs_to(Invoice, null=True)
    line = Integer(null=True, default=None)
    camera = Varchar(length=255, default="")
    subject = Varchar(length=200)
    state = Varchar(length=8, default="open")
    asked_by = Varchar(length=254)
    asked_at = col.moment()
    changed_at = col.moment()
    question_state_known = Check("state in ('open', 'answered', 'closed')")
    question_line_of_invoice = Check("line is null or invoice is not null")


class QuestionMessage(Table, tablename="question_message"):
    """What somebody wrote in a question; `told_at` is when whoever it is for got a mail of it."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    question = col.belongs_to(Question)
    of_operator = Boolean()
    by_name = Varchar(length=254)
    text = Text()
    at = col.moment()
    told_at = col.moment(null=True)
