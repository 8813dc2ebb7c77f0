"""Bringing a Watcher in line with the books: only the differences, and again after a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from portal import jobs, tables
from portal.access import SYSTEM
from portal.billing.provisioning import backoff
from portal.billing.readings import Preset
from portal.db import advisory_lock, atomic, snapshot
from portal.errors import PortalError
from portal.kit.actions.rows import update
from portal.ports import Connect, Queue, Vault, Watcher
from portal.values.watcher import AddressRefused, CredentialsRefused, Unreachable
from portal.watcher.actions.connections import PROVISIONED_ANEW, access_of
from portal.watcher.actions.provisioning.cameras import WRITES_AT_ONCE, Attempt, bring_cameras
from portal.watcher.actions.provisioning.presets import Outcome, bring_preset
from portal.watcher.actions.sync.shown import show_all_presets
from portal.watcher.queries import provisioning
from portal.watcher.queries.provisioning import Provisioned, TariffState
from portal.words import _, stored

REFUSALS_MAX: Final = 20
_MANY_PRESETS: Final = _("Watcher refused %(count)s presets, so nothing more was written to it")
_MANY_CAMERAS: Final = _("Watcher refused %(count)s cameras, so nothing more was written to it")
_SPENT = (AddressRefused, CredentialsRefused, Unreachable)
"""Where the first one ends like this, the next would too."""


class _Refusing(PortalError):
    """Watcher refuses one thing after the other: it is left alone for a while."""


async def provision_cloud(
    cloud_id: int,
    *,
    connect: Connect,
    vault: Vault,
    clock: Callable[[], datetime],
    queue: Queue,
) -> None:
    """Bring every Watcher of a cloud in line where it is known not to be, and not left alone."""
    for connection, _cloud in await provisioning.due(SYSTEM, clock(), cloud_id):
        if await provision(connection, connect=connect, vault=vault, clock=clock):
            await queue.enqueue(jobs.PROVISION, cloud_id)


async def provision(
    connection: int, *, connect: Connect, vault: Vault, clock: Callable[[], datetime]
) -> bool:
    """Write the differences of one connection; whether there are more by now.

    These were more than fit into one run, or came up meanwhile. Somebody else already at it: does
    nothing. Killed in the middle, what is not stored is looked at again before anything is written
    a second time. A Watcher that refuses is shown with the connection and left alone for a while,
    longer each time.
    """
    async with advisory_lock(f"provision {connection}") as mine:
        if not mine:
            return False
        async with snapshot(SYSTEM) as tx:
            found = await provisioning.one(tx, connection, clock())
        if found is None:
            return False
        to, row = found
        try:
            async with connect(access_of(dict(row), vault)) as watcher:
                written = await _bring(to, watcher, clock)
        except PortalError as error:
            await _back_off(to, error.message, clock())
            return False
        await _worked(to)
    # A run that wrote nothing would not do more the next time.
    if not written:
        return False
    return connection in {one for one, _ in await provisioning.due(SYSTEM, clock(), to.cloud.id)}


async def _bring(to: Provisioned, watcher: Watcher, clock: Callable[[], datetime]) -> int:
    """Bring presets and then cameras in line; how many were written."""
    listed, states = await _listed(to, watcher, clock)
    written = refused = 0
    for state in (one for one in states if one.is_due):
        outcome = await bring_preset(to, watcher, state, listed, clock)
        written += outcome is Outcome.WRITTEN
        refused += outcome is Outcome.REFUSED
        _give_up(refused, _MANY_PRESETS)
    if any(one.plan.make or one.plan.change for one in states):
        listed, states = await _listed(to, watcher, clock)
    async with snapshot(SYSTEM) as tx:
        cameras = await provisioning.cameras(tx, to.cloud, to.id, states, clock())
    waiting, worked = iter(cameras), False
    while group := list(islice(waiting, WRITES_AT_ONCE)):
        if not await _is_wanted(to, clock):
            break
        attempts = await bring_cameras(to, watcher, group, listed, clock)
        failed = [one for one in attempts if one.failure is not None]
        worked = worked or len(failed) < len(attempts)
        written += sum(one.is_written for one in attempts)
        refused += len(failed)
        if not worked:
            _raise_if_spent(failed)
        _give_up(refused, _MANY_CAMERAS)
    return written


async def _listed(
    to: Provisioned, watcher: Watcher, clock: Callable[[], datetime]
) -> tuple[dict[int, Preset], list[TariffState]]:
    """Watcher's presets as they are now, which is remembered, and how the tariffs stand by them."""
    listed = {one.id: one async for one in watcher.presets()}
    async with atomic(SYSTEM) as tx:
        is_shared = to.organizations is not None
        await show_all_presets(
            tx, to.cloud.id, to.watcher, list(listed.values()), clock(), only_known=is_shared
        )
        return listed, await provisioning.tariffs(tx, to.cloud, to.id, clock(), listed=listed)


async def _is_wanted(to: Provisioned, clock: Callable[[], datetime]) -> bool:
    """Whether it is still switched on: a person who switches it off does not wait for the rest."""
    async with snapshot(SYSTEM) as tx:
        return await provisioning.one(tx, to.id, clock()) is not None


def _raise_if_spent(failed: Sequence[Attempt]) -> None:
    """Stop where nothing has worked yet and what failed says that nothing will."""
    for one in failed:
        if isinstance(one.failure, _SPENT):
            raise one.failure


def _give_up(refused: int, told: str) -> None:
    if refused >= REFUSALS_MAX:
        raise _Refusing(told % {"count": refused})


async def _back_off(to: Provisioned, message: str, now: datetime) -> None:
    failures = to.failures + 1
    async with atomic(SYSTEM) as tx:
        provision = tables.Connection.provision.eq(True)  # noqa: FBT003 - a value
        await update(
            tx,
            tables.Connection,
            (tables.Connection.id == to.id) & provision,
            {
                "provision_failures": failures,
                "provision_failed_at": now,
                "provision_retry_at": now + backoff(failures),
                "provision_message": stored(message),
            },
        )


async def _worked(to: Provisioned) -> None:
    async with atomic(SYSTEM) as tx:
        await update(tx, tables.Connection, to.id, PROVISIONED_ANEW)
