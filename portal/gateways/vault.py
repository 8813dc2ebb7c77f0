"""Secrets at rest: encrypted with a key that can be changed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from portal.errors import Conflict


class Vault:
    """Encrypts with the first key and decrypts with any: put a new key in front to change keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            message = "a vault has a key"
            raise ValueError(message)
        self._keys = MultiFernet([Fernet(_fernet_key(key)) for key in keys])

    def lock(self, secrets: dict[str, str]) -> bytes:
        """Named secrets as bytes that say nothing."""
        return self._keys.encrypt(json.dumps(secrets).encode())

    def open(self, locked: bytes) -> dict[str, str]:
        """The secrets again. Raises `Conflict` when no key fits."""
        try:
            found: dict[str, str] = json.loads(self._keys.decrypt(locked))
        except InvalidToken as error:
            raise Conflict(
                "The credentials cannot be read with this installation's encryption keys:"
                " put back the key they were stored with, or enter them again."
            ) from error
        return found

    def relock(self, locked: bytes) -> bytes:
        """The same secrets under the first key."""
        return self._keys.rotate(locked)


def _fernet_key(text: str) -> bytes:
    """Any passphrase as a Fernet key."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"camledger vault {text}".encode()).digest())
