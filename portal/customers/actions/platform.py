"""Changing what the company behind an installation says of itself."""

from __future__ import annotations

from portal import tables
from portal.access import Actor, Permission
from portal.customers.forms.master import settled, with_postal
from portal.customers.forms.platform import Company, CompanyChange
from portal.customers.queries import platform
from portal.db import Transaction, atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import ONLY_ROW, update
from portal.kit.forms.form import differing
from portal.words import _


async def change(actor: Actor, change: CompanyChange) -> Company:
    """Change what was sent. Raises `Forbidden`, and `Conflict` for a prefix that a cloud has."""
    require(actor, Permission.STAFF_WRITE)
    async with atomic(actor) as tx:
        before = await platform.get_in(tx, lock=True)
        change = with_postal(change)
        wanted = differing(change, before)
        wanted = settled(wanted, before)
        if not wanted:
            return before
        if "invoice_prefix" in wanted:
            await _refuse_prefix(tx, wanted["invoice_prefix"])
        await update(tx, tables.Platform, ONLY_ROW, wanted)
        after = await platform.get_in(tx)
        await audit.record_change(
            tx,
            actor,
            "platform.change",
            "platform",
            cloud=None,
            before=before,
            after=after,
            fields=wanted,
        )
        return after


async def _refuse_prefix(tx: Transaction, prefix: str) -> None:
    """The platform's series is told from every cloud's."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('clouds', 0))")
    slug = await tx.fetchval("select slug from cloud where invoice_prefix = $1 limit 1", prefix)
    if slug is not None:
        raise Conflict(
            _("The series of the cloud %(slug)s begins with %(prefix)r.")
            % {"slug": slug, "prefix": prefix},
            {"invoice_prefix": _("is taken")},
        )
