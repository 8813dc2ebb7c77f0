"""Which addresses may be called, and calling exactly the one that was looked at.

A cloud's administrator types in an address that the installation then calls from inside its own
network. So a name is resolved here, every address it has is checked, and the connection goes to the
checked one: a name that answers differently a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import httpx

from portal.ports import WatcherAddresses
from portal.values.watcher import AddressRefused, Unreachable
from portal.waiting import refuse_in_transaction
from portal.words import _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], Awaitable[list[str]]]

LOOKUP_SECONDS_MAX: Final = 10
# Threads of their own: names that nobody answers for take none of those that passwords need.
_RESOLVERS: Final = ThreadPoolExecutor(max_workers=16, thread_name_prefix="lookup")
URL_LENGTH_MAX: Final = 500

# Never anybody's server, whatever the installation allows.
_NOWHERE: Final = (
    *("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/128", "ff00::/8", "100::/64"),
    # Link-local, where machines in clouds tell their secrets: a trusted name may lead there, too.
    *("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"),
)
# Somebody's own network, or a way into one.
_PRIVATE: Final = (
    "10.0.0.0/8",
    "100.64.0.0/10",  # carriers' own
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",  # into 6to4
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "::/96",  # IPv4 written as IPv6, the old way; ::1 too
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",  # the same, translated
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",
    "2001::/23",  # Teredo and other protocols' own
    "2001:db8::/32",
    "2002::/16",  # 6to4
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fec0::/10",
)
_NOWHERE_NETWORKS: Final = tuple(ipaddress.ip_network(one) for one in _NOWHERE)
_PRIVATE_NETWORKS: Final = tuple(ipaddress.ip_network(one) for one in _PRIVATE)
# Their last 32 bits are the address that is called.
_TRANSLATED: Final = ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
_TRANSLATED_NETWORKS: Final = tuple(ipaddress.ip_network(one) for one in _TRANSLATED)


def is_permitted(address: Address, *, allow_private: bool) -> bool:
    """Whether an address may be called: only public ones, unless private ones are allowed."""
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        address = ipaddress.IPv6Address(int(address))
    if _is_in(address, _NOWHERE_NETWORKS) or _is_in(_called(address), _NOWHERE_NETWORKS):
        return False
    if allow_private:
        return True
    return not _is_in(address, _PRIVATE_NETWORKS) and address.is_global


def _called(address: Address) -> Address:
    """The IPv4 address that is called by an IPv6 one: by "::ffff:10.0.0.5" it is 10.0.0.5."""
    if _is_in(address, _TRANSLATED_NETWORKS):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_in(
    address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def checked_url(text: str) -> httpx.URL:
    """The address of a Watcher, without a slash at its end.

    Raises `AddressRefused` for anything but http or https, a host, perhaps a port and a path.
    """
    try:
        url = httpx.URL(text) if len(text) <= URL_LENGTH_MAX else None
        host = "" if url is None else url.host
    except (httpx.InvalidURL, ValueError):  # the second for "xn--a", which is no name in punycode
        url, host = None, ""
    # What no name of a host holds comes escaped: "ab c" is "ab%20c".
    if url is None or url.scheme not in {"http", "https"} or not host or "%" in host:
        raise AddressRefused(_('the address must be like "https://watcher.example.com"'))
    if url.userinfo or url.query or url.fragment:
        raise AddressRefused(
            _("the address must have no user, no question mark and no number sign")
        )
    if url.port is not None and not 0 < url.port < 65_536:
        raise AddressRefused(_("the port of the address must be from 1 to 65535"))
    return url.copy_with(path=url.path.rstrip("/") or "/")


def is_same_origin(one: str, other: str) -> bool:
    """Whether two addresses are the same server's: the same scheme, host and port.

    "https://watcher.example.com/a" and "https://watcher.example.com:443/b" are; with http instead
    of https, or with a dot behind the name, it is another one.
    """
    first, second = checked_url(one), checked_url(other)
    return (first.scheme, first.host, _port(first)) == (second.scheme, second.host, _port(second))


def authority(host: str, port: int) -> str:
    """A host with its port, as trusted ones are named: "10.0.0.5:80"."""
    return f"{host.rstrip('.').lower()}:{port}"


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


Trusted = Collection[tuple[str, str]]
"""Single Watchers in the installation's own network: (cloud's slug, host with port)."""
EVERY_CLOUD: Final = "*"


def is_trusted(text: str, cloud: str, trusted: Trusted) -> bool:
    """Whether a connection of a cloud may lead to this address although it is a private one.

    What is trusted for one cloud is not for another, which would get at a neighbour's Watcher.
    """
    url = checked_url(text)
    place = authority(url.host, _port(url))
    return (cloud, place) in trusted or (EVERY_CLOUD, place) in trusted


class AddressRules(WatcherAddresses):
    """An installation's rules: private addresses are called where all may be, or trusted ones."""

    def __init__(self, *, allow_private: bool, trusted: Trusted = frozenset()) -> None:
        self._allow_private, self._trusted = allow_private, trusted

    def is_open(self, url: str, cloud: str) -> bool:
        """Whether a cloud's address may be a private one. Raises `AddressRefused` for none."""
        return self._allow_private or is_trusted(url, cloud, self._trusted)

    def refuse(self, url: str, cloud: str) -> None:
        refuse_address(url, allow_private=self.is_open(url, cloud))

    def refuse_open(self, url: str, cloud: str) -> None:
        self.refuse(url, cloud)
        if checked_url(url).scheme != "https" and not self._is_own_network(url, cloud):
            raise AddressRefused(_("the address must begin with https://"))

    def _is_own_network(self, url: str, cloud: str) -> bool:
        """Whether it is an address of this network by its number, or this machine, and may be."""
        if not self.is_open(url, cloud):
            return False
        try:
            refuse_address(url, allow_private=False)
        except AddressRefused:
            return True
        return False

    def is_same_origin(self, one: str, other: str) -> bool:
        return is_same_origin(one, other)


