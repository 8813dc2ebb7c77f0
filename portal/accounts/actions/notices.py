"""Mails about somebody's own account: they always go, whatever else a person has switched off."""

from __future__ import annotations

import hashlib
from typing import Any

from portal.access import Actor
from portal.accounts.actions.sessions import Visit, readable
from portal.accounts.actions.throttle import network_of
from portal.db import Transaction
from portal.kit.actions import mail
from portal.kit.actions.mail import Post
from portal.values.mail import NEW_PLACE, PASSWORD_CHANGED, SECOND_FACTOR


async def new_place(tx: Transaction, post: Post, actor: Actor, visit: Visit) -> None:
    """Somebody signed in with a browser that was not seen before: once a day, network and browser.

    A browser that forgets its cookies writes no mail at each sign-in.
    """
    agent = readable(visit.agent)[:300]
    place = hashlib.sha256(f"{network_of(visit.address)} {agent}".encode()).hexdigest()[:32]
    facts = {"agent": agent, "address": visit.address, "when": visit.now.isoformat()}
    key = f"{NEW_PLACE} {actor.user} {place} {visit.now:%Y-%m-%d}"
    await _write(tx, post, NEW_PLACE, key, actor, visit, facts)


async def second_factor(tx: Transaction, post: Post, actor: Actor, deed: str, visit: Visit) -> None:
    """A person's second factor was changed; `deed` is one of `values.mail.FACTOR_DEEDS`."""
    key = f"{SECOND_FACTOR} {deed} {actor.user} {visit.now.isoformat()}"
    await _write(tx, post, SECOND_FACTOR, key, actor, visit, {"deed": deed})


async def password_changed(tx: Transaction, post: Post, actor: Actor, visit: Visit) -> None:
    """A person's password was changed."""
    key = f"{PASSWORD_CHANGED} {actor.user} {visit.now.isoformat()}"
    facts = {"when": visit.now.isoformat()}
    await _write(tx, post, PASSWORD_CHANGED, key, actor, visit, facts)


async def _write(  # noqa: PLR0917 - one mail each
    tx: Transaction,
    post: Post,
    kind: str,
    key: str,
    actor: Actor,
    visit: Visit,
    facts: dict[str, Any],
) -> None:
    await mail.write(
        tx,
        post,
        kind,
        key,
        actor.name,
        now=visit.now,
        cloud=actor.cloud,
        user=actor.user,
        facts=facts,
    )
