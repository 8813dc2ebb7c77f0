"""Guessing at passwords: guessers are held up, the person whose address it is goes on."""

from __future__ import annotations

import asyncio

import pytest

from portal.accounts.actions.throttle import (
    FAILURES_A_DEVICE,
    FAILURES_A_NETWORK,
    FAILURES_A_PLACE,
    FAILURES_A_SITE,
    FAILURES_A_SITES_PLACE,
    FAILURES_AN_ADDRESS,
    digest_of,
    network_of,
    of_stranger,
    site_of,
    wait_of,
    with_keys,
)
from tests.cast import ADA, REX, SUE
from tests.routes.conftest import STARTED, Site, Visitor

ELSEWHERE = "198.51.100.4"
SPELLINGS = (
    "sue@home.test", "SUE@HOME.TEST", "\u017fue@home.test", "s\u200bue@home.test", "sue@home.test.",
    "\uff53\uff55\uff45@\uff48\uff4f\uff4d\uff45.test", " sue@home.test ", "sue@home\u3002test",
    "sue\u00ad@home.test", "sue@\u2060home.test",
)  # fmt: skip


async def _guess(visitor: Visitor, email: str, times: int) -> list[int]:
    return [(await visitor.sign_in(email, f"wrong {n}")).status_code for n in range(times)]


async def _counted(site: Site, subject: str, rows: int) -> None:
    await site.rows(
        "insert into sign_in_attempt (subject, at) select $1, $2 from generate_series(1, $3)",
        subject,
        STARTED,
        rows,
    )


async def test_ten_tries_of_a_stranger_hold_up_the_stranger_alone(site: Site) -> None:
    outsider = await site.visitor()
    assert await _guess(outsider, SUE.name, FAILURES_A_PLACE) == [422] * FAILURES_A_PLACE
    blocked = await outsider.sign_in(SUE)
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["retry-after"]) <= 15 * 60
    assert "Too many attempts to sign in. Try again in 15 minutes." in blocked.text
    neighbour = await site.visitor("203.0.113.250")
    assert (await neighbour.sign_in(SUE)).status_code == 429, "the network is one guest"
    assert (await neighbour.sign_in(REX)).status_code == 303, "others are not held up"
    assert (await (await site.visitor(ELSEWHERE)).sign_in(SUE)).status_code == 303
    site.clock.forward(minutes=15, seconds=1)
    assert (await outsider.sign_in(SUE)).status_code == 303


async def test_no_spelling_of_an_address_is_another_person(site: Site) -> None:
    outsider = await site.visitor()
    for spelling in SPELLINGS:
        assert (await outsider.sign_in(spelling, "wrong")).status_code == 422
    for spelling in SPELLINGS:
        assert (await outsider.sign_in(spelling)).status_code == 429, ascii(spelling)
    for spelling in SPELLINGS:
        elsewhere = await site.visitor(ELSEWHERE)
        assert (await elsewhere.sign_in(spelling)).status_code == 303, ascii(spelling)


@pytest.mark.parametrize("spelling", ["ad\u0130a@x.test", "ad\u0131a@x.test", "adi\u0307a@x.test"])
def test_turkish_letters_pass_nothing_by(spelling: str) -> None:
    assert digest_of(spelling) == digest_of("adia@x.test")


async def test_a_botnet_is_stopped_and_known_devices_go_on(site: Site) -> None:
    home = await site.enters(SUE)
    await home.post("/logout")
    await _counted(site, f"address:{digest_of(SUE.name)}", FAILURES_AN_ADDRESS)
    outsider = await site.visitor(ELSEWHERE)
    assert (await outsider.sign_in(SUE)).status_code == 429
    assert (await outsider.sign_in(REX)).status_code == 303
    assert (await home.sign_in(SUE, "a slip")).status_code == 422
    assert (await home.sign_in(SUE)).status_code == 303, "the browser is known as Sue's"


async def test_a_known_device_goes_on_beside_a_guesser_of_its_network(site: Site) -> None:
    home = await site.enters(SUE)
    await home.post("/logout")
    await _counted(site, "network:203.0.113.0/24", FAILURES_A_NETWORK)
    assert (await (await site.visitor()).sign_in(SUE)).status_code == 429
    assert (await home.sign_in(SUE)).status_code == 303


async def test_a_device_is_known_as_its_own_persons_only(site: Site) -> None:
    home = await site.enters(REX)
    await home.post("/logout")
    await _counted(site, f"address:{digest_of(SUE.name)}", FAILURES_AN_ADDRESS)
    assert (await home.sign_in(SUE)).status_code == 429
    device = home.client.cookies["__Host-device"]
    home.client.cookies.set(
        "__Host-device", device.replace(f"{REX.user}.", f"{SUE.user}.", 1), domain="portal.test"
    )
    assert (await home.sign_in(SUE)).status_code == 429, "the mark is signed"


