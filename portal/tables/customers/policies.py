"""Policies of customers: clouds, what they pay, referrals, subscribers, cameras, subscriptions."""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import (
    BOOKS,
    MANAGED,
    REFERRED,
    RETAIL_READERS,
    here,
    is_role,
    of_seen_camera,
)
from portal.tables.policy import Columns, Policy, Refusal

P = Permission

_OF_A_CLOUD: Final = is_role(
    "cloud-administrator", "cloud-accountant", "account-manager", "subscriber", "referral"
)
_CLOUD_ITSELF: Final = (
    f"{is_role('manager')} and manager = (select app_user())",
    f"{_OF_A_CLOUD} and {here('id')}",
)
_OWN_CAMERA: Final = (
    f"{is_role('account-manager')} and {here()} and ({MANAGED} or exists (select"
    " from subscription s where s.cloud = camera.cloud and s.camera = camera.id"
    f" and s.{MANAGED}))"
)
_SUBSCRIBERS_CAMERA: Final = (
    f"{is_role('subscriber')} and {here()} and (subscriber = (select app_subscriber())"
    " or exists (select from subscription s where s.cloud = camera.cloud and s.camera = camera.id"
    " and s.subscriber = (select app_subscriber())))"
)
_SUBSCRIBER_ITSELF: Final = (
    f"{is_role('subscriber')} and {here()} and id = (select app_subscriber())"
)
_REFERRAL_ITSELF: Final = f"{is_role('referral')} and {here()} and id = (select app_referral())"
_OF_SEEN_CAMERAS: Final = (
    f"{is_role('account-manager')} and {here()} and {of_seen_camera('accepted_excess')}"
)
OF_PARTY: Final = (
    *("legal_name", "postal", "vat_id", "registration", "contact", "endpoint"),
    *("iban", "bic", "creditor_id"),
)
"""Of whoever sells or buys."""
OF_BUYER: Final = ("buyer_reference", "tax_category", "exemption_reason", "e_invoice")
_COMPANY: Final = (
    *("name", "invoice_prefix", "address", "tax_number", "email", "phone", "bank", "locale"),
    *("payment_days", "reply_to", "invoice_text", "send_after_close", "apply_credit"),
    *("auto_match", *OF_PARTY, "tax_regime", "buyer_reference", "e_invoice"),
)
_OWN_TERMS: Final = (
    *("close_after_days", "close_automatically", "close_mode", "margin_target"),
    *("check_percent", "check_amount", "check_address", "check_email", "check_tax_number"),
    *("referral_invites", "agents_invite", "agent_percent"),
    *("statement_day", "payout_threshold"),
)

_SEEN_BY: Final = is_role("account-manager", "subscriber")

