"""The audit log: who did what to which object. Append-only, chained, and sealed with a key."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, Bytea, Integer, Text, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from portal.tables import columns as col


class Audit(Table, tablename="audit"):
    """One deed. `cloud` is null for the platform's own; each cloud has a chain of its own.

    Rows are made by the SQL function `record_audit` alone, which gives all but what was done.
    """

    id = col.key()
    cloud = col.pointer(null=True)
    seq = BigInt(default=0)
    at = col.moment(now=True)
    actor = Varchar(length=254)
    role = Varchar(length=32)
    user_id = col.pointer(null=True)
    key_id = col.pointer(null=True)
    session = col.pointer(null=True)
    address = Varchar(length=64, default="")
    action = Varchar(length=64)
    object = Text()
    before = JSONB(null=True, default=None)
    after = JSONB(null=True, default=None)
    sealed_with = Integer()
    previous = Bytea(default=b"", secret=True)
    hash = Bytea(default=b"", secret=True)
    audit_seq_once = Unique([cloud, seq], nulls_distinct=False)
