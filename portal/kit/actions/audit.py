"""The audit log: who did what to which object, before and after. Rows are only added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from portal.access import Actor
from portal.billing.money import plain
from portal.db import Transaction, acting, before_commit

_APPEND: Final = "select record_audit($1, $2, $3, $4, $5)"
CHANGED: Final = "changed"
"""What an entry says of a credential: that it is another one now, never which."""


async def record(
    tx: Transaction,
    actor: Actor,
    action: str,
    object: str,  # noqa: A002 - the log's own word
    *,
    cloud: int | None,
    before: object = None,
    after: object = None,
) -> None:
    """Write that `actor` did `action` ("tariff.create") to `object` ("tariff home-7").

    `before` and `after` are mappings or rows (dataclasses), without secrets. `cloud` None is the
    platform's own log. The entry is appended as the last thing of the transaction, since the log of
    a cloud is locked from then until the commit. Who acted, from where and in which session or with
    which key is what the transaction was opened with.
    """
    assert acting() == actor, "an entry is its transaction's"
    entry = (action, object, as_json(before), as_json(after))

    async def append() -> None:
        await tx.execute(_APPEND, cloud, *entry)

    before_commit(cloud or 0, append)


async def record_change(
    tx: Transaction,
    actor: Actor,
    action: str,
    object: str,  # noqa: A002 - the log's own word
    *,
    cloud: int | None,
    before: object,
    after: object,
    fields: Iterable[str],
) -> None:
    """Write that `fields` of a row changed, from what `before` has to what `after` has."""
    names = tuple(fields)
    old, new = ({name: getattr(row, name) for name in names} for row in (before, after))
    await record(tx, actor, action, object, cloud=cloud, before=old, after=new)


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
