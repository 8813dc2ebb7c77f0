"""Tariffs as presets of a Watcher: made, changed in place, and never anybody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any, Final

from portal import tables
from portal.access import SYSTEM
from portal.billing.provisioning import backoff
from portal.billing.readings import Preset
from portal.db import Transaction, advisory_lock, atomic
from portal.kit.actions import audit
from portal.kit.actions.rows import update, upsert
from portal.ports import Watcher
from portal.values.watcher import WatcherFailed
from portal.watcher.actions.sync.shown import show_presets
from portal.watcher.queries.provisioning import Provisioned, TariffState
from portal.words import _, stored

_KEY: Final = ("cloud", "connection", "tariff", "without_analytics")
_CLAIMED: Final = """
select distinct p.preset from provisioned_preset p join connection c on c.id = p.connection
where p.preset is not null and rtrim(c.url, '/') = rtrim($1, '/')
"""
# What a person has mapped stays mapped.
_MAP: Final = """
update watcher_preset set tariff = $3
where cloud = $1 and watcher = $4 and preset = $2 and tariff is null
"""


class Outcome(Enum):
    """What came of bringing a preset in line."""

    WRITTEN = "written"
    LEFT = "left as it is"
    REFUSED = "refused"


async def bring_preset(
    to: Provisioned,
    watcher: Watcher,
    state: TariffState,
    listed: Mapping[int, Preset],
    clock: Callable[[], datetime],
) -> Outcome:
    """Do what a tariff's state asks for. A refusal is remembered, and so is what a person reads."""
    try:
        if state.plan.make:
            return await _make(to, watcher, state, listed, clock)
        if state.plan.change:
            return await _change(to, watcher, state, clock)
    except WatcherFailed as error:
        failures = state.failures + 1
        now = clock()
        message = _("tariff %(code)s: %(why)s") % {"code": state.code, "why": error.message}
        async with atomic(SYSTEM) as tx:
            await _remember(tx, to, state, message, (failures, now + backoff(failures)))
        return Outcome.REFUSED
    async with atomic(SYSTEM) as tx:
        await _remember(tx, to, state, state.plan.trouble)
    return Outcome.LEFT


async def _make(
    to: Provisioned,
    watcher: Watcher,
    state: TariffState,
    listed: Mapping[int, Preset],
    clock: Callable[[], datetime],
) -> Outcome:
    """Make a tariff's preset, one and no more, however often the worker is killed meanwhile.

    A preset that looks the same and was there before is another cloud's, or a person's, and not
    taken: it would change under theirs when this tariff does. So what was there is stored first,
    and two clouds that share a Watcher take turns.
    """
    assert state.plan.wanted is not None, "a preset is made from what is wanted"
    async with advisory_lock(f"presets of {to.url.rstrip('/')}") as mine:
        if not mine:
            return Outcome.LEFT
        before = state.before
        async with atomic(SYSTEM) as tx:
            if before is None:
                before = frozenset(listed)
                columns = {**_named(to, state), "preset": None, "before": sorted(before)}
                await upsert(tx, tables.ProvisionedPreset, columns, key=_KEY)
            claimed = {row["preset"] for row in await tx.fetch(_CLAIMED, to.url)}
        preset = await watcher.writer.make_preset(state.plan.wanted, but=before | claimed)
        async with atomic(SYSTEM) as tx:
            await _keep(tx, to, state, preset, clock())
            await _audit(tx, to, "preset.make", state, preset)
    return Outcome.WRITTEN


async def _change(
    to: Provisioned, watcher: Watcher, state: TariffState, clock: Callable[[], datetime]
) -> Outcome:
    assert state.plan.wanted is not None, "a preset is changed to what is wanted"
    assert state.plan.target is not None, "only a preset that is there is changed"
    preset = await watcher.writer.change_preset(state.plan.target, state.plan.wanted)
    async with atomic(SYSTEM) as tx:
        await _keep(tx, to, state, preset, clock())
        await _audit(tx, to, "preset.change", state, preset)
    return Outcome.WRITTEN


async def _keep(
    tx: Transaction, to: Provisioned, state: TariffState, preset: Preset, now: datetime
) -> None:
    """Store a preset as it was read back, and that it is this tariff's."""
    await _remember(tx, to, state, "")
    row = tables.ProvisionedPreset
    await update(
        tx,
        tables.ProvisionedPreset,
        (row.cloud == to.cloud.id)
        & (row.connection == to.id)
        & (row.tariff == state.id)
        & (row.without_analytics == state.is_quiet),
        {"preset": preset.id},
    )
    await show_presets(tx, to.cloud.id, to.watcher, [preset], now)
    await tx.execute(_MAP, to.cloud.id, preset.id, state.id, to.watcher)


async def _remember(
    tx: Transaction,
    to: Provisioned,
    state: TariffState,
    message: str,
    failed: tuple[int, datetime] | None = None,
) -> None:
    """Store what came of trying; `failed` is how often in a row, and when it is tried again."""
    failures, retry_at = failed or (0, None)
    columns = {
        **_named(to, state),
        "wanted": str(state.plan.wanted),
        "failures": failures,
        "retry_at": retry_at,
        "message": stored(message),
    }
    await upsert(tx, tables.ProvisionedPreset, columns, key=_KEY)


def _named(to: Provisioned, state: TariffState) -> dict[str, int | bool]:
    """Which row it is: that of a tariff at a connection, with its analytics or without."""
    return {
        "cloud": to.cloud.id,
        "connection": to.id,
        "tariff": state.id,
        "without_analytics": state.is_quiet,
    }


async def _audit(
    tx: Transaction, to: Provisioned, action: str, state: TariffState, preset: Preset
) -> None:
    after: dict[str, Any] = {"tariff": state.code, **asdict(preset)}
    await audit.record(
        tx,
        SYSTEM,
        action,
        f"preset {preset.id} of connection {to.id}",
        cloud=to.cloud.id,
        after=after,
    )
