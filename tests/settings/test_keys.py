"""The secret is nobody's key: each purpose has one of its own, and none leads to another."""

from __future__ import annotations

import base64
import hashlib
from typing import get_args

from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from portal.crypto.keys import KEY_BYTES, Purpose, key_for, login_password
from portal.gateways.vault import Vault
from portal.settings import load

SECRET = "0123456789abcdef" * 4
SECRETS = st.text(min_size=32, max_size=80)


def all_keys(secret: str) -> list[bytes]:
    """A key for every purpose, and the passwords of logins named like them."""
    purposes = get_args(Purpose)
    logins = [*purposes, "books_web_login", "books_admin_login"]
    return [
        *(key_for(secret, purpose) for purpose in purposes),
        *(bytes.fromhex(login_password(name, secret)) for name in logins),
    ]


@given(SECRETS, SECRETS)
def test_no_two_purposes_or_secrets_share_a_key(one: str, other: str) -> None:
    keys = all_keys(one) + (all_keys(other) if one != other else [])
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {KEY_BYTES}
    assert all(one.encode() not in (key, key.hex().encode()) for key in keys)
    assert all_keys(one) == all_keys(one), "the same on every machine"


def test_settings_give_the_keys_of_their_secret() -> None:
    found = load({"CAMLEDGER_SECRET": SECRET})
    assert found.key_for("audit") == key_for(SECRET, "audit")
    assert found.key_for("forms") == key_for(SECRET, "forms")


def test_credentials_stored_before_the_vault_had_a_derived_key_open_and_come_forward() -> None:
    earlier = hashlib.sha256(f"camledger vault {SECRET}".encode()).digest()
    stored = Fernet(base64.urlsafe_b64encode(earlier)).encrypt(b'{"password": "kept"}')
    vault = Vault([SECRET])
    assert vault.open(stored) == {"password": "kept"}
    assert not vault.is_current(stored)
    again = vault.relock(stored)
    assert vault.is_current(again)
    assert vault.open(again) == {"password": "kept"}
    derived = Fernet(base64.urlsafe_b64encode(key_for(SECRET, "vault")))
    assert derived.decrypt(again) == b'{"password": "kept"}'
