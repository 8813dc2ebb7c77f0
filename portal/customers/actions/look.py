"""Giving a sign-in page its logo and its colour."""

from __future__ import annotations

import asyncio
from typing import Any

from portal import tables
from portal.access import Actor, Permission
from portal.customers.forms.look import LookChange
from portal.db import atomic
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import ONLY_ROW, update
from portal.kit.forms.form import UNSET
from portal.kit.queries import look
from portal.kit.queries.look import Look
from portal.kit.queries.tenancy import CloudFacts
from portal.values.pictures import logo_of


async def change(actor: Actor, cloud: CloudFacts | None, wanted: LookChange) -> Look:
    """Set what was sent, of a cloud or of the platform. Raises `Forbidden`, `Invalid` by field.

    The picture is decoded in a thread: somebody's large one holds nobody up.
    """
    require(actor, Permission.STAFF_WRITE if cloud is None else Permission.USERS_WRITE)
    values: dict[str, Any] = {}
    if wanted.colour is not UNSET:
        values["colour"] = wanted.colour
    if wanted.logo is not UNSET:
        given = wanted.logo
        values["logo"] = None if given is None else await asyncio.to_thread(logo_of, given)
    slug = None if cloud is None else cloud.slug
    if values:
        async with atomic(actor) as tx:
            if cloud is None:
                await update(tx, tables.Platform, ONLY_ROW, values)
            else:
                await update(tx, tables.Cloud, cloud.id, values)
            told = {"colour": values.get("colour"), "logo": audit.CHANGED}
            await audit.record(
                tx,
                actor,
                "cloud.look",
                "platform" if cloud is None else f"cloud {cloud.slug}",
                cloud=None if cloud is None else cloud.id,
                after={name: told[name] for name in values},
            )
    return await look.get(slug)