async def test_a_stolen_device_does_not_guess_for_ever(site: Site) -> None:
    home = await site.enters(SUE)
    await home.post("/logout")
    assert await _guess(home, SUE.name, FAILURES_A_DEVICE) == [422] * FAILURES_A_DEVICE
    assert (await home.sign_in(SUE)).status_code == 429
    assert (await (await site.visitor(ELSEWHERE)).sign_in(SUE)).status_code == 303


async def test_success_forgives_what_failed_there_before(site: Site) -> None:
    visitor = await site.visitor()
    await _guess(visitor, SUE.name, FAILURES_A_PLACE - 1)
    assert (await visitor.sign_in(SUE)).status_code == 303
    assert await site.rows("select 1 from sign_in_attempt where subject like 'place:%'") == []


async def test_tries_at_once_are_counted_one_by_one(site: Site) -> None:
    visitor = await site.visitor()
    await visitor.get("/login")
    answers = await asyncio.gather(
        *(visitor.sign_in(SUE, f"wrong {number}") for number in range(FAILURES_A_PLACE + 5))
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [422] * FAILURES_A_PLACE + [429] * 5


async def test_one_network_guessing_at_many_people_is_stopped(site: Site) -> None:
    await _counted(site, f"network:{network_of('2001:db8::1')}", FAILURES_A_NETWORK - 1)
    visitor = await site.visitor("2001:db8::2")
    assert (await visitor.sign_in("a@b.test")).status_code == 422
    neighbour = await site.visitor("2001:db8::ffff:1")
    assert (await neighbour.sign_in(SUE)).status_code == 429
    other = await site.visitor("2001:db8:0:1::1")
    assert (await other.sign_in(SUE)).status_code == 303


async def test_the_networks_of_a_site_together_do_not_fill_what_an_address_has(site: Site) -> None:
    """A /48 has 65 536 networks: its guesser is held up before the person on a new device is."""
    for number in range(FAILURES_A_SITES_PLACE):
        guesser = await site.visitor(f"2001:db8:7:{number:x}::1")
        assert (await guesser.sign_in(SUE, "wrong")).status_code == 422
    for network in ("2001:db8:7:ffff::1", "2001:db8:7::1"):
        assert (await (await site.visitor(network)).sign_in(SUE)).status_code == 429
    counted = await site.rows("select 1 from sign_in_attempt where subject like 'address:%'")
    assert len(counted) == FAILURES_A_SITES_PLACE < FAILURES_AN_ADDRESS
    assert (await (await site.visitor("2001:db8:8::1")).sign_in(SUE)).status_code == 303
    assert (await (await site.visitor("2001:db8:7::1")).sign_in(REX)).status_code == 303


async def test_the_networks_of_a_site_do_not_guess_at_everybody(site: Site) -> None:
    await _counted(site, "site:2001:db8:7::/48", FAILURES_A_SITE)
    assert (await (await site.visitor("2001:db8:7:9::1")).sign_in(REX)).status_code == 429
    assert (await (await site.visitor("2001:db8:8:9::1")).sign_in(REX)).status_code == 303


def test_tries_take_their_limits_in_one_order() -> None:
    """Two tries that share some of their limits never wait for each other crosswise."""
    order = ["network", "site", "place", "site-place", "address", "keys", "site-keys"]
    for address in ("203.0.113.7", "2001:db8:7::1", "nowhere"):
        for limits in (of_stranger("sue@home.test", address), with_keys(address)):
            kinds = [order.index(limit.subject.partition(":")[0]) for limit in limits]
            assert kinds == sorted(kinds)
            assert any("site" in limit.subject for limit in limits) == (":" in address)


async def test_a_throttled_address_says_nothing_of_whether_it_is_somebodys(site: Site) -> None:
    told = []
    for email in (SUE.name, "nobody@home.test"):
        visitor = await site.visitor()
        statuses = await _guess(visitor, email, FAILURES_A_PLACE + 1)
        answer = await visitor.sign_in(email)
        told.append((statuses, answer.status_code, answer.text.count("Too many attempts")))
    assert told[0] == told[1]


async def test_a_flood_leaves_a_bounded_number_of_rows(site: Site) -> None:
    visitor = await site.visitor()
    await _guess(visitor, ADA.name, FAILURES_A_PLACE * 3)
    ((rows,),) = await site.rows("select count(*) from sign_in_attempt")
    assert rows == FAILURES_A_PLACE * 3, "three counters, none beyond its bound"


async def test_what_is_typed_for_an_address_is_not_kept(site: Site) -> None:
    visitor = await site.visitor()
    await visitor.sign_in("my secret password")
    kept = [row[0] for row in await site.rows("select subject from sign_in_attempt")]
    kept += [row[0] for row in await site.rows("select a::text from audit a")]
    assert len(kept) == 4
    assert not any("secret" in text for text in kept)


def test_the_wait_is_until_the_oldest_of_the_last_is_old_enough() -> None:
    assert wait_of([STARTED] * 9, 10, STARTED) == 0
    assert wait_of([STARTED] * 10, 10, STARTED) == 15 * 60


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_is_one_guest(address: str, network: str) -> None:
    assert network_of(address) == network
    assert site_of(address) == SITES.get(address)


SITES = {"2001:db8:1:2:3::4": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48"}
