"""Secrets at rest: encrypted with a key that can be changed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from portal import ports
from portal.crypto.keys import key_for
from portal.errors import Conflict
from portal.words import _

_NO_KEY: Final = _(
    "The credentials cannot be read with this installation's encryption keys:"
    " put back the key they were stored with, or enter them again."
)


class Vault(ports.Vault):
    """Encrypts with the first key and decrypts with any: put a new key in front to change keys.

    `keys` are texts of any length; what encrypts is made of them for this purpose alone.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            message = "a vault has a key"
            raise ValueError(message)
        fernets = [Fernet(base64.urlsafe_b64encode(key_for(key, "vault"))) for key in keys]
        # What was stored before the keys were made by HKDF opens too; `rekey` brings it forward.
        earlier = [Fernet(_earlier_key(key)) for key in keys]
        self._first, self._keys = fernets[0], MultiFernet([*fernets, *earlier])

    def lock(self, secrets: dict[str, str]) -> bytes:
        """Named secrets as bytes that say nothing."""
        return self._keys.encrypt(json.dumps(secrets).encode())

    def open(self, locked: bytes) -> dict[str, str]:
        """The secrets again. Raises `Conflict` when no key fits."""
        try:
            found: dict[str, str] = json.loads(self._keys.decrypt(locked))
        except InvalidToken as error:
            raise Conflict(_NO_KEY) from error
        return found

    def relock(self, locked: bytes) -> bytes:
        """The same secrets under the first key. Raises `Conflict` when no key fits."""
        try:
            return self._keys.rotate(locked)
        except InvalidToken as error:
            raise Conflict(_NO_KEY) from error

    def is_current(self, locked: bytes) -> bool:
        """Whether the first key opens it, so that no other one is needed."""
        try:
            self._first.decrypt(locked)
        except InvalidToken:
            return False
        return True


def _earlier_key(text: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"camledger vault {text}".encode()).digest())
