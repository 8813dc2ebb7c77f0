"""Where an installation's mail server is, read from one address; and what a host's name can be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from portal.values.address import normal

Security = Literal["tls", "starttls", "offered"]

_SCHEMES: Final[dict[str, tuple[Security, int]]] = {
    "smtp": ("offered", 25),
    "starttls": ("starttls", 587),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
HOST_LENGTH_MAX: Final = 253
_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LOCAL: Final = "localhost"


@dataclass(frozen=True, slots=True)
class MailServer:
    """How the server is spoken to, and the address that mail comes from.

    "tls" from the first byte; "starttls" before anything else, and never without it; "offered": by
    STARTTLS where the server has it, unchecked, as servers speak among each other.
    """

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def server_of(text: str, sender: str) -> MailServer | None:
    """The server that an address like "starttls://user:password@mail.example.org" names.

    None where it cannot be meant. A password goes over checked TLS, or stays within this machine.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if (
        parts.scheme not in _SCHEMES
        or not is_host(host)
        or port == 0
        or parts.path.strip("/")
        or set("?#") & set(text)
        or bool(user) != bool(password)
        or not (user + password).isprintable()
    ):
        return None
    security, usual = _SCHEMES[parts.scheme]
    if password and security == "offered" and not is_loopback(host):
        return None
    return MailServer(host, port or usual, security, sender, user, password)


def sender_of(public_host: str) -> str:
    """The address that mail comes from where no other is set: of the installation's own name."""
    found = normal(f"camledger@{public_host}")
    return found if found and not _is_ip(public_host) else f"camledger@{_LOCAL}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return host == _LOCAL or (_is_ip(host) and ip_address(host).is_loopback)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """Whether this can be the name or the IP address of a host: its letters are ASCII there."""
    if ":" in text:
        try:
            return bool(IPv6Address(text))
        except ValueError:
            return False
    labels = text.removesuffix(".").split(".")
    return len(text) <= HOST_LENGTH_MAX and all(map(_LABEL.fullmatch, labels))
