"""The installation's one secret, and the keys that are made of it: one for each purpose.

Nothing is signed or encrypted with the secret itself, and no key says anything of another one: who
learns the password of a database's login, say, can still make no token of a form.
"""

from __future__ import annotations

from typing import Final, Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Purpose = Literal["audit", "demo password", "devices", "forms", "installation", "payers", "vault"]
"""What an installation has a key for; passwords of the database's logins have their own names."""

KEY_BYTES: Final = 32
_SALT: Final = b"camledger"


def key_for(secret: str, purpose: Purpose) -> bytes:
    """The 32 bytes for one purpose: the same on every machine that knows the secret."""
    return _derived(secret, f"key: {purpose}")


def login_password(name: str, secret: str) -> str:
    """The password of a database's login role: every machine that knows the secret can make it."""
    return _derived(secret, f"database login: {name}").hex()


def _derived(secret: str, label: str) -> bytes:
    """HKDF (RFC 5869) with SHA-256; the label tells the purposes apart."""
    return HKDF(SHA256(), KEY_BYTES, salt=_SALT, info=label.encode()).derive(secret.encode())
