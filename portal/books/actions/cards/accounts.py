"""A cloud's account at a card gateway: set up and changed by its administrator."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.books.forms.cards import GatewayForm
from portal.books.queries.cards import accounts
from portal.books.queries.cards.accounts import CardAccount
from portal.db import atomic
from portal.errors import Invalid
from portal.kit.actions import audit
from portal.kit.actions.audit import CHANGED
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Vault
from portal.values.cards import STRIPE, GatewaySecrets
from portal.words import _

_REQUIRED: Final = _("is required")


async def put(actor: Actor, cloud: CloudFacts, form: GatewayForm, *, vault: Vault) -> CardAccount:
    """Set up a cloud's account at Stripe, or change it. Its secrets never come out again.

    What is secret and not sent stays. Raises `Invalid` without a secret key where none is kept.
    """
    require(actor, Permission.GATEWAYS_WRITE)
    before = await accounts.secrets(cloud.id, STRIPE, vault)
    if form.secret_key is None and before is None:
        raise Invalid({"secret_key": _REQUIRED})
    kept = before or GatewaySecrets("")
    secrets = replace(
        kept,
        secret_key=form.secret_key or kept.secret_key,
        webhook_secrets=(
            kept.webhook_secrets if form.webhook_secrets is None else form.webhook_secrets
        ),
    )
    async with atomic(actor) as tx:
        require(actor, Permission.GATEWAYS_WRITE)
        found = await accounts.find(tx, cloud.id)
        columns = {
            "secret": vault.lock(accounts.packed(secrets)),
            "charge_on": form.charge_on,
            "trouble": "",
        }
        if found is None:
            row = {"cloud": cloud.id, "gateway": STRIPE, **columns}
            await insert(tx, tables.CardAccount, row)
        else:
            await update(tx, tables.CardAccount, found.id, columns)
        after = await accounts.needed(tx, cloud.id)
        told = {"charge_on": form.charge_on}
        for name in ("secret_key", "webhook_secrets"):
            if getattr(form, name) is not None:
                told[name] = CHANGED
        await audit.record(
            tx,
            actor,
            "gateway.change",
            f"gateway {STRIPE}",
            cloud=cloud.id,
            before=None if found is None else {"charge_on": found.charge_on},
            after=told,
        )
        return after
