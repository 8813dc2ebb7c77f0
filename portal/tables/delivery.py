"""Mail, and how far it is."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col


class Delivery(Table, tablename="delivery"):
    """One mail. `key` says what it is about, so that the same is not written twice.

    `facts` are values of its sentences; a `link` (row id of a `SignInLink`) is made anew at each
    attempt. `due_at` is when it is tried, again where a worker that was "sending" it has died. The
    subject is known once it was tried.

    A `document` goes to all of its `recipients`, of whom `taken` have it: `copy` is 0 of the one
    that is sent with its month, 1 and more of those sent again by hand. It is due at infinity while
    its PDF is not made. So does the mail of a `dunning_step`, of which there is one.
    """

    id = col.key()
    cloud = col.pointer(null=True)
    key = Varchar(length=200)
    kind = Varchar(length=32)
    user_id = col.pointer(null=True)
    link = col.pointer(null=True)
    document = col.pointer(null=True)
    dunning_step = col.pointer(null=True)
    copy = Integer(default=0)
    recipient = Varchar(length=254)
    recipients = Array(base_column=Text(), default=list)
    taken = Array(base_column=Text(), default=list)
    subject = Text()
    facts = JSONB()
    state = Varchar(length=16, default="waiting")
    attempts = Integer(default=0)
    error = Text(default="")
    created_at = col.moment(now=True)
    due_at = col.moment()
    sent_at = col.moment(null=True)
    delivery_once = Unique([cloud, key])
    delivery_state_known = Check("state in ('waiting', 'sending', 'sent', 'failed', 'dropped')")
