"""Backups that workers made, and the one that is next."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col


class Backup(Table, tablename="backup"):
    """One backup, due by the machine's clock; at most one has not ended.

    `file` is its name in the folder of backups, from before it is made on, "" with an `error`;
    `removed_at` is when its time was over.
    """

    id = col.key()
    due_at = col.moment()
    began_at = col.moment(null=True)
    ended_at = col.moment(null=True)
    file = Text(default="")
    size = BigInt(default=0)
    error = Text(default="")
    removed_at = col.moment(null=True)
    backup_in_order = Check("(ended_at is null or began_at is not null) and size >= 0")
