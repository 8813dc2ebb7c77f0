"""Policies of the books: periods, charges, documents, commissions."""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import BOOKS, RETAIL_READERS, STAFF, here, is_role
from portal.tables.policy import Columns, Policy, Refusal

P = Permission

_OF_THE_CLOSE: Final = (
    *("pool_share", "unrated_usage", "measurement", "margin"),
    *("period_settled", "period_part", "period_document"),
    *("subscriber_month", "real_use", "entry_sum", "corrected_days"),
)
_OWN_SERIES: Final = (
    f"{is_role('cloud-administrator', 'cloud-accountant')} and issuer = (select app_cloud())"
)

# In the platform's book only the platform's own people write, also of clouds that read it.
_OWN_BOOK: Final = f"(issuer <> 0 or {is_role('administrator', 'accountant')})"
_NOT_OWN_BOOK: Final = Refusal(f"not {_OWN_BOOK.replace('issuer', 'old.issuer')}", "not your book")
_MONEY: Final = (P.PAYMENTS_WRITE, P.CREDITS_WRITE)
_IN_BOOK: Final = f"""{_OWN_BOOK} and exists (
      select from invoice i where i.cloud = {{table}}.cloud and i.id = {{table}}.invoice
        and i.issuer = {{table}}.issuer)"""
_OF_BOOK: Final = """exists (
      select from {of} f where f.id = {table}.{of} and f.issuer = {table}.issuer)"""
_OWN_UPLOAD: Final = f"made_by = (select app_user()) and {_OWN_BOOK}"
_MANAGED_SUMS: Final = (
    *BOOKS,
    f"{is_role('account-manager')} and {here()} and account_manager = (select app_user())",
)
_LEDGER: Final = (*BOOKS, "account manager", "subscriber")
_APPROVED: Final = (
    f"{is_role('referral')} and {here()} and referral = (select app_referral())"
    " and state in ('approved', 'void', 'paid')"
)
_OF_A_STATEMENT: Final = (
    *("state", "number", "sequence", "approved_at", "approved_on", "approved_by"),
    *("payer", "payee", "paid_on", "reference", "ended_at", "ended_by", "reason"),
)

_SAVE_CARDS: Final = (P.PAYMENTS_WRITE, "subscriber")
_CARDS: Final = (*BOOKS, "subscriber")

