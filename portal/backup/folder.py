"""The folder in which workers keep the backup of each day."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from portal.backup.container import drafts_of
from portal.backup.programs import BackupFailed
from portal.backup.taking import take
from portal.ports import Backups
from portal.settings import Settings


@dataclass(frozen=True, slots=True)
class BackupFolder(Backups):
    """Below `path`, a file for each. With a passphrase they are encrypted and have the secrets.

    Whoever finds a plain one has no secrets with it.
    """

    settings: Settings
    path: Path

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The one of the settings; None where no backups are made."""
        return None if settings.backup_dir is None else cls(settings, settings.backup_dir)

    @property
    def keep(self) -> timedelta:
        """How long one is kept."""
        return timedelta(days=self.settings.backup_days)

    def name_of(self, now: datetime) -> str:
        """What the one of a moment is called."""
        return f"camledger-{now:%Y%m%d-%H%M%S}.zip"

    async def take(self, name: str) -> int:
        """Make one; its size in bytes. Raises `BackupFailed`."""
        path = self.path / name
        if not await asyncio.to_thread(self.path.is_dir):
            raise BackupFailed(f"There is no folder {self.path}.")
        passphrase = self.settings.backup_passphrase
        await take(self.settings, path, secrets=bool(passphrase), passphrase=passphrase)
        return (await asyncio.to_thread(path.stat)).st_size

    async def remove(self, name: str) -> None:
        """Take one away, and what killed workers have left of it. Raises `BackupFailed`."""
        try:
            await asyncio.to_thread(self._remove, self.path / name)
        except OSError as error:
            raise BackupFailed(f"{name} cannot be removed: {error.strerror}.") from error

    def _remove(self, path: Path) -> None:
        for one in (path, *drafts_of(path)):
            one.unlink(missing_ok=True)
