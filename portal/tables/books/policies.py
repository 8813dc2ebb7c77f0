"""Policies of the books: periods, charges, documents, commissions."""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import BOOKS, RETAIL_READERS, STAFF, here, is_role
from portal.tables.policy import Columns, Policy, Refusal

P = Permission

_OF_THE_CLOSE: Final = (
    *("pool_share", "unrated_usage", "measurement", "margin"),
    *("subscriber_month", "invoice_sum", "real_use"),
)
_OWN_SERIES: Final = (
    f"{is_role('cloud-administrator', 'cloud-accountant')} and issuer = (select app_cloud())"
)

POLICIES: Final = (
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
    Policy("charge", RETAIL_READERS),
    Policy("tariff_month", (*BOOKS, "account manager"), hidden=("cost", "commission")),
    Policy("estimate", (*RETAIL_READERS, "referral's subscribers"), hidden=("cost", "commission")),
    Policy(
        "estimate_sum",
        (
            *BOOKS,
            f"{is_role('account-manager')} and {here()} and account_manager = (select app_user())",
        ),
        hidden=("cost", "commission"),
    ),
    Policy("estimate_earned", (*BOOKS, "referral")),
    Policy("month_finding", BOOKS),
    Policy("draft", BOOKS),
    Policy("draft_invoice", (*BOOKS, "account manager"), hidden=("cost", "commission")),
    Policy("draft_margin", BOOKS),
    Policy("draft_subscriber", BOOKS),
    Policy("draft_tariff", (*BOOKS, "account manager"), hidden=("cost", "commission")),
    Policy("draft_surprise", BOOKS),
    Policy("seen", BOOKS, insert=(P.PERIODS_CLOSE,)),
    # That there is one is all that a mark says.
    Policy("draft_mark", BOOKS, insert=(P.USAGE_WRITE, P.PERIODS_CLOSE)),
    Policy("series", ("platform", _OWN_SERIES)),
    Policy("invoice", RETAIL_READERS),
    Policy("invoice_line", RETAIL_READERS),
    Policy("invoice_file", RETAIL_READERS),
    Policy("invoice_wait", RETAIL_READERS, hidden=("value",)),
    Policy("commission", (*BOOKS, "referral")),
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
)
