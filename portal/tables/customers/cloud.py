"""Clouds (operators), and what they pay for each service."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, Boolean, Bytea, Integer, Numeric, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.accounts.user import PortalUser
from portal.tables.catalog.service import Service


class Cloud(Table, tablename="cloud"):
    """One operator, a tenant. Its own id is what every tenant-owned row carries as `cloud`."""

    id = col.key()
    slug = Varchar(length=64, unique=True)
    name = Text()
    currency = Varchar(length=3)
    timezone = Varchar(length=64)
    tax_percent = col.percent()
    wholesale_discount_percent = col.percent()
    wholesale_tax_percent = col.percent()
    invoice_prefix = Varchar(length=16)
    manager = col.belongs_to(PortalUser, null=True)
    level_percents = Array(base_column=Numeric(digits=(9, 6)), default=list)
    close_automatically = Boolean(default=True)
    close_mode = Varchar(length=9, default="automatic")
    close_after_days = Integer(default=3)
    payment_days = Integer(default=14)
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
    tax_regime = Varchar(length=4, null=True, default=None)
    buyer_reference = Varchar(length=200, default="")
    tax_category = Varchar(length=14, default="standard")
    exemption_reason = Text(default="")
    e_invoice = Varchar(length=10, null=True, default=None)
    email = Varchar(length=254, default="")
    phone = Varchar(length=64, default="")
    bank = Array(base_column=Text(), default=list)
    locale = Varchar(length=16, default="en")
    second_factor = Boolean(default=False)
    referral_invites = Boolean(default=False)
    agents_invite = Boolean(default=False)
    agent_percent = col.percent()
    margin_target = col.percent()
    check_percent = col.percent()
    check_amount = col.price()
    check_address = Boolean(default=True)
    check_email = Boolean(default=True)
    check_tax_number = Boolean(default=True)
    logo = Bytea(null=True, default=None, secret=True)
    colour = Varchar(length=7, null=True, default=None)
    reply_to = Varchar(length=254, default="")
    invoice_text = Array(base_column=Text(), default=list)
    send_after_close = Boolean(default=False)
    apply_credit = Boolean(default=True)
    statement_day = Integer(default=5)
    payout_threshold = col.price()
    auto_match = Boolean(default=True)
    suspended = Boolean(default=False)
    created_at = col.moment(now=True)
    cloud_percents_in_range = Check(
        "tax_percent between 0 and 100 and wholesale_discount_percent between 0 and 100"
        " and wholesale_tax_percent between 0 and 100"
    )
    cloud_close_after_days_in_range = Check("close_after_days between 0 and 60")
    cloud_agent_percent_in_range = Check("agent_percent between 0 and 100")
    cloud_close_mode_known = Check("close_mode in ('automatic', 'look', 'hand')")
    cloud_close_mode_followed = Check("close_automatically = (close_mode <> 'hand')")
    cloud_check_percent_in_range = Check("check_percent between 0 and 100")
    cloud_check_amount_in_range = Check("check_amount >= 0")
    cloud_tax_category_known = Check(
        "tax_category in ('standard', 'exempt', 'reverse_charge', 'export', 'outside_scope')"
    )
    cloud_e_invoice_known = Check("e_invoice in ('none', 'facturx', 'xrechnung', 'peppol')")
    cloud_statement_day_in_range = Check("statement_day between 1 and 28")
    cloud_payout_threshold_in_range = Check("payout_threshold >= 0")
    cloud_margin_target_in_range = Check("margin_target between 0 and 100")


class Rate(Table, tablename="rate"):
    """A cloud's wholesale price of a service from a day on."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    service = col.belongs_to(Service)
    valid_from = col.day()
    pricing = JSONB()
    created_at = col.moment(now=True)
    rate_one_a_day = Unique([cloud, service, valid_from])
