"""The audit log: who did what to which object, before and after. Rows are only added."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.billing.money import plain

if TYPE_CHECKING:
    from portal.access import Actor
    from portal.db import Connection

_INSERT = """
insert into audit (cloud, actor, role, action, object, before, after)
values ($1, $2, $3, $4, $5, $6, $7)
"""


async def record(
    tx: Connection,
    actor: Actor,
    action: str,
    object: str,  # noqa: A002 - the log's own word
    *,
    cloud: int | None,
    before: object = None,
    after: object = None,
) -> None:
    """Write that `actor` did `action` ("tariff.create") to `object` ("tariff home-7").

    `before` and `after` are mappings or rows (dataclasses), without secrets. `cloud` None
    is the platform's own log. Call it last: the log of a cloud is locked until the commit.
    """
    await tx.execute(
        _INSERT,
        cloud,
        actor.name,
        str(actor.role),
        action,
        object,
        as_json(before),
        as_json(after),
    )


def as_json(value: object) -> Any:
    """A value as JSON can hold it: decimals and days become text, rows become objects."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: as_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, dict):
        return {str(name): as_json(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(member) for member in value]
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
