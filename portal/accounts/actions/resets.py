"""Asking for a new password, or for another invitation: answered alike whoever asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from portal import tables
from portal.access import DOORKEEPER
from portal.accounts.actions import sign_in_links, throttle
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.sign_in_links import INVITATION
from portal.accounts.actions.throttle import Blocked, Limit, digest_of, network_of, site_of
from portal.db import atomic
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import update
from portal.values.address import normal
from portal.values.mail import ASKED_AGAIN, RESET
from portal.words import _

RESETS_AN_ADDRESS: Final = 3
"""Mails that one address gets in a quarter of an hour, whoever asks for them."""
RESETS_A_NETWORK: Final = 20
RESETS_A_SITE: Final = 80
ASKED: Final = _("requests for a new password")
WORK: Final = "asked for a new password"


async def ask_reset(email: str, visit: Visit, *, post: Post) -> None:
    """Write down that a new password was asked for; a worker finds out whether anybody has it.

    So nothing that is done here, and no time that it takes, says whether the address is known.
    Raises `Blocked` for a network that asks too often; an address that is asked for too often gets
    no more mail.
    """
    address = normal(email)
    async with atomic(replace(DOORKEEPER, address=visit.address)) as tx:
        site = site_of(visit.address)
        places = (
            Limit(f"reset-network:{network_of(visit.address)}", RESETS_A_NETWORK),
            *([Limit(f"reset-site:{site}", RESETS_A_SITE)] if site else []),
        )
        await throttle.count(tx, places, visit.now, ASKED)
        if address is None:
            return
        asked = Limit(f"reset:{digest_of(address)}", RESETS_AN_ADDRESS)
        try:
            (attempt,) = await throttle.count(tx, (asked,), visit.now, ASKED)
        except Blocked:
            return
        await mail.write(
            tx,
            post,
            RESET,
            f"{WORK} {attempt}",
            address,
            now=visit.now,
            cloud=None,
            facts={},
        )


_TOLD: Final = """
select id, email from portal_user
where active and has_password and id = $1
"""
_TOLD_INSTEAD: Final = """
select id, email from portal_user
where active and has_password and cloud is not distinct from $1
  and role in ('administrator', 'cloud-administrator')
order by id limit 5
"""


async def ask_again(token: str, visit: Visit, *, post: Post) -> str:
    """Tell whoever invited that an invitation has expired; their name.

    Who is not there any more is told through the administrators beside them. It is told once for a
    link. Raises `NotFound`, `LinkOver` for a link that is over for another reason.
    """
    owner = await sign_in_links.find(token, INVITATION, visit.now)
    if owner.state != "expired" or owner.has_password:
        raise sign_in_links.over(owner)
    outsider = replace(DOORKEEPER, address=visit.address)
    async with atomic(outsider) as tx:
        link = tables.SignInLink
        first = await update(
            tx,
            tables.SignInLink,
            (link.id == owner.link) & link.asked_at.is_null(),
            {"asked_at": visit.now},
        )
        if first:
            told = await tx.fetch(_TOLD, owner.made_by)
            for row in told or await tx.fetch(_TOLD_INSTEAD, owner.cloud):
                await mail.write(
                    tx,
                    post,
                    ASKED_AGAIN,
                    f"{ASKED_AGAIN} for link {owner.link} to {row['id']}",
                    row["email"],
                    now=visit.now,
                    cloud=owner.cloud,
                    user=row["id"],
                    facts={"who": owner.name, "address": owner.email, "about": owner.user},
                )
            await audit.record(
                tx, outsider, "invitation.ask-again", f"user {owner.user}", cloud=owner.cloud
            )
    return owner.inviter
