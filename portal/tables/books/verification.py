"""Proofs of the books: when they were made, and what they found."""

from __future__ import annotations

from piccolo.columns import JSONB, Integer
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col


class Verification(Table, tablename="verification"):
    """One run of all checks, due by the machine's clock; at most one has not ended.

    `named` are the first of the `differences`: objects with the fields of a `Difference`.
    """

    id = col.key()
    due_at = col.moment()
    began_at = col.moment(null=True)
    ended_at = col.moment(null=True)
    differences = Integer(default=0)
    named = JSONB(default=list)
    verification_in_order = Check("(ended_at is null or began_at is not null) and differences >= 0")
