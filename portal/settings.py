"""The installation's settings, read once from the environment.

Only `app`, `cli`, `workers`, `piccolo_conf` and the engine read them; everything else is handed
values. docs/operations.md lists every name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import SplitResult, parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

from portal.crypto.keys import Purpose, key_for, login_password
from portal.data_directory import secret_in
from portal.errors import PortalError
from portal.values.address import normal
from portal.values.clock import FIRST, LAST
from portal.values.kinds import is_slug
from portal.values.mail.server import MailServer, is_host, sender_of, server_of
from portal.values.text import shown

DATA_DIR_DEFAULT: Final = ".data"
SECRET_LENGTH_MIN: Final = 32
IDENTIFIER_LENGTH_MAX: Final = 63
"""What PostgreSQL keeps of a name."""
_REDIS_DATABASE: Final = re.compile("/?([0-9]{1,5})?")
_POSTGRESQL: Final = frozenset({"postgresql", "postgres"})

STRIPE_URL: Final = "https://api.stripe.com"
BACKUP_DAYS_DEFAULT: Final = 14
BACKUP_DAYS_MAX: Final = 3_650


class SettingsError(PortalError):
    """A setting that cannot be used; the message names it."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Bad setting"


class DataDirectoryError(PortalError):
    """The data directory cannot be made, read or written."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Data directory not usable"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told from outside.

    `database_url` connects as the owner (workers, migrations); `web_database_url` as a role that
    cannot bypass row-level security, `admin_database_url` as one that can only read. `secret` has
    32 characters or more, the same on every machine.
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
    test_clock: datetime | None
    """The time that an installation under test was started with; None: the machine's clock."""
    allow_private_addresses: bool
    """Whether connections may lead into this machine's own networks."""
    trusted_watchers: frozenset[tuple[str, str]]
    """Cloud's slug (`*`: every cloud) and host with port there that its connections may lead to."""
    mail_server: MailServer | None
    """Where mail is handed over; None: links are shown to whoever makes them."""
    backup_dir: Path | None
    """Where workers keep a backup of each day; None: they make none."""
    backup_days: int
    """How many days they are kept."""
    backup_passphrase: str
    stripe_url: str
    """Where Stripe is; elsewhere for a stand-in."""
    encryption_keys: tuple[str, ...]
    """What secrets are encrypted with, the first for new ones; empty: a key made of `secret`."""

    def key_for(self, purpose: Purpose) -> bytes:
        """The installation's key for one purpose, made of its secret: 32 bytes."""
        return key_for(self.secret, purpose)

    @property
    def name(self) -> str:
        """What tells this installation from others, to those whom it asks for something once."""
        return self.key_for("installation").hex()[:16]

    @property
    def vault_keys(self) -> tuple[str, ...]:
        """What the vault makes its keys of; the installation's secret stays the last of them."""
        return (*self.encryption_keys, self.secret)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in `environ` (default: the process's). Raises SettingsError."""
    return _read(os.environ if environ is None else environ, secret_of)


def check(environ: Mapping[str, str]) -> None:
    """Refuse a setting that cannot be meant, before anything is made. Raises SettingsError."""
    _read(environ, lambda _: "0" * SECRET_LENGTH_MIN)


def _read(env: Mapping[str, str], kept_secret: Callable[[Path], str]) -> Settings:
    data_dir = _data_dir(env.get("CAMLEDGER_DATA_DIR") or DATA_DIR_DEFAULT)
    public_url = _site(
        "CAMLEDGER_PUBLIC_URL", env.get("CAMLEDGER_PUBLIC_URL") or "http://127.0.0.1:8000"
    )
    secret = _secret(env.get("CAMLEDGER_SECRET") or kept_secret(data_dir))
    database_url, web_url, admin_url = (
        _database_url(f"CAMLEDGER_{name}", env.get(f"CAMLEDGER_{name}", ""))
        for name in ("DATABASE_URL", "WEB_DATABASE_URL", "ADMIN_DATABASE_URL")
    )
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        web_database_url=web_url or (database_url and login_url(database_url, "web", secret)),
        admin_database_url=admin_url or (database_url and login_url(database_url, "admin", secret)),
        redis_url=_redis_url(env.get("CAMLEDGER_REDIS_URL", "")),
        secret=secret,
        public_url=public_url,
        secure_cookies=public_url.startswith("https://"),
        allowed_hosts=_hosts(env.get("CAMLEDGER_ALLOWED_HOSTS", "")),
        log_json=_choice(env, "CAMLEDGER_LOG", "text", "json"),
        test_clock=parse_test_clock(env.get("CAMLEDGER_TEST_CLOCK", "")),
        allow_private_addresses=_choice(env, "CAMLEDGER_ALLOW_PRIVATE_ADDRESSES", "0", "1"),
        trusted_watchers=_trusted(env.get("CAMLEDGER_TRUSTED_WATCHERS", "")),
        mail_server=_mail_server(env, public_url),
        backup_dir=_backup_dir(env.get("CAMLEDGER_BACKUP_DIR", "")),
        backup_days=_backup_days(env.get("CAMLEDGER_BACKUP_DAYS", "")),
        backup_passphrase=_backup_passphrase(env.get("CAMLEDGER_BACKUP_PASSPHRASE", "")),
        stripe_url=_site("CAMLEDGER_STRIPE_URL", env.get("CAMLEDGER_STRIPE_URL") or STRIPE_URL),
        encryption_keys=_keys(env.get("CAMLEDGER_ENCRYPTION_KEYS", "")),
    )


