"""The installation's settings, read once from the environment.

Only `app`, `cli`, `workers`, `piccolo_conf` and the engine read them; everything else is handed values.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

DATA_DIR_DEFAULT: Final = ".data"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told from outside.

    `database_url` connects as the owner (workers, migrations); `web_database_url` as a role that
    cannot bypass row-level security. `secret` is 32 bytes or more, in hex, the same on every machine.
    """

    data_dir: Path
    database_url: str
    web_database_url: str
    admin_database_url: str
    redis_url: str
    secret: str
    public_url: str
    secure_cookies: bool
    allowed_hosts: tuple[str, ...]
    log_json: bool


def load(environ: dict[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process's). See docs/operations.md for each name."""
    env = dict(os.environ) if environ is None else environ
    data_dir = Path(env.get("CAMLEDGER_DATA_DIR", DATA_DIR_DEFAULT)).resolve()
    public_url = env.get("CAMLEDGER_PUBLIC_URL", "http://127.0.0.1:8000")
    database_url = env.get("CAMLEDGER_DATABASE_URL", "")
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        web_database_url=env.get("CAMLEDGER_WEB_DATABASE_URL", ""),
        admin_database_url=env.get("CAMLEDGER_ADMIN_DATABASE_URL", ""),
        redis_url=env.get("CAMLEDGER_REDIS_URL", ""),
        secret=env.get("CAMLEDGER_SECRET") or _secret_of(data_dir),
        public_url=public_url,
        secure_cookies=public_url.startswith("https://"),
        allowed_hosts=tuple(h for h in env.get("CAMLEDGER_ALLOWED_HOSTS", "").split(",") if h),
        log_json=env.get("CAMLEDGER_LOG", "text") == "json",
    )


def _secret_of(data_dir: Path) -> str:
    """The installation's secret, made at the first start and kept beside its data."""
    path = data_dir / "secret"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return load()
