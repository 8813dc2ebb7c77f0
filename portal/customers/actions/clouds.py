"""Making clouds and changing them."""

from __future__ import annotations

from typing import Any, Final

from portal import tables
from portal.access import Actor, Permission, can
from portal.customers.forms.closing import AUTOMATIC, HAND, LOOK
from portal.customers.forms.cloud import CloudChange, NewCloud
from portal.customers.forms.master import SellerData, settled, with_postal
from portal.customers.queries import clouds
from portal.customers.queries.clouds import Cloud
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_books_exclusive
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import differing, members, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.values.roles import role_label
from portal.words import _

COMPANY: Final = frozenset(
    {
        *(member.field for member in members(SellerData)),
        "buyer_reference",
        "e_invoice",
        "name",
        "invoice_prefix",
        "address",
        "tax_number",
        "email",
        "phone",
        "bank",
        "locale",
        "payment_days",
        "reply_to",
        "invoice_text",
        "send_after_close",
        "apply_credit",
        "auto_match",
    }
)
"""What stands on its documents: whoever keeps its books changes it, too."""
OWN: Final = frozenset(
    {
        "second_factor",
        "close_after_days",
        "close_automatically",
        "close_mode",
        "check_percent",
        "check_amount",
        "check_address",
        "check_email",
        "check_tax_number",
        "margin_target",
        "referral_invites",
        "agents_invite",
        "agent_percent",
        "statement_day",
        "payout_threshold",
    }
)
"""What an operator's administrator changes itself, beside its company and level percents."""
ADMINISTRATORS_OWN: Final = frozenset({"manager", "suspended"})
"""What the platform's administrator decides: who looks after a cloud, and whether it goes on."""
FIXED: Final = ("currency", "timezone")


async def create(actor: Actor, new: NewCloud) -> Cloud:
    """Make a cloud. Raises `Conflict` for a slug or prefix taken, `Invalid` for its manager."""
    require(actor, Permission.CLOUDS_CREATE)
    async with atomic(actor) as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended('clouds', 0))")
        if complaint := await clouds.slug_complaint(tx, new.slug):
            raise Conflict(
                _("There is a cloud %(slug)r already.") % {"slug": new.slug}, {"slug": complaint}
            )
        prefix = new.invoice_prefix or await _prefix(tx, new.slug)
        await _refuse_prefix(tx, prefix)
        manager = None if new.manager is None else await _manager(tx, new.manager)
        new = with_postal(new)
        columns = {
            **values_of(new),
            "invoice_prefix": prefix,
            "manager": manager,
            **_mode(new),
        }
        made = await insert(tx, tables.Cloud, columns)
        cloud = await clouds.get_in(tx, made)
        await audit.record(
            tx, actor, "cloud.create", f"cloud {new.slug}", cloud=cloud.id, after=cloud
        )
        return cloud


def _mode(new: NewCloud) -> dict[str, object]:
    """How its months close: as it says, or by whether they close by themselves at all."""
    if new.close_mode is not None:
        mode = new.close_mode
    elif new.close_automatically is None:
        mode = LOOK
    else:
        mode = AUTOMATIC if new.close_automatically else HAND
    return {"close_mode": mode, "close_automatically": mode != HAND}


async def change(actor: Actor, cloud: CloudFacts, change: CloudChange) -> Cloud:
    """Change what was sent of a cloud.

    Raises `Forbidden` for fields that are not the actor's, `Conflict` for a currency or zone of a
    cloud that has begun to price or use.
    """
    async with atomic(actor) as tx:
        await clouds.get_in(tx, cloud.id)
        change = with_postal(change)
        _refuse_fields(actor, values_of(change))
        before = await clouds.get_in(tx, cloud.id, lock=True)
        wanted = differing(change, before)
        wanted = settled(wanted, before)
        if not wanted:
            return before
        if any(name in wanted for name in FIXED):
            await _refuse_begun(tx, before, [name for name in FIXED if name in wanted])
        if "invoice_prefix" in wanted:
            await tx.execute("select pg_advisory_xact_lock(hashtextextended('clouds', 0))")
            await _refuse_prefix(tx, wanted["invoice_prefix"])
        columns = dict(wanted)
        if wanted.get("manager") is not None:
            columns["manager"] = await _manager(tx, wanted["manager"])
        await update(tx, tables.Cloud, before.id, columns)
        after = await clouds.get_in(tx, cloud.id)
        await audit.record_change(
            tx,
            actor,
            _action(wanted),
            f"cloud {cloud.slug}",
            cloud=before.id,
            before=before,
            after=after,
            fields=wanted,
        )
        return after


def _action(wanted: dict[str, Any]) -> str:
    """What the log calls a change: of nothing but the suspension by its own name."""
    if set(wanted) != {"suspended"}:
        return "cloud.change"
    return "cloud.suspend" if wanted["suspended"] else "cloud.resume"


def _refuse_fields(actor: Actor, wanted: dict[str, Any]) -> None:
    """Each field asks for its own permission; some are the platform's administrator's."""
    terms = Permission.CLOUDS_WRITE, Permission.LEVELS_WRITE
    require(actor, Permission.SETTINGS_WRITE, *terms)
    refused = []
    for name in wanted:
        if name == "level_percents":
            allowed = can(actor, Permission.LEVELS_WRITE)
        elif name in ADMINISTRATORS_OWN:
            allowed = can(actor, Permission.CLOUDS_CREATE)
        elif name in COMPANY:
            allowed = can(actor, Permission.SETTINGS_WRITE)
        elif name in OWN:
            allowed = any(can(actor, one) for one in terms)
        else:
            allowed = can(actor, Permission.CLOUDS_WRITE)
        if not allowed:
            refused.append(name)
    if refused:
        raise Forbidden(
            _("%(role)s may not change %(names)s.")
            % {"role": role_label(actor.role), "names": ", ".join(refused)}
        )


async def _refuse_begun(tx: Transaction, cloud: Cloud, names: list[str]) -> None:
    await lock_books_exclusive(tx, cloud.id)
    if await clouds.has_begun(tx, cloud.id):
        raise Conflict(
            _("%(name)s has prices or usage already: its currency and time zone stay.")
            % {"name": cloud.name},
            dict.fromkeys(names, _("cannot change any more")),
        )


async def _manager(tx: Transaction, email: str) -> int:
    found = await tx.fetchval(
        "select id from portal_user where email = $1 and active"
        " and role in ('manager', 'administrator')",
        email,
    )
    if found is None:
        raise Invalid(
            {"manager": _("%(email)r is not a manager of the platform") % {"email": email}}
        )
    return int(found)


async def _prefix(tx: Transaction, slug: str) -> str:
    """The prefix proposed for a slug. Raises `Conflict` where none can be made."""
    if prefix := await clouds.free_prefix(tx, slug):
        return prefix
    raise Conflict(
        _("No invoice prefix can be made of the slug."), {"invoice_prefix": _("is required")}
    )


async def _refuse_prefix(tx: Transaction, prefix: str) -> None:
    """Clouds are issuers of their own and may agree in a prefix, but not with the platform's."""
    if await tx.fetchval("select exists (select from platform where invoice_prefix = $1)", prefix):
        raise Conflict(
            _("The platform's series begins with %(prefix)r.") % {"prefix": prefix},
            {"invoice_prefix": _("is taken")},
        )
