"""Addresses and hosts that the installation is told: each is one, or is refused by its name."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from portal import settings
from portal.data_directory import write_closed
from portal.settings import SettingsError, check, load

SECRET = {"CAMLEDGER_SECRET": "s" * 32}
BAD = {
    "CAMLEDGER_PUBLIC_URL": (
        *("http://", "https:///", "http://:8000", "ftp://north.test", "north.test", "http://a b"),
        *("https://north.test/portal", "https://nora:secret@north.test", "https://north.test?a=1"),
        *(
            "https://@north.test",
            "https://north.test#x",
            "https://north.test?",
            "https://nörth.test",
        ),
        *("http://north.test:0", "http://north.test:99999", "http://north.test:eighty"),
        *("http://[::1", "http://north..test", "http://north.test\x00", "http://north.test\n"),
    ),
    "CAMLEDGER_STRIPE_URL": ("http://", "ftp://north.test", "http://nora@h", "http://h/v1"),
    "CAMLEDGER_REDIS_URL": (
        *("redis://", "redis://:6379", "redis:6379", "localhost", "http://north.test", "unix://"),
        *("redis://north.test:99999", "redis://north.test:x", "redis://[::1", "rediss:///0"),
        *("redis://h/x", "redis://h/0/1", "redis://h?db=x", "redis://h/" + "9" * 30),
    ),
    "CAMLEDGER_ALLOWED_HOSTS": (
        *("https://north.test", "north.test:8000", "north.test/", "a b", "*.north.test", "@"),
        *("north.test,south.test:1", "[north", "::zz", "a" * 300, "north\x00"),
    ),
    "CAMLEDGER_TRUSTED_WATCHERS": (
        *("north=http://10.0.0.5:99999", "north=http://10.0.0.5:x", "north=http://10.0.0.5:-1"),
        *("north=http://[::1", "north=http://10.0.0.5:0", "north=http://", "http://10.0.0.5"),
        *("North=http://10.0.0.5", "n\u202eh=http://10.0.0.5", "north=http://a_b c", "**=http://h"),
    ),
    **dict.fromkeys(
        (
            "CAMLEDGER_DATABASE_URL",
            "CAMLEDGER_WEB_DATABASE_URL",
            "CAMLEDGER_ADMIN_DATABASE_URL",
        ),
        (
            *("books", "mysql://north.test/books", "//north.test/books", "postgresql://h:x/books"),
            *("postgresql://h:99999/books", "postgresql://[::1/books", "postgresql://a,h:0/books"),
            *("postgresql://h/bo oks", "postgresql://h/books\x00", "postgresql://h/books%00"),
        ),
    ),
    "CAMLEDGER_DATA_DIR": ("a\x00b", "\udcff", "a\nb", " ", "a\u202eb"),
    "CAMLEDGER_SECRET": ("s", "s" * 31, "s" * 32 + "\udcff", "s" * 32 + "\n"),
    "CAMLEDGER_SMTP_URL": (
        *("mail.north.test", "http://mail.north.test", "smtp://", "smtp://mail.north.test:x"),
        *("smtp://mail.north.test:0", "smtps://nora@mail.north.test", "smtp://a b", "\udcff"),
        *("smtp://nora:pw@mail.north.test", "smtps://mail.north.test/path", "smtp://h?x=1"),
        *("starttls://nora:p%0Aw@mail.north.test", "smtp://mail..test", "smtp://h:70000"),
    ),
    "CAMLEDGER_SMTP_SENDER": (
        *("billing", "a b@north.test", "Nora <nora@north.test>", "x@north.test\nBcc: y@z.test"),
        *("\x00", "\udcff", "@north.test"),
    ),
    "CAMLEDGER_ENCRYPTION_KEYS": ("new,\udcff", "\x00", "new, ,old", "new\n"),
    "CAMLEDGER_BACKUP_DIR": ("backups", "../backups", "\x00", "/a\nb", "\udcff"),
    "CAMLEDGER_BACKUP_DAYS": ("0", "-1", "3651", "9" * 30, "two", "1.5", "\x00", "\udcff"),
    "CAMLEDGER_BACKUP_PASSPHRASE": ("a\nb", "\x00", "\udcff"),
    "CAMLEDGER_LOG": ("JSON", "yes", " ", "\udcff"),
    "CAMLEDGER_ALLOW_PRIVATE_ADDRESSES": ("yes", "2", "true", " 1", "10" * 15),
    "CAMLEDGER_TEST_CLOCK": (
        *("now", "2026-02-30", "9" * 30, "0001-01-01T00:00:00+23:59", "1999-12-31T23:59:59Z"),
        *("2200-01-01", "\x00", "\udcff"),
    ),
}
GOOD = {
    "CAMLEDGER_STRIPE_URL": ("http://127.0.0.1:8091",),
    "CAMLEDGER_PUBLIC_URL": ("http://north.test", "https://north.test:8443/", "http://[::1]:8000"),
    "CAMLEDGER_REDIS_URL": ("redis://north.test", "rediss://:pw@north.test:1/2", "unix:///r.sock"),
    "CAMLEDGER_SMTP_URL": (
        *(
            "smtp://mail.north.test",
            "smtp://nora:pw@127.0.0.1:2525",
            "smtps://nora:p%40w@m.test:465",
        ),
        *("starttls://nora:pw@mail.north.test", "smtp+starttls://mail.north.test:587/"),
    ),
    "CAMLEDGER_SMTP_SENDER": ("billing@north.test",),
    "CAMLEDGER_ALLOWED_HOSTS": (
        "*",
        "north.test, south.test,[::1],::1,10.0.0.5",
        ",",
        "North.test.",
    ),
    "CAMLEDGER_DATABASE_URL": (
        *("postgresql://north:pw@north.test/books", "postgres:///books?host=/run/postgresql"),
        *("postgresql://nora@one.test:5432,two.test:5433/books", "postgresql://[::1]:5432/books"),
    ),
}


def is_refused(read: Callable[[dict[str, str]], object], name: str, value: str) -> bool:
    """Whether it is not read, and the refusal begins with its name."""
    try:
        read({name: value})
    except SettingsError as refused:
        return str(refused).startswith(f"{name} ")
    return False


def test_what_cannot_be_meant_is_refused_by_name() -> None:
    """Whoever starts the installation reads which variable is wrong, not a traceback."""
    tried = [(name, value) for name, values in BAD.items() for value in values]
    for read in (lambda found: load(SECRET | found), check):
        assert [one for one in tried if not is_refused(read, *one)] == []


def test_every_setting_is_tried() -> None:
    text = Path(settings.__file__).read_text()
    databases = {f"CAMLEDGER_{name}DATABASE_URL" for name in ("", "WEB_", "ADMIN_")}
    named = set(re.findall(r'"(CAMLEDGER_[A-Z_]*[A-Z])"', text)) | databases
    assert named == set(BAD)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in GOOD.items() for value in values]
)
def test_what_is_an_address_is_taken(name: str, value: str) -> None:
    """Sockets, several hosts and addresses of version 6 are addresses, too."""
    load(SECRET | {name: value})


def test_a_password_in_an_address_is_not_repeated() -> None:
    """A log keeps the message: it does not say what was in the address."""
    for name in (
        *("CAMLEDGER_DATABASE_URL", "CAMLEDGER_REDIS_URL", "CAMLEDGER_PUBLIC_URL"),
        "CAMLEDGER_SMTP_URL",
    ):
        with pytest.raises(SettingsError) as refused:
            load(SECRET | {name: "http://nora:hunter2@north.test:x/books"})
        assert "hunter2" not in str(refused.value)


def test_a_file_of_the_data_directory_is_its_owners_alone(tmp_path: Path) -> None:
    """Also where the umask lets others read, and where it was open before."""
    before = os.umask(0)
    try:
        for content in (b"first", b"again"):
            write_closed(tmp_path / "watcher.json", content)
            assert (tmp_path / "watcher.json").read_bytes() == content
            assert (tmp_path / "watcher.json").stat().st_mode & 0o777 == 0o600
            (tmp_path / "watcher.json").chmod(0o644)
    finally:
        os.umask(before)
