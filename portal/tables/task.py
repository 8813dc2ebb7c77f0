"""Work that somebody asked for and workers do, and how far it is."""

from __future__ import annotations

from piccolo.columns import JSONB, Integer, Text, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class Task(Table, tablename="task"):
    """One piece of work for a person of a cloud, for one who manages it, or of no cloud.

    `digest` says what is wanted, so that what is asked for twice at once is done once. `asked_at`
    is a time of the books, by which it is done; the others are the machine's. `done` of `total` are
    what the work counts by itself. `session` and `address` are what the audit log tells.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud, null=True)
    kind = Varchar(length=16)
    asked_by = col.pointer()
    session = col.pointer(null=True)
    address = Varchar(length=64, default="")
    digest = Varchar(length=64)
    wanted = JSONB()
    asked_at = col.moment()
    created_at = col.moment(now=True)
    state = Varchar(length=8, default="waiting")
    done = Integer(default=0)
    total = Integer()
    result = JSONB(null=True, default=None)
    message = Text(default="")
    started_at = col.moment(null=True)
    finished_at = col.moment(null=True)
    task_kind_known = Check("kind in ('import', 'try', 'bank-look', 'bank-import')")
    task_state_known = Check("state in ('waiting', 'running', 'done', 'failed')")
