"""A Watcher that is slow, busy, broken or hostile: patience within limits, and nothing half read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from portal.demo.simulator import create_simulator
from portal.demo.simulator.faults import Fault
from portal.gateways.watcher import Limits, connect
from portal.values.watcher import (
    CredentialsRefused,
    Nonsense,
    RequestRefused,
    Unreachable,
    WatcherAccess,
    WatcherFailed,
)
from tests.gateways.watcher.watching import (
    ADDRESS,
    BY_KEY,
    BY_LOGIN,
    Meddling,
    Naps,
    fetched,
    simulation,
    watching,
)
from tests.patience import PATIENCE_SECONDS
from tests.simulator.watchers import NOON, NORTH, served

both = pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
CAMERAS = {"v2": "/v2/cameras", "v3": "/v3/streams"}


@both
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_what_passes_is_waited_for(connection: WatcherAccess, status: int) -> None:
    running = simulation()
    running.faults.arm(Fault(CAMERAS[connection.api], status=status, times=3))
    naps = Naps()
    found = await fetched(connection, naps=naps, limits=Limits(back_off_seconds=1))
    assert len(found) == 3
    assert len(naps.taken) == 3
    for number, nap in enumerate(naps.taken, 1):
        assert 2**number / 2 <= nap <= 2**number


@both
async def test_a_fault_on_the_second_page_neither_loses_nor_doubles(
    connection: WatcherAccess,
) -> None:
    running = simulation()
    match = CAMERAS[connection.api]
    running.faults.arm(Fault(match, status=500, times=2, after_page=1))
    running.faults.arm(Fault(match, truncate_body=True, times=1, after_page=3))
    assert len(await fetched(replace(connection, page_size=2))) == 3


@pytest.mark.parametrize(
    ("fault", "error", "word"),
    [
        ({"status": 500, "times": None}, Unreachable, "after 6 attempts"),
        ({"truncate_body": True, "times": None}, Unreachable, "cut off"),
        ({"status": 400}, RequestRefused, "a fault"),
        ({"status": 403}, CredentialsRefused, "403"),
        ({"status": 501}, RequestRefused, "501"),
        ({"status": 302}, RequestRefused, "redirect"),
    ],
)
@both
async def test_what_does_not_pass_fails_the_run(
    connection: WatcherAccess, fault: dict, error: type[WatcherFailed], word: str
) -> None:
    simulation().faults.arm(Fault(CAMERAS[connection.api], **fault))
    with pytest.raises(error) as failed:
        await fetched(connection)
    assert word in failed.value.message


async def test_a_server_that_asks_to_wait_is_obeyed_but_not_for_ever() -> None:
    running = simulation()
    naps = Naps()
    running.faults.arm(Fault("cameras", status=429, retry_after="7"))
    await fetched(BY_KEY, naps=naps, limits=Limits())
    assert 7 <= naps.taken[0] <= 8
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    running.faults.clear()
    running.faults.arm(Fault("cameras", status=503, retry_after=soon))
    naps = Naps()
    await fetched(BY_KEY, naps=naps, limits=Limits())
    assert 15 <= naps.taken[0] <= 21
    running.faults.clear()
    running.faults.arm(Fault("cameras", status=429, retry_after="86400"))
    with pytest.raises(Unreachable, match="86400 seconds"):
        await fetched(BY_KEY)


async def test_a_slow_answer_is_given_up_and_asked_for_again() -> None:
    running = simulation()
    running.faults.arm(Fault("cameras", delay_ms=3_600_000))
    naps = Naps()
    limits = Limits(attempts_max=1000, back_off_seconds=0.001, answer_seconds_max=0.2)
    found = await fetched(BY_KEY, naps=naps, limits=limits)
    assert len(found) == 3
    assert naps.taken, "it was not waited for, but asked again"


async def test_an_endless_answer_is_cut() -> None:
    simulation()
    with pytest.raises(Nonsense, match="1000 bytes"):
        await fetched(BY_KEY, limits=Limits(body_bytes_max=1000))


async def test_tokens_that_expire_in_the_middle_are_renewed() -> None:
    running = simulation()
    running.habits.access_token_uses = 1
    transport = Meddling()
    assert len(await fetched(replace(BY_LOGIN, page_size=2), transport)) == 3
    signed_in = [one for one in transport.requests if one.url.path.endswith("/login")]
    assert len(signed_in) == 2
    assert signed_in[0].headers["authorization"].startswith("Basic ")
    assert signed_in[1].headers["authorization"].startswith("Bearer ")


async def test_after_a_jump_of_the_clock_the_password_is_used_again() -> None:
    running = simulation()

    def month() -> None:
        running.clock.move(running.clock.now_ms() + 31 * 86_400_000)

    transport = Meddling({1: month})
    assert len(await fetched(replace(BY_LOGIN, page_size=2), transport)) == 3
    signed_in = [one for one in transport.requests if one.url.path.endswith("/login")]
    assert [one.headers["authorization"].split()[0] for one in signed_in] == [
        "Basic",
        "Bearer",
        "Basic",
    ]


async def test_tokens_that_are_never_good_are_not_tried_for_ever() -> None:
    simulation().faults.arm(Fault("/streams", status=401, times=None))
    transport = Meddling()
    with pytest.raises(CredentialsRefused):
        await fetched(BY_LOGIN, transport)
    assert len(transport.requests) < 12


async def test_many_requests_at_once_renew_a_token_once() -> None:
    running = simulation()
    for number in range(8):
        running.world.add_camera({"organization_id": 1, "preset_id": 7}, f"cam{number}")
    known = {f"cam{number}" for number in range(8)}
    transport = Meddling()
    async with watching(BY_LOGIN, transport) as watcher:
        assert len([one async for one in watcher.cameras()]) == 1
        for name in known:
            running.world.delete_camera(name)
        running.tokens.revoke("access")
        _ = [one async for one in watcher.cameras(known)]
    signed_in = [one for one in transport.requests if one.url.path.endswith("/login")]
    assert len(signed_in) == 2


async def test_wrong_credentials_are_said_and_not_repeated() -> None:
    simulation()
    for connection in (replace(BY_KEY, api_key="no"), replace(BY_LOGIN, password="no")):
        transport = Meddling()
        with pytest.raises(CredentialsRefused):
            await fetched(connection, transport)
        assert len(transport.requests) == 1
    for bad in ("ключ", "a\nb", "x" * 9000):
        with pytest.raises(CredentialsRefused):
            await fetched(replace(BY_KEY, api_key=bad))
    with pytest.raises(CredentialsRefused, match="login and a password"):
        await fetched(WatcherAccess("v3", ADDRESS, api_key="key"))
    with pytest.raises(CredentialsRefused, match="key, or a login"):
        await fetched(WatcherAccess("v2", ADDRESS))


def test_secrets_are_not_shown() -> None:
    shown = repr(BY_KEY)
    assert "north-key" not in shown
    assert "nora-password" not in shown


class Answering(httpx.AsyncBaseTransport):
    """Answers everything the same."""

    def __init__(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.response = (status, content, headers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        status, content, headers = self.response
        return httpx.Response(status, content=content, headers=headers)


@pytest.mark.parametrize(
    "content",
    [
        b'{"cameras": []}',
        b"[1, 2]",
        b"null",
        b'"text"',
        b'[{"title": "nameless"}]',
        b'{"streams": {}, "access_token": "t"}',
        b'{"streams": [7, 7], "access_token": "t"}',
        b'{"streams": [], "next": {}, "access_token": "t"}',
        b'{"access_token": 7}',
    ],
)
@both
async def test_answers_of_another_form_are_nonsense(
    connection: WatcherAccess, content: bytes
) -> None:
    with pytest.raises(Nonsense):
        await fetched(connection, Answering(content))


@pytest.mark.parametrize("content", [b"<html>", b"", b"[" * 100_000, b'{"a": NaN}', b"\xff"])
async def test_answers_that_are_not_json_are_tried_again_and_then_refused(content: bytes) -> None:
    with pytest.raises(WatcherFailed):
        await fetched(BY_KEY, Answering(content))


async def test_a_list_that_goes_round_is_nonsense() -> None:
    content = b'{"streams": [{"name": "gate"}], "next": "again", "access_token": "t"}'
    with pytest.raises(Nonsense, match="goes round"):
        await fetched(BY_LOGIN, Answering(content))


async def test_a_server_that_takes_no_notice_of_the_offset_is_not_asked_for_ever() -> None:
    transport = Answering(b'[{"name": "gate"}, {"name": "yard"}]')
    found = await asyncio.wait_for(fetched(BY_KEY, transport), PATIENCE_SECONDS)
    assert found.keys() == {"gate", "yard"}


async def test_what_a_hostile_server_says_is_short_and_on_one_line() -> None:
    content = b'{"error_message": "no\\n\\u001b[31m' + b"x" * 1000 + b'"}'
    with pytest.raises(RequestRefused) as failed:
        await fetched(BY_KEY, Answering(content, 400))
    assert failed.value.message.isprintable()
    assert len(failed.value.message) < 300


async def test_over_a_real_socket_a_broken_connection_is_made_again() -> None:
    app = create_simulator(NORTH, now=NOON)
    running = app.state["simulation"]
    async with served(app) as address:
        for connection, match in ((BY_KEY, "/v2/cameras"), (BY_LOGIN, "/v3/streams")):
            running.faults.clear()
            running.faults.arm(Fault(match, truncate_body="connection", times=2))
            async with connect(
                replace(connection, url=address),
                allow_private=True,
                limits=Limits(back_off_seconds=0.001),
            ) as watcher:
                found = [one async for batch in watcher.cameras() for one in batch]
            assert len(found) == 3


async def test_nobody_there_is_unreachable() -> None:
    async with connect(
        replace(BY_KEY, url="http://127.0.0.1:9"),
        allow_private=True,
        limits=Limits(attempts_max=2, back_off_seconds=0.001),
    ) as watcher:
        with pytest.raises(Unreachable):
            _ = [one async for one in watcher.cameras()]


async def test_a_path_before_the_api_is_kept() -> None:
    class Seeing(Answering):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(str(request.url))
            return await super().handle_async_request(request)

    seen: list[str] = []
    await fetched(replace(BY_KEY, url="https://watcher.test:8443/cloud/"), Seeing(b"[]"))
    assert seen[0].startswith(
        "https://127.0.0.1:8443/cloud/vsaas/api/v2/cameras?limit=200&offset=0"
    )
