"""Subscribers, the customers of a cloud."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, BigInt, Boolean, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.accounts.user import PortalUser
from portal.tables.catalog.tariff import Tariff
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.referral import Referral


class Subscriber(Table, tablename="subscriber"):
    """A customer of one cloud. While it is `suspended`, so are all its cameras.

    `wanted` is how many cameras it asked for, on the tariff `wanted_tariff`. `served_until` is the
    end of its last subscription, `owes_from` the first due day of what it has left to pay, both
    kept by the database.

    With `apply_credit` its credit balance goes on new invoices, where the cloud's does.

    Documents are in its `language`, without one in the cloud's, and go to `document_emails`,
    without one to its `email`. `form_key` says which form made it. It was referred at
    `brought_at`, with a note; `brought_doubts` are the fields that others have, too, written by a
    trigger. Its commissions are held until the operator has `checked_at` it.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    number = BigInt()
    name = Text()
    email = Varchar(length=254, default="")
    phone = Varchar(length=64, default="")
    wanted = Integer(null=True, default=None)
    wanted_tariff = col.belongs_to(Tariff, null=True)
    served_until = col.day()
    owes_from = col.day()
    discount_percent = col.percent()
    tax_exempt = Boolean(default=False)
    referral = col.belongs_to(Referral, null=True)
    account_manager = col.belongs_to(PortalUser, null=True)
    address = Array(base_column=Text(), default=list)
    tax_number = Varchar(length=64, default="")
    legal_name = Text(default="")
    postal = JSONB(default="{}")
    vat_id = Varchar(length=32, default="")
    registration = Varchar(length=64, default="")
    contact = JSONB(default="{}")
    endpoint = Varchar(length=140, default="")
    iban = Varchar(length=34, default="")
    bic = Varchar(length=11, default="")
    creditor_id = Varchar(length=35, default="")
    buyer_reference = Varchar(length=200, default="")
    tax_category = Varchar(length=14, default="standard")
    exemption_reason = Text(default="")
    e_invoice = Varchar(length=10, null=True, default=None)
    language = Varchar(length=16, null=True, default=None)
    document_emails = Array(base_column=Text(), default=list)
    apply_credit = Boolean(default=True)
    suspended = Boolean(default=False)
    unreachable = Boolean(default=False)  # the database's own: no e-mail address, or no other
    form_key = Varchar(length=64, null=True, default=None)
    brought_at = col.moment(null=True)
    brought_key = Varchar(length=64, null=True, default=None)
    brought_note = Text(default="")
    brought_doubts = Array(base_column=Text(), default=list)
    checked_at = col.moment(null=True)
    checked_by = Varchar(length=254, default="")
    created_at = col.moment(now=True)
    subscriber_number_once = Unique([cloud, number])
    subscriber_number_in_range = Check("number between 1 and 999999999")
    subscriber_wanted_in_range = Check("wanted between 1 and 1000000")
    subscriber_discount_in_range = Check("discount_percent between 0 and 100")
    subscriber_tax_category_known = Check(
        "tax_category in ('standard', 'exempt', 'reverse_charge', 'export', 'outside_scope')"
    )
    subscriber_e_invoice_known = Check("e_invoice in ('none', 'facturx', 'xrechnung', 'peppol')")


class DetailsRequest(Table, tablename="details_request"):
    """What a subscriber asks its operator to print on its documents from now on.

    One waits at a time: a newer one replaces it. `answer` says why one was declined.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    name = Text()
    address = Array(base_column=Text(), default=list)
    tax_number = Varchar(length=64, default="")
    note = Text(default="")
    state = Varchar(length=16, default="waiting")
    asked_by = Varchar(length=254)
    asked_at = col.moment()
    answer = Text(default="")
    decided_by = Varchar(length=254, default="")
    decided_at = col.moment(null=True)
    details_request_state_known = Check(
        "state in ('waiting', 'confirmed', 'declined', 'withdrawn')"
    )


class SubscriberWord(Table, tablename="subscriber_word"):
    """Where somebody may begin to type what a subscriber is known by; the database writes it.

    `kind` is "name", of its name and number; "contact", of its e-mail address and tax number; or
    "before", of a name that only its documents bear. The true key is (cloud, word, kind,
    subscriber); see `Usage`.
    """

    cloud = BigInt(default=None)
    word = Text(default=None)
    kind = Varchar(length=7, default=None)
    subscriber = BigInt(primary_key=True, default=None)
    subscriber_word_kind_known = Check("kind in ('name', 'contact', 'before')")
