"""The demo's card gateway: both clouds have an account at a stand-in that starts beside them."""

from __future__ import annotations

import hmac
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from portal.embedded.process import Identity, free_port

if TYPE_CHECKING:
    from portal.settings import Settings

VARIABLE: Final = "CAMLEDGER_STRIPE_URL"
CLOUDS: Final = ("north", "south")
FOLDER: Final = "cards"
FILE: Final = "cards.json"
"""In it the stand-in keeps what happened, in a folder of its own: it may write nowhere else."""


async def set_up(found: Settings) -> None:
    """Give both clouds an account, where they have none. Cards are charged by hand in the demo."""
    from portal.access import SYSTEM
    from portal.books.actions.cards import accounts as actions
    from portal.books.forms.cards import GatewayForm
    from portal.books.queries.cards import accounts
    from portal.gateways.vault import Vault
    from portal.kit.queries import tenancy
    from portal.values.cards import STRIPE

    vault = Vault(found.vault_keys)
    for slug in CLOUDS:
        cloud = await tenancy.get(SYSTEM, slug)
        if await accounts.secrets(cloud.id, STRIPE, vault) is None:
            key, secret = _secrets(found, slug)
            form = GatewayForm(secret_key=key, webhook_secrets=(secret,), charge_on="manual")
            await actions.put(SYSTEM, cloud, form, vault=vault)


def begin(found: Settings, public_url: str, identity: Identity) -> list[str]:
    """The words of the command that serves the stand-in; processes that begin later are told of it.

    Nothing where an address of Stripe is set from outside.
    """
    from portal.demo.card_gateway.state import State

    if os.environ.get(VARIABLE):
        return []
    folder = found.data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    port = free_port()
    os.environ[VARIABLE] = f"http://127.0.0.1:{port}"
    state = State(os.environ[VARIABLE], "", folder / FILE)
    state.load()
    for slug in CLOUDS:
        key, secret = _secrets(found, slug)
        url = f"{public_url}/api/v1/clouds/{slug}/gateways/stripe/events"
        state.account(key).listen_alone(url, secret)
    state.changed()
    for path in (folder, folder / FILE):
        _hand_over(path, identity)
    return ["gateway", "--port", str(port), "--keep", str(folder / FILE)]


def _hand_over(path: Path, identity: Identity) -> None:
    if identity.uid:
        os.chown(path, identity.uid, identity.gid)


def _secrets(found: Settings, slug: str) -> tuple[str, str]:
    """A cloud's key and signing secret at the stand-in: the same at every start."""
    made = hmac.digest(found.key_for("demo password"), f"cards {slug}".encode(), "sha256").hex()
    return f"sk_test_demo_{slug}_{made[:24]}", f"whsec_{made[24:]}"
