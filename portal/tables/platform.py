"""What belongs to the whole installation."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, Boolean, Bytea, Integer, Serial, Text, Varchar
from piccolo.constraints import Check
from piccolo.table import Table


class Platform(Table, tablename="platform"):
    """The owner of the installation: the seller on wholesale invoices. One row."""

    id = Serial(primary_key=True)
    name = Text(default="Camledger")
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
    email = Varchar(length=254, default="")
    bank = Array(base_column=Text(), default=list)
    invoice_prefix = Varchar(length=16, default="PLAT")
    timezone = Varchar(length=64, default="UTC")
    second_factor = Boolean(default=False)
    logo = Bytea(null=True, default=None, secret=True)
    colour = Varchar(length=7, null=True, default=None)
    setup_hash = Varchar(length=64, null=True, default=None, secret=True)
    session_hours = Integer(default=12)
    platform_session_hours_in_range = Check("session_hours between 1 and 720")
    platform_one_row = Check("id = 1")
