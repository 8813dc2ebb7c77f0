"""The audit log: who did what to which object. Append-only and chained by hash."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, Bytea, Text, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from portal.tables import columns as col


class Audit(Table, tablename="audit"):
    """One deed. `cloud` is null for the platform's own; each cloud has a chain of its own.

    `seq`, `at`, `previous` and `hash` are given by the database.
    """

    id = col.key()
    cloud = col.pointer(null=True)
    seq = BigInt(default=0)
    at = col.moment(now=True)
    actor = Varchar(length=254)
    role = Varchar(length=32)
    action = Varchar(length=64)
    object = Text()
    before = JSONB(null=True, default=None)
    after = JSONB(null=True, default=None)
    previous = Bytea(default=b"", secret=True)
    hash = Bytea(default=b"", secret=True)
    audit_seq_once = Unique([cloud, seq], nulls_distinct=False)
