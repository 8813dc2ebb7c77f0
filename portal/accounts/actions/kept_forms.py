"""What was typed into a form whose session had ended: kept encrypted for its browser, a while."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import DOORKEEPER
from portal.accounts.actions import throttle
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.throttle import Blocked, Limit, network_of
from portal.accounts.queries.users import hash_of
from portal.db import atomic
from portal.kit.actions.rows import insert
from portal.ports import Vault

KEPT_FOR: Final = timedelta(minutes=15)
BYTES_MAX: Final = 20_000
FORMS_A_NETWORK: Final = 30
"""In a quarter of an hour; what comes on top is not kept."""
FORMS: Final = "forms that are kept"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where a form was sent to, and its fields, without passwords and codes."""

    action: str
    fields: Mapping[str, str]


async def keep(form: KeptForm, owner: str, visit: Visit, *, vault: Vault) -> str | None:
    """Keep a form for its `owner`, browser and person; the token that gives it back, once.

    None where it is too long, or a network has sent too many.
    """
    text = json.dumps({"action": form.action, "fields": dict(form.fields)})
    if len(text) > BYTES_MAX:
        return None
    token = secrets.token_urlsafe(32)
    limit = Limit(f"kept:{network_of(visit.address)}", FORMS_A_NETWORK)
    async with atomic(replace(DOORKEEPER, address=visit.address)) as tx:
        try:
            await throttle.count(tx, (limit,), visit.now, FORMS)
        except Blocked:
            return None
        columns = {
            "token_hash": hash_of(token),
            "browser_hash": hash_of(owner),
            "data": vault.lock({"form": text}),
            "expires_at": visit.now + KEPT_FOR,
        }
        await insert(tx, tables.KeptForm, columns)
    return token


async def take(token: str, owner: str, now: datetime, *, vault: Vault) -> KeptForm | None:
    """Give a form back, once, to its owner; None where there is none any more."""
    async with atomic(DOORKEEPER) as tx:
        locked = await tx.fetchval(
            "delete from kept_form where token_hash = $1 and browser_hash = $2"
            " and expires_at > $3 returning data",
            hash_of(token),
            hash_of(owner),
            now,
        )
    if locked is None:
        return None
    found = json.loads(vault.open(locked)["form"])
    return KeptForm(action=found["action"], fields=found["fields"])
