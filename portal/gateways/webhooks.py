"""Sending events to operators' systems, signed as Standard Webhooks says.

Addresses are those that an administrator typed in: each is resolved and checked anew at every try,
and the checked one is called, as a Watcher is.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Final

import httpx
from standardwebhooks import Webhook

from portal.gateways.watcher.address import (
    AddressRules,
    Guard,
    Lookup,
    PinnedTransport,
    look_up,
)
from portal.gateways.watcher.client import certificates, retry_after
from portal.ports import SendWebhook
from portal.values.watcher import WatcherFailed
from portal.values.webhooks import ANSWER_BYTES_MAX, SECONDS_MAX, Answered, Outgoing
from portal.waiting import refuse_in_transaction
from portal.words import english

CONNECT_SECONDS: Final = 5.0


class WebhookSender(SendWebhook):
    """Sends with httpx; `rules` say which addresses may be called, `lookup` resolves names.

    `clock` is the machine's: receivers refuse what was signed more than minutes ago.
    """

    def __init__(
        self,
        rules: AddressRules,
        clock: Callable[[], datetime],
        *,
        lookup: Lookup = look_up,
        verify: ssl.SSLContext | None = None,
        seconds: float = SECONDS_MAX,
    ) -> None:
        self._rules, self._clock, self._lookup = rules, clock, lookup
        self._verify, self._seconds = verify, seconds

    async def __call__(self, hook: Outgoing, /) -> Answered:
        refuse_in_transaction("A webhook")
        try:
            async with asyncio.timeout(self._seconds):
                return await self._sent(hook)
        except WatcherFailed as error:
            return Answered(None, str(english(error.message)))
        except (httpx.HTTPError, OSError) as error:
            return Answered(None, str(error) or type(error).__name__)
        except TimeoutError:
            return Answered(None, f"no answer within {self._seconds:g} seconds")

    async def _sent(self, hook: Outgoing) -> Answered:
        self._rules.refuse_open(hook.url, hook.cloud)
        guard = Guard(allow_private=self._rules.is_open(hook.url, hook.cloud), lookup=self._lookup)
        inner = httpx.AsyncHTTPTransport(verify=self._verify or certificates(), trust_env=False)
        async with (
            httpx.AsyncClient(
                transport=PinnedTransport(guard, inner),
                timeout=httpx.Timeout(self._seconds, connect=CONNECT_SECONDS),
                follow_redirects=False,
                trust_env=False,
            ) as http,
            http.stream(
                "POST", hook.url, content=hook.body, headers=headers(hook, self._clock())
            ) as answer,
        ):
            begun = bytearray()
            async for piece in answer.aiter_raw(ANSWER_BYTES_MAX):
                begun += piece
                if len(begun) >= ANSWER_BYTES_MAX:
                    break
            text = bytes(begun[:ANSWER_BYTES_MAX]).decode(errors="replace")
            return Answered(answer.status_code, "", text.replace("\0", "?"), retry_after(answer))


def headers(hook: Outgoing, now: datetime) -> dict[str, str]:
    """What a receiver verifies with: one signature of each secret, the newest first."""
    body = hook.body.decode()
    signatures = [Webhook(secret).sign(hook.event, now, body) for secret in hook.secrets]
    return {
        "webhook-id": hook.event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "Camledger",
    }
