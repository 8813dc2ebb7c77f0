"""Private addresses are opened by the cloud, and never by an entry that forgets to say for whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.settings import SettingsError, load


def trusted(text: str, data_dir: Path) -> frozenset[tuple[str, str]]:
    environ = {"CAMLEDGER_DATA_DIR": str(data_dir), "CAMLEDGER_TRUSTED_WATCHERS": text}
    return load(environ).trusted_watchers


def test_an_entry_names_a_cloud_and_the_address_it_may_lead_to(tmp_path: Path) -> None:
    text = "north=http://10.0.0.5:8080, south = https://Watcher.LAN./below,*=http://[fd00::5],"
    assert trusted(text, tmp_path) == {
        ("north", "10.0.0.5:8080"),
        ("south", "watcher.lan:443"),
        ("*", "fd00::5:80"),
    }
    assert trusted("", tmp_path) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "http://10.0.0.5:8080",
        "=http://10.0.0.5:8080",
        "north=",
        "north",
        "north=10.0.0.5:8080",
        "north=ftp://10.0.0.5",
        "north=http://",
        "north=http://10.0.0.5:99999",
        "north=http://[fd00::5",
        "north=http://10.0.0.5,http://10.0.0.6",
    ],
)
def test_an_entry_without_a_cloud_or_an_address_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="north=http"):
        trusted(text, tmp_path)
