"""Giving a sign-in page its logo and its colour."""

from __future__ import annotations

import asyncio

from portal import tables
from portal.access import Actor, Permission
from portal.customers.forms.look import LookChange
from portal.db import Transaction, atomic
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import ONLY_ROW, update
from portal.kit.forms.form import UNSET
from portal.kit.queries import look
from portal.kit.queries.look import Look
from portal.kit.queries.tenancy import CloudFacts
from portal.values.look import logo_of
from portal.waiting import refuse_in_transaction


async def change(actor: Actor, cloud: CloudFacts | None, wanted: LookChange) -> Look:
    """Set what was sent, of a cloud or of the platform. Raises `Forbidden`, `Invalid` by field.

    The picture is decoded in a thread: somebody's large one holds nobody up.
    """
    require(actor, Permission.STAFF_WRITE if cloud is None else Permission.USERS_WRITE)
    slug = None if cloud is None else cloud.slug
    logo = wanted.logo
    if isinstance(logo, bytes):
        refuse_in_transaction("A picture")
        logo = await asyncio.to_thread(logo_of, logo)
    before = await look.get(slug)
    async with atomic(actor) as tx:
        if logo is not UNSET:
            await _set_logo(tx, cloud, logo)
        if wanted.colour is not UNSET:
            await _set_colour(tx, cloud, wanted.colour)
        sent = {"logo": audit.CHANGED, "colour": wanted.colour}
        after = {name: sent[name] for name in sent if getattr(wanted, name) is not UNSET}
        if after:
            await audit.record(
                tx,
                actor,
                "cloud.look",
                "platform" if cloud is None else f"cloud {cloud.slug}",
                cloud=None if cloud is None else cloud.id,
                before={"colour": before.colour},
                after=after,
            )
    return await look.get(slug)


async def _set_logo(tx: Transaction, cloud: CloudFacts | None, logo: bytes | None) -> None:
    if cloud is None:
        await update(tx, tables.Platform, ONLY_ROW, {"logo": logo})
    else:
        await update(tx, tables.Cloud, cloud.id, {"logo": logo})


async def _set_colour(tx: Transaction, cloud: CloudFacts | None, colour: str | None) -> None:
    if cloud is None:
        await update(tx, tables.Platform, ONLY_ROW, {"colour": colour})
    else:
        await update(tx, tables.Cloud, cloud.id, {"colour": colour})
