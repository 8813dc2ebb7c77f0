"""A cloud's account at a card gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import DOORKEEPER, Actor, Permission, can
from portal.db import Transaction, snapshot
from portal.errors import Conflict, NotFound
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Vault
from portal.values.cards import STRIPE, WEBHOOK_SECRETS_MAX, GatewaySecrets
from portal.words import _

KEY: Final = "secret_key"
WEBHOOKS: Final = tuple(f"webhook_secret_{place}" for place in range(1, WEBHOOK_SECRETS_MAX + 1))


@dataclass(frozen=True, slots=True)
class CardAccount:
    """An account without its secrets. `trouble` is "" to those who may not know it, too."""

    id: int
    gateway: str
    charge_on: str
    created_at: datetime
    trouble: str = ""


_ACCOUNT: Final = """
select a.id, a.gateway, a.charge_on, a.created_at, coalesce(t.trouble, '') as trouble
from card_account a left join card_account_trouble t on t.id = a.id
where a.cloud = $1 and a.gateway = $2
"""


async def find(tx: Transaction, cloud: int, gateway: str = STRIPE) -> CardAccount | None:
    """A cloud's account at a gateway, if it has one."""
    row = await tx.fetchrow(_ACCOUNT, cloud, gateway)
    return None if row is None else CardAccount(**row)


async def needed(tx: Transaction, cloud: int) -> CardAccount:
    """The same. Raises `Conflict` where there is none: no card can be saved or charged."""
    found = await find(tx, cloud)
    if found is None:
        raise Conflict(_("No card gateway is set up: an administrator does that in the settings."))
    return found


async def get(actor: Actor, cloud: CloudFacts) -> CardAccount:
    """A cloud's account. Raises `NotFound` where there is none."""
    async with snapshot(actor) as tx:
        found = await find(tx, cloud.id)
    if found is None:
        raise NotFound(_("No card gateway is set up."))
    return found


async def is_set_up(actor: Actor, cloud: int) -> bool:
    """Whether cards can be saved and charged."""
    async with snapshot(actor) as tx:
        return await find(tx, cloud) is not None


async def secrets(cloud: int, gateway: str, vault: Vault) -> GatewaySecrets | None:
    """What a cloud's account is spoken to with; None where there is none.

    For what speaks to the gateway: whoever asks has been let in already. Raises `Conflict` where
    no key of the vault fits. Not inside a transaction of somebody else.
    """
    async with snapshot(DOORKEEPER) as tx:
        locked = await tx.fetchval(
            "select secret from card_account_secret where cloud = $1 and gateway = $2",
            cloud,
            gateway,
        )
    return None if locked is None else opened(vault.open(locked))


def opened(kept: Mapping[str, str]) -> GatewaySecrets:
    """Secrets as they are used."""
    return GatewaySecrets(kept[KEY], tuple(kept[name] for name in WEBHOOKS if name in kept))


def packed(secrets: GatewaySecrets) -> dict[str, str]:
    """Secrets as they are kept."""
    webhooks = dict(zip(WEBHOOKS, secrets.webhook_secrets, strict=False))
    return {KEY: secrets.secret_key, **webhooks}


def may_set_up(actor: Actor) -> bool:
    """Whether somebody may change the account."""
    return can(actor, Permission.GATEWAYS_WRITE)
