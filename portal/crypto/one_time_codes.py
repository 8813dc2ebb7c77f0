"""The second factor: codes of an authenticator app (RFC 6238), and codes for when it is lost."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from hmac import compare_digest
from typing import Final

import pyotp
import segno

ISSUER: Final = "Camledger"
STEP_SECONDS: Final = 30
STEPS_OFF: Final = 1
"""How many steps a telephone's clock may be wrong, either way."""
RECOVERY_CODES: Final = 10
RECOVERY_LENGTH: Final = 16
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Those that cannot be taken for another one: 16 of them are 79 bits."""

_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret() -> str:
    """A secret for an app, in base32: 160 bits."""
    return pyotp.random_base32(32)


def address_of(secret: str, email: str) -> str:
    """What an app reads: "otpauth://totp/…"."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture_of(address: str) -> str:
    """The address as a QR code: the text of a `data:` image."""
    return segno.make(address, error="m", micro=False).svg_data_uri(
        scale=4, border=4, dark="#000", light="#fff"
    )


def step_of(secret: str, code: str, now: datetime, *, after: int | None) -> int | None:
    """The 30-second step that `code` belongs to; None when it is not right at `now`.

    A code is good for once: steps up to `after`, the last one that was used, are not looked at.
    """
    digits = re.sub(r"[\s-]", "", code)
    if _CODE.fullmatch(digits) is None:
        return None
    app = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - STEPS_OFF, current + STEPS_OFF + 1):
        right = compare_digest(app.generate_otp(step), digits)
        if right and found is None and (after is None or step > after):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes like "abcd-efgh-jkmn-pqrs", each good for once."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(code: str) -> str | None:
    """What is stored of a recovery code, however it was typed; None for what cannot be one."""
    plain = re.sub(r"[\s-]", "", code).lower()
    if len(plain) != RECOVERY_LENGTH or not set(plain) <= set(LETTERS):
        return None
    return hashlib.sha256(plain.encode()).hexdigest()