def _data_dir(text: str) -> Path:
    if not text.isprintable() or not text.strip():
        raise SettingsError("CAMLEDGER_DATA_DIR must be the path of a folder, in UTF-8.")
    return Path(os.path.realpath(text))


def _backup_dir(text: str) -> Path | None:
    if not text:
        return None
    if text.isprintable() and Path(text).is_absolute():
        return Path(text)
    raise SettingsError("CAMLEDGER_BACKUP_DIR must be the whole path of a folder, in UTF-8.")


def _backup_passphrase(text: str) -> str:
    if text and not text.isprintable():
        raise SettingsError("CAMLEDGER_BACKUP_PASSPHRASE must have no control character.")
    return text


def _backup_days(text: str) -> int:
    if not text:
        return BACKUP_DAYS_DEFAULT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= BACKUP_DAYS_MAX):
        message = f'CAMLEDGER_BACKUP_DAYS must be from 1 to {BACKUP_DAYS_MAX}, not "{shown(text)}".'
        raise SettingsError(message)
    return int(text)


def _secret(text: str) -> str:
    if len(text) < SECRET_LENGTH_MIN or not text.isprintable():
        message = (
            f"CAMLEDGER_SECRET must have {SECRET_LENGTH_MIN} characters or more, none of which is a"
            " control character."
        )
        raise SettingsError(message)
    return text


def _keys(text: str) -> tuple[str, ...]:
    """Texts of any length, between commas. They are never repeated."""
    keys = tuple(filter(None, text.split(",")))
    if not all(key.isprintable() and key.strip() for key in keys):
        message = "CAMLEDGER_ENCRYPTION_KEYS must be keys of visible characters, between commas."
        raise SettingsError(message)
    return keys


def _choice(env: Mapping[str, str], name: str, usual: str, other: str) -> bool:
    """Whether a setting of two words has the other one; not set it is the usual one."""
    text = env.get(name) or usual
    if text not in {usual, other}:
        raise SettingsError(f'{name} must be {usual} or {other}, not "{shown(text)}".')
    return text == other


def _site(name: str, text: str) -> str:
    """Scheme, host and port, without the last slash: links are made of it, cookies rest on it."""
    parts = _address(text)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not is_host(parts.hostname or "")
        or parts.path.rstrip("/")
        or "@" in parts.netloc
        or set("?#") & set(text)
    ):
        message = (
            f"{name} must be http:// or https:// with a host and perhaps a port, and nothing after"
            " them, like https://billing.example.org."
        )
        raise SettingsError(message)
    return text.rstrip("/")


def _database_url(name: str, text: str) -> str:
    """An address of PostgreSQL, of several hosts or of a socket, too. It is never repeated."""
    try:
        parts = urlsplit(text)
        hosts = [urlsplit(f"//{one}") for one in parts.netloc.rpartition("@")[2].split(",")]
        is_one = parts.scheme in _POSTGRESQL and all(host.port != 0 for host in hosts)
    except ValueError:
        is_one = False
    if text and not (is_one and _is_clean(text) and unquote(text).isprintable()):
        message = f"{name} must be like postgresql://user:password@host:5432/database."
        raise SettingsError(message)
    return text


def _redis_url(text: str) -> str:
    """An address of Redis or of its socket. It is never repeated: a password may be in it."""
    parts = _address(text)
    is_server = (
        parts is not None
        and parts.scheme in {"redis", "rediss"}
        and parts.hostname
        and _REDIS_DATABASE.fullmatch(parts.path)
    )
    is_socket = parts is not None and parts.scheme == "unix" and parts.path.strip("/")
    database = parse_qs(parts.query).get("db", ["0"])[0] if parts else ""
    if text and not ((is_server or is_socket) and _REDIS_DATABASE.fullmatch(database)):
        message = "CAMLEDGER_REDIS_URL must be like redis://host:6379/0, rediss:// or unix:///path."
        raise SettingsError(message)
    return text


def _mail_server(env: Mapping[str, str], public_url: str) -> MailServer | None:
    """The mail server, and the address that mail comes from. A password is never repeated."""
    text, given = env.get("CAMLEDGER_SMTP_URL", ""), env.get("CAMLEDGER_SMTP_SENDER", "")
    sender = normal(given) if given else sender_of(urlsplit(public_url).hostname or "")
    if sender is None:
        message = (
            "CAMLEDGER_SMTP_SENDER must be an e-mail address like billing@example.org, not"
            f' "{shown(given)}".'
        )
        raise SettingsError(message)
    if not text:
        return None
    server = server_of(text, sender) if _is_clean(text) else None
    if server is None:
        message = (
            "CAMLEDGER_SMTP_URL must be like starttls://user:password@mail.example.org:587,"
            " smtps://user:password@mail.example.org or smtp://mail.example.org:25; smtp:// takes"
            " no password except on this machine."
        )
        raise SettingsError(message)
    return server


