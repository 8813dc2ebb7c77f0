"""Cameras put on their tariffs' presets, switched off and on; looked at before, read back after."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import SYSTEM
from portal.billing.provisioning import CameraChange, backoff, change_of
from portal.billing.readings import CameraReading, Preset
from portal.db import Transaction, atomic
from portal.kit.actions import audit
from portal.ports import Watcher
from portal.values.watcher import NotApplied, NotThere, WatcherFailed
from portal.watcher.actions.sync.between import take
from portal.watcher.queries.provisioning import CameraDue, Provisioned
from portal.words import _, stored

WRITES_AT_ONCE: Final = 8
_REMEMBER: Final = """
insert into provisioned_camera (cloud, connection, camera, is_switched_off, wanted, tried_at,
  failures, retry_at, message)
select $1, $2, p.camera, p.off, p.wanted, $3, p.failures, p.retry_at, p.message
from unnest($4::bigint[], $5::bool[], $6::text[], $7::int[], $8::timestamptz[], $9::text[])
  as p(camera, off, wanted, failures, retry_at, message)
order by p.camera
on conflict (cloud, connection, camera) do update set is_switched_off = excluded.is_switched_off,
  wanted = excluded.wanted, tried_at = excluded.tried_at, failures = excluded.failures,
  retry_at = excluded.retry_at, message = excluded.message
"""
# Said before it is done: a worker that is killed in between has not switched off a camera that
# nobody would switch on again.
_SWITCHING_OFF: Final = """
insert into provisioned_camera (cloud, connection, camera, is_switched_off)
select $1, $2, camera, true from unnest($3::bigint[]) as c(camera) order by camera
on conflict (cloud, connection, camera) do update set is_switched_off = true
"""


@dataclass(slots=True)
class Attempt:
    """One camera: as it was found, what was written, as it was read back, what went wrong."""

    due: CameraDue
    found: CameraReading | None = None
    change: CameraChange | None = None
    read: CameraReading | None = None
    failure: WatcherFailed | None = None

    @property
    def is_written(self) -> bool:
        """Whether something was written, and read back as it should be."""
        if self.change is None or self.failure is not None:
            return False
        return self.change.preset is not None or self.change.enabled is not None

    @property
    def is_switched_off(self) -> bool:
        """Whether the camera is off, or may be, because it was switched off from here."""
        before = self.due.wanted.is_switched_off
        if self.change is None:
            return before
        if self.failure is None:
            return self.change.is_switched_off
        return before or self.change.is_switched_off


async def bring_cameras(
    to: Provisioned,
    watcher: Watcher,
    cameras: Sequence[CameraDue],
    presets: Mapping[int, Preset],
    clock: Callable[[], datetime],
) -> Sequence[Attempt]:
    """Bring a few cameras in line, all at once, and store what came of each."""
    attempts = [Attempt(one) for one in cameras]
    await _all(_look(to, watcher, one) for one in attempts)
    off = [one.due.id for one in attempts if one.change and one.change.enabled is False]
    if off:
        async with atomic(SYSTEM) as tx:
            await tx.execute(_SWITCHING_OFF, to.cloud.id, to.id, off)
    await _all(_write(watcher, one, presets) for one in attempts)
    async with atomic(SYSTEM) as tx:
        await _store(tx, to, attempts, clock())
    return attempts


async def _all(steps: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, whatever comes of each."""
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def _look(to: Provisioned, watcher: Watcher, attempt: Attempt) -> None:
    """See how the camera is by now: what is known of it may be an hour old."""
    name = attempt.due.name
    try:
        found = await watcher.writer.look(name)
        if to.organizations is not None and found.organization not in to.organizations:
            # It has moved to an organization that is not this connection's to write to.
            raise NotThere(
                _("it is in organization %(organization)s by now")
                % {"organization": found.organization}
            )
    except WatcherFailed as error:
        attempt.failure = error
        return
    attempt.found = attempt.read = found
    attempt.change = change_of(attempt.due.wanted, found.preset, enabled=found.enabled is not False)


async def _write(watcher: Watcher, attempt: Attempt, presets: Mapping[int, Preset]) -> None:
    change, name = attempt.change, attempt.due.name
    if change is None:
        return
    try:
        if change.enabled is False:
            attempt.read = await watcher.writer.switch(name, enabled=False)
        if change.preset is not None:
            attempt.read = await watcher.writer.put_on_preset(name, change.preset)
        if change.enabled is True:
            attempt.read = await watcher.writer.switch(name, enabled=True)
        if attempt.read is not None:
            _compare(attempt.read, presets.get(attempt.read.preset or 0))
    except WatcherFailed as error:
        attempt.failure = error


def _compare(read: CameraReading, preset: Preset | None) -> None:
    """See that a preset that is not adjustable does what it says. Raises `NotApplied`."""
    if preset is None or preset.is_adjustable is not False:
        return
    for what, shown, given in (
        (_("continuous archive"), read.continuous_depth_days, preset.continuous_depth_days),
        (_("motion archive"), read.motion_depth_days, preset.motion_depth_days),
    ):
        if shown is not None and given is not None and shown != given:
            raise NotApplied(
                _("%(shown)s days of %(what)s where preset %(preset)s gives %(given)s")
                % {"shown": shown, "what": what, "preset": preset.id, "given": given}
            )
    for what, seen, wanted in (
        (_("faces"), read.faces, preset.faces),
        (_("licence plates"), read.plates, preset.plates),
    ):
        if seen is not None and wanted is not None and seen != wanted:
            is_off = _("%(what)s are off where preset %(preset)s has them on")
            is_on = _("%(what)s are on where preset %(preset)s has them off")
            raise NotApplied((is_off if wanted else is_on) % {"what": what, "preset": preset.id})


def _told(name: str, failure: WatcherFailed | None) -> str:
    """What a person is told of an attempt; "" where all is well."""
    if failure is None:
        return ""
    return _("camera %(name)s: %(why)s") % {"name": name, "why": failure.message}


async def _store(
    tx: Transaction, to: Provisioned, attempts: Sequence[Attempt], now: datetime
) -> None:
    seen = {one.due.id: one.read for one in attempts if one.read is not None}
    await take(tx, to.cloud, to.id, seen, now)
    failures = [0 if one.failure is None else one.due.failures + 1 for one in attempts]
    await tx.execute(
        _REMEMBER,
        to.cloud.id,
        to.id,
        now,
        [one.due.id for one in attempts],
        [one.is_switched_off for one in attempts],
        [one.due.words for one in attempts],
        failures,
        [now + backoff(count) if count else None for count in failures],
        [stored(_told(one.due.name, one.failure)) for one in attempts],
    )
    written: dict[str, list[str]] = defaultdict(list)
    for one in attempts:
        if one.is_written and one.change is not None:
            if one.change.preset is not None:
                written[f"on preset {one.change.preset}"].append(one.due.name)
            if one.change.enabled is not None:
                written["switched on" if one.change.enabled else "switched off"].append(
                    one.due.name
                )
    if written:
        await audit.record(
            tx,
            SYSTEM,
            "camera.provision",
            f"cameras of connection {to.id}",
            cloud=to.cloud.id,
            after=dict(written),
        )