POLICIES: Final = (
    Policy(
        "payment",
        RETAIL_READERS,
        insert=(P.PAYMENTS_WRITE,),
        added_if=_OWN_BOOK,
        update=(Columns((P.PAYMENTS_WRITE,), ("cloud", "subscriber", "identified_on")),),
        refused=(_NOT_OWN_BOOK,),
    ),
    # A credit note takes off what was paid, and what was given up.
    Policy(
        "allocation", RETAIL_READERS, insert=_MONEY, added_if=_IN_BOOK.format(table="allocation")
    ),
    Policy("write_off", RETAIL_READERS, insert=_MONEY, added_if=_IN_BOOK.format(table="write_off")),
    Policy(
        "outage_credit",
        RETAIL_READERS,
        insert=(P.CREDITS_WRITE,),
        added_if=_IN_BOOK.format(table="outage_credit"),
    ),
    Policy("refund", RETAIL_READERS, insert=(P.PAYMENTS_WRITE,), added_if=_OWN_BOOK),
    Policy("refund_part", RETAIL_READERS, insert=(P.PAYMENTS_WRITE,), added_if=_OWN_BOOK),
    Policy("payment_return", RETAIL_READERS, insert=(P.PAYMENTS_WRITE,), added_if=_OWN_BOOK),
    Policy(
        "dispute",
        RETAIL_READERS,
        insert=(P.PAYMENTS_WRITE,),
        added_if=_IN_BOOK.format(table="dispute"),
        update=(Columns((P.PAYMENTS_WRITE,), ("closed_at", "closed_reason")),),
        refused=(_NOT_OWN_BOOK,),
    ),
    Policy("credit_source", RETAIL_READERS),
    # Whoever has a card, or is to have one, may know that there is a gateway.
    Policy(
        "card_account",
        (*BOOKS, f"{is_role('account-manager', 'subscriber')} and {here()}", "doorkeeper"),
        insert=(P.GATEWAYS_WRITE,),
        update=(Columns((P.GATEWAYS_WRITE,), ("secret", "charge_on", "trouble")),),
        hidden=("secret", "trouble"),
    ),
    Policy("card_customer", _CARDS, insert=_SAVE_CARDS),
    Policy(
        "card_set_up",
        _CARDS,
        insert=_SAVE_CARDS,
        update=(Columns(_SAVE_CARDS, ("look_at",)),),
    ),
    Policy(
        "payment_method",
        RETAIL_READERS,
        insert=_SAVE_CARDS,
        update=(Columns(_SAVE_CARDS, ("preferred", "removed_at")),),
    ),
    # To be charged, somebody asks for it; what comes of it, workers write.
    Policy(
        "card_charge",
        RETAIL_READERS,
        insert=_SAVE_CARDS,
        added_if=f"state = 'created' and (by_hand or not {is_role('subscriber')})",
    ),
    Policy("card_refund", RETAIL_READERS, insert=(P.PAYMENTS_WRITE,)),
    Policy("card_dispute", RETAIL_READERS),
    Policy("card_payout", BOOKS),
    Policy("payment_fee", RETAIL_READERS),
    Policy("gateway_event", (*BOOKS, "doorkeeper"), insert=("doorkeeper",)),
    Policy("commission_term", BOOKS),
    # Of a book a customer reads its own account: what it owes, and what it has in credit.
    Policy("posting", _LEDGER),
    Policy("entry", _LEDGER),
    Policy(
        "bank_import",
        BOOKS,
        insert=(P.PAYMENTS_WRITE,),
        update=(Columns((P.PAYMENTS_WRITE,), ("added", "finished_at")),),
    ),
    # A file that is looked at is whoever sent it's alone.
    Policy(
        "bank_upload",
        (f"{_OWN_UPLOAD} and (issuer = 0 or cloud in (select c.id from cloud c))",),
        insert=(P.PAYMENTS_WRITE,),
        added_if=_OWN_UPLOAD,
        update=(Columns((P.PAYMENTS_WRITE,), ("preview", "bank_import")),),
    ),
    Policy(
        "bank_line",
        BOOKS,
        insert=(P.PAYMENTS_WRITE,),
        added_if=_OF_BOOK.format(table="bank_line", of="bank_import"),
        update=(Columns((P.PAYMENTS_WRITE,), ("state", "rule", "suggestions", "note")),),
    ),
    Policy(
        "bank_payment",
        BOOKS,
        insert=(P.PAYMENTS_WRITE,),
        added_if=_OF_BOOK.format(table="bank_payment", of="bank_line")
        + " and "
        + _OF_BOOK.format(table="bank_payment", of="payment"),
    ),
    Policy(
        "question",
        RETAIL_READERS,
        insert=("subscriber",),
        added_if="state = 'open'",
        update=(Columns((P.QUESTIONS_ANSWER, "subscriber"), ("state", "changed_at")),),
    ),
    Policy(
        "question_message",
        RETAIL_READERS,
        insert=(P.QUESTIONS_ANSWER, "subscriber"),
        added_if=f"(of_operator <> ({is_role('subscriber')})) and told_at is null",
    ),
    Policy(
        "dunning_policy",
        (*STAFF, f"{is_role('subscriber')} and {here()}"),
        insert=(P.DUNNING_WRITE,),
        update=(
            Columns(
                (P.DUNNING_WRITE,),
                ("steps", "texts", "minimum", "notice_days", "stops_for_questions"),
            ),
        ),
    ),
    Policy(
        "dunning_episode",
        RETAIL_READERS,
        update=(Columns((P.PAYMENTS_WRITE,), ("lift_by_hand",)),),
    ),
    Policy(
        "dunning_step",
        RETAIL_READERS,
        update=(Columns((P.PAYMENTS_WRITE,), ("outcome", "at", "by_name", "note")),),
    ),
    Policy("dunning_pause", RETAIL_READERS, insert=(P.PAYMENTS_WRITE,)),
    Policy("dunning_turn", ("platform",)),
    Policy("payer_account", BOOKS, insert=(P.PAYMENTS_WRITE,), added_if=_OWN_BOOK),
    Policy(
        "csv_mapping",
        BOOKS,
        insert=(P.PAYMENTS_WRITE,),
        update=(Columns((P.PAYMENTS_WRITE,), ("delimiter", "decimal", "date_format", "columns")),),
    ),
    Policy(
        "period",
        (*STAFF, f"{is_role('subscriber', 'referral')} and {here()}"),
        insert=(P.PERIODS_CLOSE,),
        update=(
            Columns(
                (P.PERIODS_CLOSE,),
                (
                    *("state", "closing_at", "accepted_gaps", "accepted_by", "accepted_reason"),
                    "cameras_total",
                ),
            ),
        ),
        hidden=(
            *("retail", "wholesale", "commission", "trouble", "accepted_by", "tried_at", "losing"),
            *(
                "accepted_gaps",
                "accepted_reason",
                "cameras_total",
                "closing_at",
                "closed_at",
                "lost",
            ),
        ),
        refused=(
            Refusal(
                "new.state = 'closed' and old.state <> 'closed'", "a worker is who ends a close"
            ),
        ),
        refused_new=(
            Refusal(
                "new.state = 'closed' or (new.retail, new.wholesale, new.commission, new.losing,"
                " new.lost) <> (0, 0, 0, 0, 0)",
                "a period begins empty, and not closed",
            ),
        ),
    ),
    Policy("period_batch", BOOKS, insert=(P.PERIODS_CLOSE,)),
    *(Policy(name, BOOKS) for name in _OF_THE_CLOSE),
    Policy("invoice_sum", _MANAGED_SUMS),
    Policy("payment_sum", _MANAGED_SUMS),
    Policy("charge", RETAIL_READERS),
    Policy("tariff_month", (*BOOKS, "account manager"), hidden=("cost", "commission")),
    Policy("estimate", (*RETAIL_READERS, "referral's subscribers"), hidden=("cost", "commission")),
    Policy("estimate_sum", _MANAGED_SUMS, hidden=("cost", "commission")),
    Policy("estimate_earned", (*BOOKS, "referral")),
    Policy("month_finding", BOOKS),
    Policy("draft", BOOKS),
    Policy("draft_batch", BOOKS),
    Policy("draft_document", BOOKS),
    Policy("draft_invoice", (*BOOKS, "account manager"), hidden=("cost", "commission")),
    Policy("draft_margin", BOOKS),
    Policy("draft_subscriber", BOOKS),
    Policy("draft_tariff", (*BOOKS, "account manager"), hidden=("cost", "commission")),
    Policy("draft_surprise", BOOKS),
    Policy("seen", BOOKS, insert=(P.PERIODS_CLOSE,)),
    # That there is one is all that a mark says.
    Policy("draft_mark", BOOKS, insert=(P.USAGE_WRITE, P.PERIODS_CLOSE)),
    Policy(
        "series",
        ("platform", _OWN_SERIES),
        insert=(P.CREDITS_WRITE,),
        update=(Columns((P.CREDITS_WRITE,), ("last_number",)),),
    ),
    # By hand only credit notes are issued; all else a close does.
    Policy(
        "invoice",
        RETAIL_READERS,
        insert=(P.CREDITS_WRITE,),
        added_if=f"credits is not null and total < 0 and {_OWN_BOOK}",
    ),
    Policy(
        "invoice_line",
        RETAIL_READERS,
        insert=(P.CREDITS_WRITE,),
        added_if="exists (select from invoice i where i.cloud = invoice_line.cloud"
        f" and i.id = invoice_line.invoice and i.credits is not null and {_OWN_BOOK})",
    ),
    Policy("invoice_file", RETAIL_READERS),
    Policy("invoice_wait", RETAIL_READERS, hidden=("value",)),
    Policy(
        "commission",
        (*BOOKS, "referral"),
        insert=_MONEY,
        added_if="num_nonnulls(note, allocation) = 1",
    ),
    Policy("sending_sum", BOOKS),
    Policy("sending_due", BOOKS),
    Policy(
        "document_opening",
        RETAIL_READERS,
        insert=("subscriber",),
    ),
    # An account manager knows what they handed over themselves.
    Policy("hand_over", (*BOOKS, P.INVOICES_SEND), insert=(P.INVOICES_SEND,)),
    Policy("hand_over_document", (*BOOKS, P.INVOICES_SEND), insert=(P.INVOICES_SEND,)),
    Policy("commission_sum", (*BOOKS, "referral")),
    Policy("commission_day", (*BOOKS, "referral")),
    Policy(
        "statement",
        (*BOOKS, _APPROVED),
        insert=(P.PAYMENTS_WRITE,),
        update=(Columns((P.PAYMENTS_WRITE,), _OF_A_STATEMENT),),
        hidden=("made_by", "approved_by", "ended_by", "reason"),
        refused_new=(Refusal("new.state <> 'draft'", "a statement begins as a draft"),),
    ),
    Policy(
        "statement_entry",
        (*BOOKS, "referral"),
        insert=(P.PAYMENTS_WRITE,),
        update=(Columns((P.PAYMENTS_WRITE,), ("freed",)),),
    ),
    Policy("statement_file", (*BOOKS, "referral")),
    Policy("statement_run", BOOKS),
    Policy("verification", ("platform",)),
    Policy("backup", ("platform",)),
    Policy(
        "statement_series",
        BOOKS,
        insert=(P.PAYMENTS_WRITE,),
        update=(Columns((P.PAYMENTS_WRITE,), ("last_number",)),),
    ),
    # Whose person it seems to be is not told to the referral.
    Policy(
        "commission_hold",
        (*BOOKS, "referral"),
        update=(Columns((P.PAYMENTS_WRITE,), ("released_at", "released_by", "reason")),),
        hidden=("why", "released_by", "reason"),
    ),
)
