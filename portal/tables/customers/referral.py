"""Referrals: outside agents who bring subscribers for a percentage of their sales."""

from __future__ import annotations

from piccolo.columns import Array, ForeignKey, Integer, OnDelete, OnUpdate, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class Referral(Table, tablename="referral"):
    """An agent of one cloud; `sponsor` is the agent above it.

    It is paid to `payee` at `iban`, for what is `hold_days` old. One that its sponsor invited, at
    `invited_at`, waits for its operator's look until `checked_at`.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    code = Varchar(length=64)
    name = Text()
    email = Varchar(length=254, default="")
    percent = col.percent()
    sponsor: ForeignKey[Referral] = ForeignKey(
        "self", null=True, default=None, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict
    )
    basis = Varchar(length=16, default="invoiced")
    address = Array(base_column=Text(), default=list)
    tax_number = Varchar(length=64, default="")
    payee = Varchar(length=200, default="")
    iban = Varchar(length=34, default="")
    bic = Varchar(length=11, default="")
    hold_days = Integer(default=30)
    invited_at = col.moment(null=True)
    checked_at = col.moment(null=True)
    checked_by = Varchar(length=254, default="")
    created_at = col.moment(now=True)
    referral_code_once = Unique([cloud, code])
    referral_percent_in_range = Check("percent between 0 and 100")
    referral_basis_known = Check("basis in ('invoiced', 'collected')")
    referral_hold_days_in_range = Check("hold_days between 0 and 365")
    referral_not_own_sponsor = Check("sponsor <> id")
