"""The card gateways that there are, by name: another one is a folder beside `stripe` and a line."""

from __future__ import annotations

from functools import partial

from portal.gateways.stripe import open_stripe, read_event
from portal.ports import Cards, Vault
from portal.values.cards import STRIPE


def card_gateways(vault: Vault, *, installation: str, public_url: str, stripe_url: str) -> Cards:
    """How an installation speaks to them; `stripe_url` is elsewhere for a stand-in."""
    return Cards(
        vault=vault,
        open={STRIPE: partial(open_stripe, address=stripe_url)},
        read_event={STRIPE: read_event},
        installation=installation,
        public_url=public_url,
    )
