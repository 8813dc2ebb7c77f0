"""Webhooks: where events are told, what was told, and how that went."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, Boolean, Bytea, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class WebhookEndpoint(Table, tablename="webhook_endpoint"):
    """An address of an operator's system; what it is signed with is encrypted.

    `old_secret` signs beside the new one until `old_until`. `failing_since` is the first failure
    after the last success, `off_reason` why it was switched off by itself.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    url = Varchar(length=500)
    types = Array(base_column=Text(), default=None)
    description = Varchar(length=200, default="")
    enabled = Boolean(default=True)
    secret = Bytea(secret=True, default=None)
    old_secret = Bytea(secret=True, null=True, default=None)
    old_until = col.moment(null=True)
    failing_since = col.moment(null=True)
    off_reason = Text(default="")
    served_at = col.moment(null=True)
    created_at = col.moment(now=True)
    removed_at = col.moment(null=True)
    webhook_endpoint_types_named = Check("cardinality(types) > 0")
    webhook_endpoint_removed = Check("removed_at is null or not enabled")


class WebhookEvent(Table, tablename="webhook_event"):
    """What happened, as it then was; `body` is what is sent, once it has been written."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    event = Varchar(length=40)
    type = Varchar(length=40)
    about = col.pointer(null=True)
    facts = JSONB()
    happened_at = col.moment()
    created_at = col.moment()
    body = Text(null=True, default=None)
    webhook_event_once = Unique(["event"])


class WebhookDelivery(Table, tablename="webhook_delivery"):
    """An event on its way to an endpoint; `due_at` of one that is sent is when it is taken over."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    endpoint = col.belongs_to(WebhookEndpoint)
    event = col.belongs_to(WebhookEvent)
    state = Varchar(length=9, default="waiting")
    tries = Integer(default=0)
    due_at = col.moment()
    created_at = col.moment(now=True)
    delivered_at = col.moment(null=True)
    webhook_delivery_once = Unique([cloud, endpoint, event])
    webhook_delivery_state_known = Check("state in ('waiting', 'sending', 'delivered', 'failed')")


class WebhookTry(Table, tablename="webhook_try"):
    """One try: what was answered, in how many milliseconds, or why nothing was."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    delivery = col.belongs_to(WebhookDelivery)
    at = col.moment()
    status = Integer(null=True, default=None)
    ms = Integer(default=None)
    error = Text(default="")
    answer = Text(default="")


class WebhookOverdue(Table, tablename="webhook_overdue"):
    """Up to which day (in the cloud's zone) a cloud's overdue invoices have been told."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    told_to = col.day()
    webhook_overdue_once = Unique([cloud])