def _hosts(text: str) -> tuple[str, ...]:
    """Names of hosts, without ports: "example.org, [::1]", or "*". Raises SettingsError."""
    names = tuple(filter(None, map(str.strip, text.split(","))))
    for name in names:
        if name != "*" and not is_host(name[1:-1] if name[:1] + name[-1:] == "[]" else name):
            message = (
                "CAMLEDGER_ALLOWED_HOSTS has host names like billing.example.org, without scheme"
                f' and port, or *; not "{shown(name)}".'
            )
            raise SettingsError(message)
    return names


def _address(text: str) -> SplitResult | None:
    """The parts of an address whose port is one; None when it cannot be read."""
    try:
        parts = urlsplit(text)
        return parts if _is_clean(text) and parts.port != 0 else None
    except ValueError:
        return None


def _is_clean(text: str) -> bool:
    return text.isprintable() and " " not in text


def _trusted(text: str) -> frozenset[tuple[str, str]]:
    """Clouds with hosts and ports: "north=http://10.0.0.5" is ("north", "10.0.0.5:80").

    Raises SettingsError, also for an address without a cloud: it would be open to all of them.
    """
    found = set()
    for entry in filter(None, map(str.strip, text.split(","))):
        cloud, equals, address = (part.strip() for part in entry.partition("="))
        parts = _address(address)
        scheme, host = (parts.scheme, parts.hostname or "") if parts else ("", "")
        port = parts.port if parts else None
        is_cloud = cloud == "*" or is_slug(cloud)
        if not (is_cloud and equals and is_host(host)) or scheme not in {"http", "https"}:
            message = (
                "CAMLEDGER_TRUSTED_WATCHERS has entries like north=http://10.0.0.5:8080, a cloud"
                " and the address that its connections may lead to (*=… is for every cloud), not"
                f' "{shown(entry)}".'
            )
            raise SettingsError(message)
        found.add((cloud, f"{host.rstrip('.')}:{port or (443 if scheme == 'https' else 80)}"))
    return frozenset(found)


def parse_test_clock(text: str) -> datetime | None:
    """A time such as 2026-01-01T00:00:00Z; without an offset, it is UTC. Raises SettingsError."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        if FIRST <= moment < LAST:
            return moment.astimezone(UTC)
    except ValueError:
        pass  # no time at all is refused in the same words
    message = (
        f"CAMLEDGER_TEST_CLOCK must be a time of {FIRST.year} to {LAST.year} like"
        f' 2026-01-01T00:00:00Z, not "{shown(text)}".'
    )
    raise SettingsError(message)


def secret_of(data_dir: Path) -> str:
    """The secret of a data directory, made when it is missing. Raises DataDirectoryError."""
    try:
        return secret_in(data_dir)
    except OSError as error:
        message = f"Cannot use the data directory {data_dir}: {error.strerror}."
        raise DataDirectoryError(message) from error
    except UnicodeDecodeError as error:
        message = f"The secret in the data directory {data_dir} is not what was written there."
        raise DataDirectoryError(message) from error


def database_name(database_url: str) -> str:
    """The database that an address leads to; without one it is the user's name, as in libpq."""
    parts = urlsplit(database_url)
    query = dict(parse_qsl(parts.query))
    path = unquote(parts.path.removeprefix("/"))
    user = unquote(parts.username or "") or query.get("user", "")
    return path or query.get("dbname") or user or "postgres"


def login_name(database: str, kind: str) -> str:
    """The login role of a database: `books_web_login`; too long a name is cut and hashed."""
    name = f"{database}_{kind}_login"
    if len(name.encode()) <= IDENTIFIER_LENGTH_MAX:
        return name
    digest = hashlib.sha256(database.encode()).hexdigest()[:8]
    kept = database.encode()[:40].decode(errors="ignore")
    return f"{kept}_{digest}_{kind}_login"


def login_url(database_url: str, kind: str, secret: str) -> str:
    """The same database for its login role `web` or `admin`."""
    parts = urlsplit(database_url)
    name = login_name(database_name(database_url), kind)
    host = parts.netloc.rpartition("@")[2]
    query = [
        (key, value)
        for key, value in parse_qsl(parts.query)
        if key not in {"user", "password", "passfile", "dbname"}
    ]
    return parts._replace(
        netloc=f"{quote(name, safe='')}:{login_password(name, secret)}@{host}",
        path=f"/{quote(database_name(database_url), safe='')}",
        query=urlencode(query, safe="/"),
    ).geturl()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return load()