POLICIES: Final = (
    # The doorkeeper reads a cloud's name, zone and language for whoever has just come in.
    Policy(
        "cloud",
        ("platform", *_CLOUD_ITSELF, "doorkeeper"),
        insert=(P.CLOUDS_CREATE,),
        update=(
            Columns(
                (P.CLOUDS_WRITE,),
                (
                    *("currency", "timezone", "tax_percent"),
                    *("wholesale_discount_percent", "wholesale_tax_percent"),
                    *("tax_category", "exemption_reason"),
                ),
            ),
            Columns((P.LEVELS_WRITE,), ("level_percents",)),
            Columns((P.SETTINGS_WRITE,), _COMPANY),
            Columns((P.CLOUDS_WRITE, P.LEVELS_WRITE), _OWN_TERMS),
            Columns((P.CLOUDS_CREATE,), ("manager", "suspended")),
            Columns((P.USERS_WRITE,), ("second_factor", "logo", "colour")),
        ),
        hidden=(
            *("wholesale_discount_percent", "wholesale_tax_percent", "level_percents"),
            *("margin_target", "agents_invite", "agent_percent"),
        ),
    ),
    Policy("rate", BOOKS, insert=(P.RATES_WRITE,)),
    Policy(
        "referral",
        (*BOOKS, _REFERRAL_ITSELF),
        insert=(P.REFERRALS_WRITE,),
        update=(
            Columns(
                (P.REFERRALS_WRITE,),
                (
                    *("name", "email", "percent", "sponsor", "basis", "hold_days"),
                    *("checked_at", "checked_by"),
                ),
            ),
            Columns(
                (P.REFERRALS_WRITE, _REFERRAL_ITSELF),
                ("address", "tax_number", "payee", "iban", "bic"),
            ),
        ),
    ),
    Policy(
        "subscriber",
        (
            *BOOKS,
            f"{is_role('account-manager')} and {here()} and account_manager = (select app_user())",
            _SUBSCRIBER_ITSELF,
            "referral",
        ),
        insert=(P.SUBSCRIBERS_WRITE, P.SUBSCRIBERS_BRING),
        # Who brings somebody says who that is and what is wanted; terms are the operator's.
        refused_new=(
            Refusal(
                "app_role() = 'referral' and (new.brought_at is null or new.checked_at is not null"
                " or new.checked_by <> '' or new.suspended or new.tax_exempt"
                " or new.tax_category <> 'standard'"
                " or new.discount_percent <> 0 or new.account_manager is not null)",
                "a referral settles no terms of whom it brings",
            ),
        ),
        update=(
            Columns(
                (P.SUBSCRIBERS_WRITE,),
                (
                    *("checked_at", "checked_by"),
                    *("name", "email", "discount_percent", "tax_exempt", "referral"),
                    *("phone", "wanted", "wanted_tariff"),
                    *OF_PARTY,
                    *OF_BUYER,
                    *("address", "tax_number", "apply_credit", "suspended"),
                ),
            ),
            Columns((P.SUBSCRIBERS_WRITE, _SUBSCRIBER_ITSELF), ("document_emails", "language")),
            # An account manager hands nobody over.
            Columns((P.USERS_WRITE,), ("account_manager",)),
        ),
        # A referral knows its customers by name and number.
        hidden=(
            *("email", "phone", "wanted", "wanted_tariff"),
            *("discount_percent", "tax_exempt", "address", "tax_number"),
            *OF_PARTY,
            *OF_BUYER,
            *("language", "document_emails", "account_manager", "form_key"),
            *("brought_note", "brought_doubts", "checked_by"),
            *("unreachable", "owes_from", "apply_credit"),
        ),
    ),
    Policy(
        "details_request",
        RETAIL_READERS,
        insert=("subscriber",),
        update=(
            Columns((P.SUBSCRIBERS_WRITE, "subscriber"), ("state",)),
            Columns((P.SUBSCRIBERS_WRITE,), ("answer", "decided_by", "decided_at")),
        ),
        refused=(
            Refusal(
                "app_role() = 'subscriber' and new.state not in (old.state, 'withdrawn')",
                "a subscriber confirms nothing of its own",
            ),
        ),
    ),
    Policy(
        "camera",
        (*BOOKS, _OWN_CAMERA, _SUBSCRIBERS_CAMERA),
        insert=(P.CAMERAS_WRITE,),
        update=(Columns((P.CAMERAS_WRITE,), ("name", "subscriber", "suspended")),),
    ),
    Policy(
        "camera_word",
        (
            *BOOKS,
            f"{_SEEN_BY} and {here()} and {of_seen_camera('camera_word')}",
        ),
    ),
    # A referral finds its customers by name and number, and by nothing that it is not told.
    Policy(
        "subscriber_word",
        (
            *BOOKS,
            "account manager",
            "subscriber",
            f"{is_role('referral')} and {here()} and kind = 'name' and {REFERRED}",
        ),
    ),
    Policy(
        "accepted_excess",
        (*BOOKS, _OF_SEEN_CAMERAS),
        insert=(P.CAMERAS_WRITE,),
        update=(Columns((P.CAMERAS_WRITE,), ("withdrawn_by", "withdrawn_at")),),
    ),
    Policy(
        "subscription",
        (*RETAIL_READERS, "referral's subscribers"),
        insert=(P.SUBSCRIPTIONS_WRITE,),
        # One of an open month is set anew where it would end on the day on which it begins.
        update=(Columns((P.SUBSCRIPTIONS_WRITE,), ("ends_on", "tariff", "subscriber")),),
    ),
)