def refuse_address(text: str, *, allow_private: bool) -> None:
    """Raise `AddressRefused` for what can be told without resolving a name.

    That is what is no address at all, and a host that is written as a number ("127.1" and
    "0x7f000001" are 127.0.0.1) or called localhost. The rest is looked at whenever it is called.
    """
    url = checked_url(text)
    host = url.host.rstrip(".").lower()
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        local = host == "localhost" or host.endswith(".localhost")
        found = []
        if local and not allow_private:
            raise _not_public(host, _("this machine")) from None
    for entry in found:
        address = ipaddress.ip_address(entry[4][0])
        if not is_permitted(address, allow_private=allow_private):
            raise _not_public(url.host, str(address))


def _not_public(host: str, where: str) -> AddressRefused:
    return AddressRefused(
        _(
            "%(host)s is at %(where)s, which is not a public address; an installation that reads"
            " cameras of its own network allows that in its settings"
        )
        % {"host": host, "where": where}
    )


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, as this machine resolves it."""
    refuse_in_transaction("A name server")
    loop = asyncio.get_running_loop()
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await loop.run_in_executor(_RESOLVERS, ask)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Resolves a host once and keeps the answer for as long as it is used: one sync run."""

    def __init__(self, *, allow_private: bool, lookup: Lookup = look_up) -> None:
        self._allow_private = allow_private
        self._lookup = lookup
        self._pinned: dict[tuple[str, int], list[str]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to call for a host.

        Raises `AddressRefused` when one of them is not permitted, `Unreachable` when there is none.
        """
        if (host, port) not in self._pinned:
            self._pinned[host, port] = await self._checked(host, port)
        return self._pinned[host, port]

    async def _checked(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS_MAX):
                found = await self._lookup(host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Unreachable(
                _("the name %(host)s could not be resolved") % {"host": host}
            ) from error
        if not found:
            raise Unreachable(_("the name %(host)s has no address") % {"host": host})
        for text in found:
            address = ipaddress.ip_address(text)
            if not is_permitted(address, allow_private=self._allow_private):
                raise _not_public(host, text)
        return found


class PinnedTransport(httpx.AsyncBaseTransport):
    """Calls the address that the guard checked, under the name that was asked for."""

    def __init__(self, guard: Guard, inner: httpx.AsyncBaseTransport) -> None:
        self._guard = guard
        self._inner = inner
        self._turn = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to a checked address; after a failed connection to the next one."""
        host = request.url.host
        addresses = await self._guard.addresses(host, _port(request.url))
        address = addresses[self._turn % len(addresses)]
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            # The Host header still is the name, and so is the certificate's to check.
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        try:
            return await self._inner.handle_async_request(pinned)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self._turn += 1
            raise

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
