"""Policies of Watcher: connections, what was read of them, mappings, what was provisioned."""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import BOOKS, OF_OWN_CAMERAS
from portal.tables.policy import Columns, Policy

P = Permission

# What is mapped before there is a Watcher is of Watcher 0.
_WATCHER_THERE: Final = (
    "(watcher = 0 or watcher in (select c.id from connection c where c.cloud = {table}.cloud))"
)

POLICIES: Final = (
    Policy(
        "connection",
        BOOKS,
        insert=(P.CONNECTIONS_WRITE,),
        update=(
            Columns(
                (P.CONNECTIONS_WRITE,),
                (
                    *("url", "secret", "organizations", "read_every_minutes", "ended_at"),
                    *("follow_presets", "provision", "provision_failures", "provision_failed_at"),
                    *("provision_retry_at", "provision_message"),
                ),
            ),
        ),
        hidden=("secret",),
    ),
    Policy("reading", BOOKS, insert=(P.CONNECTIONS_WRITE,)),
    Policy("reading_camera", BOOKS),
    Policy("camera_interval", (*BOOKS, OF_OWN_CAMERAS)),
    Policy(
        "watcher_organization",
        BOOKS,
        insert=(P.CONNECTIONS_WRITE,),
        update=(Columns((P.CONNECTIONS_WRITE,), ("subscriber", "is_followed", "watcher")),),
        added_if=_WATCHER_THERE.format(table="watcher_organization"),
    ),
    Policy(
        "watcher_preset",
        BOOKS,
        insert=(P.CONNECTIONS_WRITE,),
        update=(Columns((P.CONNECTIONS_WRITE,), ("tariff", "is_followed", "watcher")),),
        added_if=_WATCHER_THERE.format(table="watcher_preset"),
    ),
    Policy(
        "provisioned_preset",
        BOOKS,
        update=(Columns((P.CONNECTIONS_WRITE,), ("preset", "before", "failures", "retry_at")),),
    ),
    Policy(
        "provisioned_camera",
        BOOKS,
        update=(Columns((P.CONNECTIONS_WRITE,), ("failures", "retry_at")),),
    ),
    Policy("recorded_day", BOOKS),
    Policy("difference_month", BOOKS),
    Policy("difference", BOOKS),
    # Which cameras it names is all that a mark says.
    Policy("difference_mark", BOOKS, insert=(P.USAGE_WRITE,)),
)
