"""The second factor: set up, taken off and reset; and required of whole groups of people."""

from __future__ import annotations

import structlog

from portal import tables
from portal.access import Actor, Permission
from portal.accounts.actions import notices, sessions
from portal.accounts.actions.managing import managed
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.sign_in import (
    WRONG_CODE,
    check_password,
    one_guess,
    refuse_code,
    use_code,
)
from portal.accounts.actions.users import refuse_oneself
from portal.accounts.queries import users
from portal.crypto import one_time_codes as second_factor
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.actions.permit import require
from portal.kit.actions.rows import ONLY_ROW, update
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Vault
from portal.words import _

log = structlog.get_logger()


async def set_up(
    actor: Actor, secret: str, code: str, visit: Visit, *, vault: Vault, post: Post = NO_POST
) -> tuple[list[str], str]:
    """Turn it on with a code that proves that the app has `secret`.

    The recovery codes, which are shown this once, and the session's new key; other sessions end.
    Raises Invalid for a wrong code, Conflict when it is on already, Blocked.
    """
    async with one_guess(actor, "code", visit):
        step = second_factor.step_of(secret, code, visit.now, after=None)
        if step is None:
            raise Invalid({"code": WRONG_CODE})
    assert actor.session is not None, "who sets it up is signed in"
    async with atomic(actor) as tx:
        person = tables.PortalUser
        made = await update(
            tx,
            tables.PortalUser,
            (person.id == actor.user) & person.totp.is_null(),
            {"totp": vault.lock({"totp": secret}), "totp_step": step},
            through="credential",
        )
        if not made:
            raise Conflict(_("Your second factor is set up already."))
        codes = await _new_codes(tx, actor)
        await sessions.end_all(tx, actor.user, except_for=actor.session)
        key = await sessions.renew(tx, actor.session)
        await _record(tx, actor, "second-factor.set-up")
        await notices.second_factor(tx, post, actor, "set-up", visit)
    return codes, key


async def renew_codes(
    actor: Actor, code: str, visit: Visit, *, vault: Vault, post: Post = NO_POST
) -> list[str]:
    """Ten new recovery codes in place of the old ones. Raises Invalid for a wrong code, Blocked."""
    codes: list[str] = []
    async with one_guess(actor, "code", visit):
        async with atomic(actor) as tx:
            person = await users.credentials(tx, actor.name)
            right = person is not None and await use_code(tx, person, code, visit, vault=vault)
            if right:
                codes = await _new_codes(tx, actor)
                await _record(tx, actor, "second-factor.new-codes")
                await notices.second_factor(tx, post, actor, "codes", visit)
        if not right:
            await refuse_code(actor, visit)
    return codes


async def remove(
    actor: Actor,
    password: str,
    code: str,
    visit: Visit,
    *,
    vault: Vault,
    post: Post = NO_POST,
) -> str:
    """Turn it off, with the password and a code; the session's new key. Other sessions end."""
    await check_password(actor, password, visit, "password")
    assert actor.session is not None, "who removes it is signed in"
    key = ""
    async with one_guess(actor, "code", visit):
        async with atomic(actor) as tx:
            person = await users.credentials(tx, actor.name)
            right = person is not None and await use_code(tx, person, code, visit, vault=vault)
            if right:
                await _clear(tx, actor.user)
                await sessions.end_all(tx, actor.user, except_for=actor.session)
                key = await sessions.renew(tx, actor.session)
                await _record(tx, actor, "second-factor.remove")
                await notices.second_factor(tx, post, actor, "removed", visit)
        if not right:
            await refuse_code(actor, visit)
    return key


async def reset_second_factor(
    actor: Actor, user: int, *, visit: Visit | None = None, post: Post = NO_POST
) -> None:
    """Take it off a person (by row id) who has lost app and codes; all their sessions end.

    Raises `NotFound`, `Forbidden` for somebody whom the actor does not manage, and `Conflict` for
    oneself.
    """
    async with atomic(actor) as tx:
        person = await managed(tx, actor, user)
        refuse_oneself(actor, person)
        await _clear(tx, user)
        await sessions.end_all(tx, user)
        await audit.record(
            tx,
            actor,
            "second-factor.reset",
            f"user {user}",
            cloud=person.cloud_id,
            after={"second_factor": "none"},
        )
        if visit is not None:
            theirs = Actor(person.role, person.email, user=user, cloud=person.cloud_id)
            await notices.second_factor(tx, post, theirs, "reset", visit)


async def set_requirement(actor: Actor, cloud: CloudFacts | None, *, required: bool) -> None:
    """Require it of the platform's people, or of the administrators of a cloud.

    The platform's administrator says so for everybody, a cloud's own for the cloud.
    """
    require(actor, Permission.STAFF_WRITE if cloud is None else Permission.USERS_WRITE)
    async with atomic(actor) as tx:
        before = await tx.fetchval(
            "select second_factor from cloud where id = $1 for update"
            if cloud
            else "select second_factor from platform where id = $1 for update",
            cloud.id if cloud else ONLY_ROW,
        )
        if before == required:
            return
        if cloud:
            await update(tx, tables.Cloud, cloud.id, {"second_factor": required})
        else:
            await update(tx, tables.Platform, ONLY_ROW, {"second_factor": required})
        await audit.record(
            tx,
            actor,
            "second-factor.require",
            f"cloud {cloud.slug}" if cloud else "platform",
            cloud=cloud.id if cloud else None,
            before={"required": before},
            after={"required": required},
        )


async def _new_codes(tx: Transaction, actor: Actor) -> list[str]:
    codes = second_factor.new_recovery_codes()
    await tx.execute("delete from recovery_code where user_id = $1", actor.user)
    await tx.execute(
        "insert into recovery_code (user_id, code_hash) select $1, unnest($2::text[])",
        actor.user,
        [second_factor.recovery_hash(code) for code in codes],
    )
    return codes


async def _clear(tx: Transaction, user: int | None) -> None:
    assert user is not None, "a factor is somebody's"
    await update(tx, tables.PortalUser, user, {"totp": None, "totp_step": None})
    await tx.execute("delete from recovery_code where user_id = $1", user)


async def _record(tx: Transaction, actor: Actor, action: str) -> None:
    after = {"second_factor": audit.CHANGED}
    await audit.record(tx, actor, action, f"user {actor.user}", cloud=actor.cloud, after=after)
    log.info(action, user=actor.user, address=actor.address)
