"""Only addresses that may be called are called, and exactly those that were looked at."""

from __future__ import annotations

import ipaddress

import httpx
import pytest

from portal.gateways.watcher import connect
from portal.gateways.watcher.address import (
    Guard,
    PinnedTransport,
    checked_url,
    is_permitted,
    is_same_origin,
    is_trusted,
)
from portal.values.watcher import AddressRefused, Unreachable, WatcherAccess, WatcherFailed

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
]
NOWHERE = [
    *("0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "ff02::1"),
    *("169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254"),
    *("::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:0:224.0.0.1", "64:ff9b::a9fe:a9fe"),
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1"]


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_address_is_called_only_where_that_is_allowed(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_permitted(address, allow_private=False)
    assert is_permitted(address, allow_private=True)


@pytest.mark.parametrize("text", NOWHERE)
def test_an_address_of_nobody_is_never_called(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_permitted(address, allow_private=False)
    assert not is_permitted(address, allow_private=True)


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_called(text: str) -> None:
    assert is_permitted(ipaddress.ip_address(text), allow_private=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "watcher.example.com",
        "ftp://watcher.example.com",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "https://user:password@watcher.example.com",
        "https://watcher.example.com/?a=1",
        "https://watcher.example.com/#a",
        "https://watcher.example.com:99999",
        "https://watcher.example.com:0",
        "https://" + "a" * 600,
        "https://wat\ncher.example.com",
    ],
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        checked_url(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://watcher.example.com", "https://watcher.example.com/"),
        ("http://watcher.example.com:8080/", "http://watcher.example.com:8080/"),
        ("https://watcher.example.com/cloud/", "https://watcher.example.com/cloud"),
        ("http://[2606:4700::1]:80", "http://[2606:4700::1]/"),
    ],
)
def test_an_address_is_taken_as_it_is(text: str, url: str) -> None:
    assert str(checked_url(text)) == url


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"],
)
async def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    """However it is written, the machine's own resolver says what it means."""
    async with connect(
        WatcherAccess("v2", f"http://{host}:9", api_key="k"), allow_private=False
    ) as one:
        with pytest.raises(WatcherFailed) as failed:
            _ = [batch async for batch in one.cameras()]
    assert isinstance(failed.value, AddressRefused | Unreachable)
    assert "attempts" not in failed.value.message


class Inner(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host == "93.184.216.99":
            raise httpx.ConnectError("nobody there")
        return httpx.Response(200, content=b"[]")


async def test_a_name_that_changes_its_mind_changes_nothing() -> None:
    """The first answer is public, every later one is this machine."""
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]

    async def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0)

    inner = Inner()
    transport = PinnedTransport(Guard(allow_private=False, lookup=rebinding), inner)
    async with httpx.AsyncClient(transport=transport) as client:
        for _ in range(3):
            await client.get("https://watcher.example.com/x")
    assert {one.url.host for one in inner.requests} == {"93.184.216.34"}
    assert {one.headers["host"] for one in inner.requests} == {"watcher.example.com"}
    assert {one.extensions["sni_hostname"] for one in inner.requests} == {"watcher.example.com"}
    assert len(answers) == 2


@pytest.mark.parametrize("found", [["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"]])
async def test_one_private_address_among_others_is_enough_to_refuse(found: list[str]) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return found

    guard = Guard(allow_private=False, lookup=lookup)
    with pytest.raises(AddressRefused, match="not a public address"):
        await guard.addresses("watcher.example.com", 443)


TRUSTED = frozenset({("north", "10.0.0.5:8080"), ("south", "watcher.lan:443"), ("*", "fd00::5:80")})


@pytest.mark.parametrize(
    ("cloud", "url", "may"),
    [
        ("north", "http://10.0.0.5:8080", True),
        ("north", "http://10.0.0.5:8080/below/it", True),
        ("south", "https://Watcher.LAN.", True),
        ("north", "http://[fd00::5]", True),
        ("south", "http://[fd00::5]/", True),
        ("south", "http://10.0.0.5:8080", False),
        ("north", "https://watcher.lan", False),
        ("north", "http://10.0.0.5", False),
        ("north", "http://10.0.0.5:8081", False),
        ("south", "http://watcher.lan", False),
        ("south", "http://[fd00::5]:8080", False),
        ("*", "http://10.0.0.5:8080", False),
        ("", "http://10.0.0.5:8080", False),
    ],
)
async def test_a_private_address_is_trusted_for_the_clouds_it_is_named_for(
    cloud: str, url: str, may: bool
) -> None:
    """Its port counts, and whose connection it is: a neighbour's Watcher is not within reach."""

    async def lookup(host: str, port: int) -> list[str]:
        return ["10.0.0.5"]

    assert is_trusted(url, cloud, TRUSTED) is may
    asked = Answering()
    watcher = connect(
        WatcherAccess("v2", url, api_key="k", cloud=cloud),
        allow_private=False,
        trusted=TRUSTED,
        lookup=lookup,
        transport=asked,
    )
    async with watcher as found:
        checks = await found.check()
    assert {check.ok for check in checks[:3]} == {may}
    assert bool(asked.hosts) is may


class Answering(httpx.AsyncBaseTransport):
    """Answers everything with an empty list, and remembers who was called."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.url.host)
        return httpx.Response(200, content=b"[]")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://watcher.example.com", "https://watcher.example.com/", True),
        ("https://watcher.example.com/a", "https://WATCHER.example.com:443/b/c", True),
        ("http://watcher.example.com:80", "http://watcher.example.com", True),
        ("http://watcher.example.com", "https://watcher.example.com", False),
        ("https://watcher.example.com", "http://watcher.example.com:443", False),
        ("https://watcher.example.com", "https://watcher.example.com:8443", False),
        ("https://watcher.example.com", "https://watcher.example.com.", False),
        ("https://watcher.example.com", "https://watcher.example.com.evil.net", False),
        ("https://watcher.example.com", "https://example.com", False),
        ("http://192.0.2.1", "http://192.0.2.2", False),
    ],
)
def test_a_server_is_its_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert is_same_origin(one, other) is same
    assert is_same_origin(other, one) is same


async def test_a_dead_address_leads_to_the_next_one() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["93.184.216.99", "2606:4700::1"]

    inner = Inner()
    transport = PinnedTransport(Guard(allow_private=False, lookup=lookup), inner)
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://watcher.example.com:8080/x")
        assert (await client.get("http://watcher.example.com:8080/x")).status_code == 200
    assert [str(one.url) for one in inner.requests] == [
        "http://93.184.216.99:8080/x",
        "http://[2606:4700::1]:8080/x",
    ]


async def test_a_name_without_an_address_is_unreachable() -> None:
    async def nothing(host: str, port: int) -> list[str]:
        return []

    async def failing(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for lookup in (nothing, failing):
        with pytest.raises(Unreachable, match=r"watcher\.example\.com"):
            await Guard(allow_private=True, lookup=lookup).addresses("watcher.example.com", 443)


@pytest.mark.parametrize(
    "url",
    [
        "https://ab c.example",
        "https://a%20b.example",
        "https://a<b.example",
        "https://xn--a.example",
    ],
)
def test_what_is_no_name_of_a_host_is_refused_when_it_is_entered(url: str) -> None:
    with pytest.raises(AddressRefused, match="must be like"):
        checked_url(url)
