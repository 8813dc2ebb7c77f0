"""Started by root, nothing that speaks with the outside is root, and a data directory is closed."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from portal.data_directory import close_to_others
from portal.embedded.process import Identity, launched, service_identity
from portal.privileges import identity_of_parts, may_read
from portal.settings import DataDirectoryError, secret_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
STATUS = ["/bin/cat", "/proc/self/status"]


def status_of(identity: Identity) -> dict[str, str]:
    text = subprocess.run(
        [*launched(identity), *STATUS], text=True, capture_output=True, check=True
    ).stdout
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


@as_root
@pytest.mark.parametrize(
    ("rights", "kept"), [("", 0), ("r", 1 << 2), ("b", 1 << 10), ("rb", 0x404)]
)
def test_of_roots_rights_only_those_asked_for_are_left(
    tmp_path: Path, rights: str, kept: int
) -> None:
    found = service_identity(tmp_path)
    assert found.uid not in {0, -1}
    status = status_of(Identity(found.uid, found.gid, rights))
    assert set(status["Uid"].split()) == {str(found.uid)}
    assert set(status["Gid"].split()) == {str(found.gid)}
    assert status["Groups"].split() == []
    for kind in ("CapEff", "CapPrm", "CapAmb"):
        assert int(status[kind], 16) == kept, kind
    assert status["NoNewPrivs"] == "1", "and nothing leads back"
    assert status["Umask"] == "0077"


@as_root
def test_the_right_to_read_is_kept_only_where_it_is_needed(tmp_path: Path) -> None:
    """Whether an interpreter in somebody's home may be run, no mode of our own file tells."""
    plain = identity_of_parts(tmp_path)
    assert plain.uid
    assert set(plain.rights) <= {"r"}
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    assert not may_read(plain, [secret]), "it is root's"
    assert "b" in identity_of_parts(tmp_path, port=80).rights
    assert "b" not in identity_of_parts(tmp_path, port=8000).rights


def modes(data_dir: Path) -> dict[str, int]:
    return {
        str(path.relative_to(data_dir)): stat.S_IMODE(path.lstat().st_mode)
        for path in [data_dir, *data_dir.rglob("*")]
    }


def test_a_data_directory_that_was_open_is_closed_at_the_next_start(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    for name in ("logs", "postgres", "mine"):
        (data_dir / name).mkdir(parents=True)
    for name in ("secret", "runtime.json", "lock", "watcher.json", "postgres/password", "mine/x"):
        (data_dir / name).write_text("s" * 40)
        (data_dir / name).chmod(0o644)
    (data_dir / "logs" / "postgres.log").write_text("")
    for folder in (data_dir, data_dir / "logs", data_dir / "postgres", data_dir / "mine"):
        folder.chmod(0o755)
    assert secret_of(data_dir) == "s" * 40
    assert modes(data_dir) == {
        ".": 0o700,
        "logs": 0o700,
        "logs/postgres.log": 0o600,
        "postgres": 0o700,
        "postgres/password": 0o600,
        **dict.fromkeys(("secret", "runtime.json", "lock", "watcher.json"), 0o600),
        "mine": 0o755,  # not ours
        "mine/x": 0o644,
    }


def test_a_new_secret_is_its_owners_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / "data"
    before = os.umask(0)
    try:
        made = secret_of(data_dir)
    finally:
        os.umask(before)
    assert len(made) == 64
    assert secret_of(data_dir) == made
    assert modes(data_dir) == {".": 0o700, "secret": 0o600}


def test_links_and_directories_of_many_are_left_as_they_are(tmp_path: Path) -> None:
    """Whoever may write into the directory cannot turn root's hand on another file."""
    other, shared = tmp_path / "other", tmp_path / "shared"
    other.write_text("somebody's")
    other.chmod(0o644)
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o755)
    (data_dir / "runtime.json").symlink_to(other)
    (data_dir / "lock").hardlink_to(other)
    close_to_others(data_dir)
    assert stat.S_IMODE(other.stat().st_mode) == 0o644
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    shared.mkdir()
    shared.chmod(0o1777)
    close_to_others(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    with pytest.raises(DataDirectoryError, match="data directory"):
        secret_of(other)


def test_a_directory_open_to_all_is_closed_so_that_its_postgresql_starts(tmp_path: Path) -> None:
    """PostgreSQL refuses a cluster that others may enter: a copy with 0777 all over comes up again."""
    cluster = tmp_path / "postgres" / "data"
    cluster.mkdir(parents=True)
    inside = cluster / "PG_VERSION"
    inside.write_text("18")
    for path in (tmp_path, tmp_path / "postgres", cluster, inside):
        path.chmod(0o777)
    close_to_others(tmp_path)
    for path in (tmp_path, tmp_path / "postgres", cluster):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    assert stat.S_IMODE(inside.stat().st_mode) == 0o777, "PostgreSQL's own, and out of reach"
