"""What banks give, and how it is read. `issuer` is a book: a cloud, or 0, the platform."""

from __future__ import annotations

from piccolo.columns import JSONB, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class CsvMapping(Table, tablename="csv_mapping"):
    """How the CSV of a bank is read: `columns` are their names in the file, by what they say."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    name = Varchar(length=64)
    delimiter = Varchar(length=1)
    decimal = Varchar(length=1)
    date_format = Varchar(length=40)
    columns = JSONB()
    csv_mapping_once = Unique([issuer, name])
    csv_mapping_of_book = Check("issuer = coalesce(cloud, 0)")
